"""The models that an admin entered and someone else runs: where each is, with which key, and whether it answers."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence

import structlog

from dispatcher.core.addresses import Network, why_denied
from dispatcher.core.model import Engine, ModelSpec, RuntimeKind
from dispatcher.core.remote_url import origin_of
from dispatcher.core.replica import Endpoint, ReplicaState
from dispatcher.core.task import ModelId
from dispatcher.errors import InvalidRequest
from dispatcher.hosts.remote import RemoteHost
from dispatcher.runtimes.ollama import OllamaRuntime
from dispatcher.runtimes.remote_probe import RemoteProbe, Seen
from dispatcher.service.fleet import Fleet
from dispatcher.service.rate_limits import RateLimits
from dispatcher.service.registry import Registry
from dispatcher.store.remote_keys import RemoteKey

_LOG = structlog.get_logger(__name__)
_TICK_S = 1.0
_EVERY_S = 30.0  # how often a server is asked that nobody has asked meanwhile: some count every request
_DOUBTED_S = 5.0  # and how soon one is that has just hung up
_AT_START_S = 3.0  # no server that is silent holds up the start for longer
_UNASKED = "it hasn't been asked yet whether it answers"


class Remotes:
    """A model here is warm while its server answers and lets us in; nothing is loaded, and no memory of ours taken.

    Args:
        keys: the secrets, by model; each is used for the one origin it was entered for.
        ollama: the client that must know how its models were loaded before it asks them.
        networks: the private ones in which servers may be.
        now: the monotonic clock, in seconds.
    """

    def __init__(
        self,
        host: RemoteHost,
        probe: RemoteProbe,
        ollama: OllamaRuntime,
        registry: Registry,
        fleet: Fleet,
        limits: RateLimits,
        keys: Mapping[ModelId, RemoteKey],
        networks: Sequence[Network],
        now: Callable[[], float],
    ) -> None:
        self._host = host
        self._probe = probe
        self._ollama = ollama
        self._registry = registry
        self._fleet = fleet
        self._limits = limits
        self._keys = dict(keys)
        self._networks = networks
        self._now = now
        self._due_s: dict[ModelId, float] = {}
        self._asked_s: dict[ModelId, float] = {}

    async def take_up(self) -> None:
        """Place all models that were entered before, and ask how they do; call it before anything is dispatched."""
        for spec in self._entries():
            self._limits.set_limit(spec.id, spec.requests_per_minute)
            self._place(spec)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AT_START_S):
                await self.look()

    async def run(self) -> None:
        """Ask those whose time has come, each second, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(_TICK_S)

    async def look(self) -> None:
        """Ask every server that is due, all at once."""
        due = [spec for spec in self._entries() if self._now() >= self._due_s.get(spec.id, 0.0)]
        await asyncio.gather(*(self.look_at(spec) for spec in due))

    async def look_at(self, spec: ModelSpec) -> None:
        """Ask one model's server now, and take in what it says."""
        site = self._host.site(spec.id)
        if site is None:
            return
        self._asked_s[spec.id] = self._now()
        self._due_s[spec.id] = self._now() + _EVERY_S
        try:
            seen = await self._probe.look(site.endpoint, spec.runtime)
        except asyncio.CancelledError:  # whoever asked had no more time; the loop has
            self._due_s[spec.id] = self._now()
            raise
        after = self._host.site(spec.id)
        if after is not None and after.endpoint == site.endpoint:  # else it was changed meanwhile
            self._take_in(spec.id, seen)

    def check(self, spec: ModelSpec) -> None:
        """Refuse an entry that names an address nothing may be sent to; what a name leads to is looked at later.

        Raises: InvalidRequest.
        """
        host = origin_of(spec.url).host if spec.url else ""
        if (":" in host or host.replace(".", "").isdecimal()) and (no := why_denied(host, self._networks)) is not None:
            raise InvalidRequest(f"url: {no}")

    def key_for(self, spec: ModelSpec, given: str | None) -> RemoteKey | None:
        """The key a model has by a new entry: the given one, else the one it has, if that is for the same origin."""
        if not spec.url:
            return None
        origin, known = origin_of(spec.url), self._keys.get(spec.id)
        if given is not None:
            return RemoteKey(origin, given) if given else None
        return known if known is not None and known.origin == origin else None

    def has_key(self, model_id: ModelId) -> bool:
        """Whether a model has a key. The key itself is told to nobody but its server."""
        return model_id in self._keys

    def remark(self, model_id: ModelId) -> str | None:
        """What seems wrong with a model's server, though it may work."""
        site = self._host.site(model_id)
        return None if site is None else site.remark

    def entered(self, spec: ModelSpec, key: RemoteKey | None) -> None:
        """A model was entered, or changed."""
        self._drop(spec.id)
        if key is not None:
            self._keys[spec.id] = key
        self._limits.set_limit(spec.id, spec.requests_per_minute)
        if spec.url:
            self._place(spec)

    def removed(self, model_id: ModelId) -> None:
        """A model was removed; its key goes with it."""
        self._drop(model_id)
        self._limits.forget(model_id)

    def doubt(self, model_id: ModelId) -> None:
        """Its server hung up on a dispatch, or wasn't there: look soon, but not again and again."""
        if model_id in self._due_s:
            soon_s = self._asked_s.get(model_id, 0.0) + _DOUBTED_S
            self._due_s[model_id] = min(self._due_s[model_id], soon_s)

    def answered(self, model_id: ModelId) -> None:
        """It gave an answer: there is no need to ask how it does."""
        if model_id in self._due_s and self._host.why_not(model_id) is None:
            self._due_s[model_id] = self._now() + _EVERY_S

    def _drop(self, model_id: ModelId) -> None:
        self._keys.pop(model_id, None)
        self._due_s.pop(model_id, None)
        self._asked_s.pop(model_id, None)
        self._host.forget(model_id)

    def _entries(self) -> list[ModelSpec]:
        return [spec for spec in self._registry if spec.url]

    def _place(self, spec: ModelSpec) -> None:
        key = self._keys.get(spec.id)
        secret = key.secret if key is not None and key.origin == origin_of(spec.url) else ""
        self._host.place(spec.id, _endpoint(spec, secret), _UNASKED)
        self._due_s[spec.id] = 0.0

    def _take_in(self, model_id: ModelId, seen: Seen) -> None:
        before = self._host.why_not(model_id)
        if seen.again_s is not None:
            self._limits.leave_out(model_id, seen.again_s, "its server wants to be asked less often")
            self._due_s[model_id] = self._now() + max(_EVERY_S, seen.again_s)
        self._host.heard(model_id, seen.why_not, seen.remark)
        spec = self._registry.spec(model_id)
        mine = [one for one in self._fleet if one.model_id == model_id and one.is_usable]
        if seen.why_not is None and not mine:
            self._open(spec)
        if seen.why_not is not None:
            for replica in mine:
                self._fleet.condemn(replica, seen.why_not, is_urgent=True)
        if seen.why_not != before:
            _LOG.info("remote_model", model=model_id, usable=seen.why_not is None, reason=seen.why_not)

    def _open(self, spec: ModelSpec) -> None:
        order = self._registry.order(spec, self._host.new_replica_id())
        replica = self._fleet.open(order, spec, 0)
        self._fleet.admit(replica)
        self._fleet.advance(replica, ReplicaState.LOADING, "someone else runs it")
        endpoint = self._host.take(order)
        if spec.runtime is RuntimeKind.OLLAMA:
            self._ollama.took_over(endpoint, order)
        self._fleet.ready(replica, endpoint)


def _endpoint(spec: ModelSpec, secret: str) -> Endpoint:
    return Endpoint(
        base_url=spec.url,
        api_key=secret,
        api_path="",
        model=spec.reference,
        is_foreign=True,
        is_llama_cpp=spec.engine is Engine.LLAMA_CPP,
    )

"""The remote host: someone else runs the inference servers and decides what they hold; nothing is started here."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dispatcher.core.replica import Endpoint, Look, OnFetching, ReplicaId, StartOrder, Survivor
from dispatcher.core.task import ModelId
from dispatcher.errors import HostUnreachable


@dataclass(frozen=True, slots=True)
class Site:
    """Where one model is. `why_not` says why it can't be used now, None when it can; `remark` what seems wrong."""

    endpoint: Endpoint
    why_not: str | None
    remark: str | None = None


class RemoteHost:
    """Points replicas at servers that are there anyway. Whoever watches a server says whether it answers."""

    def __init__(self) -> None:
        self._sites: dict[ModelId, Site] = {}
        self._known: set[ReplicaId] = set()
        self._adopted_answers = True

    @property
    def is_reachable(self) -> bool:
        """Whether the adopted Ollama, if there is one, answers; each other server stands for itself."""
        return self._adopted_answers

    @property
    def silent(self) -> Mapping[ModelId, str]:
        """The models that can't be used now, and why."""
        return {model_id: site.why_not for model_id, site in self._sites.items() if site.why_not is not None}

    def adopted_answers(self, answers: bool) -> None:
        """Take note of whether the adopted Ollama answers."""
        self._adopted_answers = answers

    def site(self, model_id: ModelId) -> Site | None:
        """Where a model is, if anybody said so."""
        return self._sites.get(model_id)

    def place(self, model_id: ModelId, endpoint: Endpoint, why_not: str | None) -> None:
        """Say where a model is, and why it can't be used now, if it can't."""
        self._sites[model_id] = Site(endpoint, why_not)

    def heard(self, model_id: ModelId, why_not: str | None, remark: str | None = None) -> None:
        """Take note of how a model's server does."""
        if (site := self._sites.get(model_id)) is not None:
            self._sites[model_id] = replace(site, why_not=why_not, remark=remark)

    def forget(self, model_id: ModelId) -> None:
        """A model isn't there any more."""
        self._sites.pop(model_id, None)

    def why_not(self, model_id: ModelId) -> str | None:
        """Why a model can't be used now; None when it can."""
        site = self._sites.get(model_id)
        return "nobody has said where it is" if site is None else site.why_not

    async def memory_mib(self) -> int | None:
        """None: its memory isn't ours to share out."""
        return None

    def new_replica_id(self) -> ReplicaId:
        """An id that no replica has had."""
        return ReplicaId(f"remote-{secrets.token_hex(4)}")

    async def prepare(self, order: StartOrder, on_fetching: OnFetching) -> None:
        """Nothing to bring."""

    async def start(self, order: StartOrder) -> Endpoint:
        """Say where the server listens.

        Raises: HostUnreachable.
        """
        if (why_not := self.why_not(order.model_id)) is not None:
            raise HostUnreachable(why_not)
        return self.take(order)

    def take(self, order: StartOrder) -> Endpoint:
        """Note a replica for a server that is there already; says where it listens."""
        self._known.add(order.replica_id)
        return self._sites[order.model_id].endpoint

    async def stop(self, replica_id: ReplicaId, grace_s: float) -> bool:
        """Forget a replica; what the server holds is its owner's. Always True."""
        self._known.discard(replica_id)
        return True

    async def pause(self, replica_id: ReplicaId) -> None:
        """Nothing: it isn't ours to put to sleep."""

    async def wake(self, replica_id: ReplicaId) -> None:
        """Nothing: it never sleeps for us."""

    async def look(self) -> Mapping[ReplicaId, Look]:
        """Nothing is seen of its memory."""
        return {replica_id: Look(None, None, None) for replica_id in self._known}

    async def look_at(self, replica_id: ReplicaId) -> Look:
        """A replica lives until it is forgotten."""
        return Look(None, None, None if replica_id in self._known else "it was stopped")

    async def survivors(self) -> tuple[Survivor, ...]:
        """None: what a server holds is adopted by whoever watches it."""
        return ()

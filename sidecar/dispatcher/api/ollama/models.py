"""GET /api/tags, GET /api/ps and POST /api/show: which models there are, which are in memory, and what they can do."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response
from dispatcher.api.ollama.facts import OllamaFacts, capabilities_of, parameter_size
from dispatcher.api.ollama.lines import stamp
from dispatcher.api.ollama.names import OllamaNames
from dispatcher.api.ollama.replies import read_ollama
from dispatcher.api.ollama.reply_schemas import (
    OllamaLoadedReply,
    OllamaPsReply,
    OllamaShowReply,
    OllamaTagsReply,
)
from dispatcher.api.ollama.schemas import OllamaNameBody
from dispatcher.core.aliases import Alias
from dispatcher.core.model import HostKind, ModelSpec
from dispatcher.core.replica import ReplicaState
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import Replica

_MIB = 2**20
_FOR_EVER_S = 100 * 365 * 86_400.0
_TEMPLATE = "{{ .Prompt }}"  # the model's own is applied by its server, and isn't told


@dataclass(frozen=True, slots=True)
class OllamaModels:
    """Lists and describes. `now` is the monotonic clock, `wall` Unix time, both in seconds."""

    names: OllamaNames
    facts: OllamaFacts
    fleet: Fleet
    idle_stop_s: float
    now: Callable[[], float]
    wall: Callable[[], float]

    async def tags(self, _request: web.Request) -> web.StreamResponse:
        """The names that may be asked for: aliases first, for clients offer the first one."""
        aliases = [self.facts.alias_row(name, alias) for name, alias in self.names.names.aliases()]
        models = [self.facts.row(spec) for spec in self.names.names.usable()]
        return json_response(OllamaTagsReply(models=[*aliases, *models]))

    async def ps(self, _request: web.Request) -> web.StreamResponse:
        """The models in memory."""
        up = (replica for replica in self.fleet if replica.state is ReplicaState.READY)
        return json_response(OllamaPsReply(models=[self._loaded(replica) for replica in up]))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """One model, or what an alias stands for."""
        body = await read_ollama(request, OllamaNameBody)
        named = self.names.of(body.model or body.name)
        spec = self.names.spec(named)
        return json_response(self._shown(spec) if spec else self._shown_alias(named.asked, named.alias))

    def _loaded(self, replica: Replica) -> OllamaLoadedReply:
        size = (replica.memory_mib or replica.footprint_mib or replica.spec.footprint_mib) * _MIB
        return OllamaLoadedReply(
            name=replica.model_id,
            model=replica.model_id,
            size=size,
            digest=self.facts.digest(replica.spec),
            details=self.facts.details(replica.spec),
            expires_at=stamp(self.wall() + self._left_s(replica)),
            size_vram=size if replica.spec.needs_gpu else 0,
            context_length=replica.order.context_tokens,
        )

    def _left_s(self, replica: Replica) -> float:
        """For how long it stays if nobody asks for it, at least."""
        if replica.spec.is_pinned or replica.spec.host is HostKind.REMOTE:
            return _FOR_EVER_S
        stays_s = self.idle_stop_s if replica.spec.idle_stop_s is None else replica.spec.idle_stop_s
        return max(0.0, stays_s - (0.0 if replica.promises else self.now() - replica.used_s))

    def _shown(self, spec: ModelSpec) -> OllamaShowReply:
        return OllamaShowReply(
            license=spec.licence,
            modelfile=f"# {spec.name}, served by AI Dispatch; it can't be changed with a Modelfile\nFROM {spec.id}\n",
            parameters=f"num_ctx {spec.context_tokens}",
            template=_TEMPLATE,
            details=self.facts.details(spec),
            model_info={
                "general.architecture": spec.family,
                "general.basename": spec.name,
                "general.license": spec.licence,
                "general.parameter_count": round(spec.parameters_b * 1e9),
                "general.size_label": parameter_size(spec),
                f"{spec.family}.context_length": spec.context_tokens,
            },
            capabilities=capabilities_of([spec]),
            modified_at=self.facts.modified_at,
        )

    def _shown_alias(self, name: str, alias: Alias) -> OllamaShowReply:
        usable = tuple(self.names.names.usable())
        longest = max((spec.context_tokens for spec in usable), default=0)
        return OllamaShowReply(
            license="that of the model that is chosen",
            modelfile=f"# {name} stands for {alias.told}: a model is chosen for each request\nFROM {name}\n",
            parameters="",
            template=_TEMPLATE,
            details=self.facts.alias_row(name, alias).details,
            model_info={"general.architecture": "auto", "general.basename": name, "auto.context_length": longest},
            capabilities=capabilities_of(usable),
            modified_at=self.facts.modified_at,
        )

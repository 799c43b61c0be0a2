"""Which model a name in Ollama's protocol means, and whether it can do what is asked, in Ollama's words."""

from dataclasses import dataclass, replace

from dispatcher.api.ollama.wish import OllamaWish
from dispatcher.core.model import ModelSpec, WeightsState
from dispatcher.core.task import Capability, TaskType
from dispatcher.errors import InvalidRequest, ModelNotFound
from dispatcher.service.model_names import ModelNames, Named
from dispatcher.service.registry import Registry

_ABSENT = (WeightsState.MISSING, WeightsState.CORRUPT)


@dataclass(frozen=True, slots=True)
class OllamaNames:
    """Understands names, and tells what is wrong with one."""

    names: ModelNames
    registry: Registry

    def of(self, name: str) -> Named:
        """What a name means.

        Raises: InvalidRequest when there is none; ModelNotFound, saying which there are.
        """
        if not name.strip():
            raise InvalidRequest("model is required; GET /api/tags lists the names, of which auto leaves the choice")
        try:
            return self.names.of(name)
        except ModelNotFound as error:
            raise ModelNotFound(f"model {name[:200]!r} not found; {error.message.partition('; ')[2]}") from error

    def spec(self, named: Named) -> ModelSpec | None:
        """The pinned model, whose file is here or on its way; None for an alias.

        Raises: ModelNotFound, with how to get it.
        """
        if named.model is None:
            return None
        spec = self.registry.spec(named.model)
        if self.registry.candidate(spec).weights in _ABSENT:
            raise ModelNotFound(
                f"model {named.asked!r} not found, try pulling it first: POST /api/pull with the admin token, "
                f"or ai-dispatch models pull {spec.id}"
            )
        return spec

    def suited(self, wish: OllamaWish, spec: ModelSpec | None) -> OllamaWish:
        """The wish as the model can take it; where the choice is free, thinking is left out if no model can.

        Raises: InvalidRequest when a pinned model can't do what is asked.
        """
        if spec is not None:
            _check(wish, spec)
            return wish
        if not wish.wish.think or any(Capability.THINKING in one.capabilities for one in self.names.usable()):
            return wish
        return replace(wish, wish=replace(wish.wish, think=None), ignored=(*wish.ignored, "think"))


def _check(wish: OllamaWish, spec: ModelSpec) -> None:
    if spec.quality.task_types == {TaskType.EMBEDDING}:
        raise InvalidRequest(f'"{spec.id}" does not support chat; it is for /api/embed')
    asked = wish.wish
    needs = {
        Capability.TOOLS: ("tools", bool(asked.toolbox.offered)),
        Capability.THINKING: ("thinking", bool(asked.think)),
        Capability.VISION: ("images", any(message.images for message in asked.messages)),
    }
    for capability, (told, is_needed) in needs.items():
        if is_needed and capability not in spec.capabilities:
            raise InvalidRequest(f'"{spec.id}" does not support {told}')

"""How each model was loaded: asked with another context or other threads, Ollama would load it anew."""

from dataclasses import dataclass

from dispatcher.core.replica import Endpoint, StartOrder
from dispatcher.core.task import ModelId
from dispatcher.errors import RuntimeFault

_LOADS_MAX = 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """What every request for a loaded model must say alike; context and threads are None where its owner set them."""

    reference: str
    context_tokens: int | None
    threads: int | None


def loaded_as(order: StartOrder) -> Loaded:
    """How an order wants its model loaded."""
    if not order.is_ours:
        return Loaded(order.reference, None, None)
    return Loaded(order.reference, order.context_tokens, order.threads)


class Loads:
    """Remembers the loads of this sidecar, by server and model; beyond a maximum, those not used for longest go."""

    def __init__(self) -> None:
        self._loads: dict[tuple[str, ModelId], Loaded] = {}

    def note(self, endpoint: Endpoint, model_id: ModelId, loaded: Loaded) -> None:
        """Remember a load that succeeded."""
        self._loads.pop((endpoint.base_url, model_id), None)
        self._loads[endpoint.base_url, model_id] = loaded
        if len(self._loads) > _LOADS_MAX:
            del self._loads[next(iter(self._loads))]

    def of(self, endpoint: Endpoint, model_id: ModelId) -> Loaded:
        """How the model was loaded there. RuntimeFault when it wasn't, as after a restart of this sidecar."""
        loaded = self._loads.get((endpoint.base_url, model_id))
        if loaded is None:
            raise RuntimeFault(f"{model_id} was asked before it was loaded on its inference server")
        self.note(endpoint, model_id, loaded)
        return loaded

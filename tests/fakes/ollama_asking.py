"""Orders, and a stand-in's endpoint, for tests that talk to Ollama."""

from dispatcher.core.model import Engine
from dispatcher.core.replica import Endpoint, Fetching, ReplicaId, StartOrder
from dispatcher.core.task import ModelId
from tests.fakes.ollama_server import MODEL, FakeOllama


def order(reference: str = MODEL, *, context_tokens: int = 1024, threads: int = 1) -> StartOrder:
    """What a host would be told to start; `fake-model` is what `asking.ask` asks for."""
    return StartOrder(
        replica_id=ReplicaId("replica-1"),
        model_id=ModelId("fake-model"),
        weights_path="",
        weights_sha256="",
        context_tokens=context_tokens,
        slots=1,
        threads=threads,
        memory_limit_mib=0,
        engine=Engine.OLLAMA,
        reference=reference,
    )


def endpoint_of(ollama: FakeOllama) -> Endpoint:
    """Where a stand-in listens; it wants no key."""
    return Endpoint(ollama.base_url, "")


class Watcher:
    """Keeps what it hears of a download."""

    def __init__(self) -> None:
        self.heard: list[Fetching] = []

    def __call__(self, fetching: Fetching) -> None:
        self.heard.append(fetching)

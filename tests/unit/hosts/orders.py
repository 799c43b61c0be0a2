"""Orders and settings for tests of what is made of them."""

from dispatcher.core.model import Engine
from dispatcher.core.replica import ReplicaId, StartOrder
from dispatcher.core.task import ModelId
from dispatcher.hosts.docker_spec import DockerSettings

SETTINGS = DockerSettings(
    install_id="aidtest",
    images={engine: f"image-of-{engine}:1" for engine in Engine},
    weights_folder="/var/lib/weights",
    weights_source="ai-dispatch-weights",
    user="10001:10001",
)


def order(engine: Engine = Engine.EMBEDDED, reference: str = "llama3.2:3b") -> StartOrder:
    """An honest order."""
    return StartOrder(
        ReplicaId("aidtest-0a1b2c3d"),
        ModelId("a-model"),
        "/var/lib/weights/a-model.gguf",
        "0" * 64,
        context_tokens=4096,
        slots=2,
        threads=3,
        memory_limit_mib=700,
        engine=engine,
        reference=reference,
    )

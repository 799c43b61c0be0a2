"""What a replica's container is made of: one template, filled from an order and nothing else. Pure.

An order names a model and sizes. Image, mounts, capabilities, ports and environment come from here, so that no caller
and no entry of the registry can ask for more of the machine than this page gives.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dispatcher.core.model import Engine
from dispatcher.core.replica import StartOrder
from dispatcher.errors import ReplicaStartFailed
from dispatcher.hosts.docker_command import PORTS, WEIGHTS_FOLDER, command
from dispatcher.hosts.docker_labels import labels_of

IMAGES: Mapping[Engine, str] = {
    Engine.EMBEDDED: "ai-dispatch-inference:0.1",
    Engine.LLAMA_CPP: "ghcr.io/ggml-org/llama.cpp:server",
    Engine.OLLAMA: "ollama/ollama:latest",
    Engine.VLLM: "vllm/vllm-openai:latest",
}
_KEY_VARIABLES = {
    Engine.EMBEDDED: "AI_DISPATCH_REPLICA_KEY",
    Engine.LLAMA_CPP: "LLAMA_API_KEY",
    Engine.VLLM: "VLLM_API_KEY",
}
_CACHES = {Engine.OLLAMA: "/root/.ollama", Engine.VLLM: "/root/.cache/huggingface"}
_PIDS_MAX = 512
_TEMPLATE = "1"  # raised when this page gives containers something else
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DockerSettings:
    """What an installation decides for all its containers; none of it comes from a caller.

    Args:
        weights_folder: where the sidecar sees model files.
        weights_source: the same folder as the Docker engine names it: a path of its machine, or a volume.
        user: numeric `uid:gid` that may read the model files; the images with a cache volume keep their own user.
        network: the Docker network that the sidecar shares with its replicas; None publishes on loopback instead.
    """

    install_id: str
    images: Mapping[Engine, str]
    weights_folder: str
    weights_source: str
    user: str
    network: str | None = None


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or volume inside the container."""

    source: str
    target: str
    is_read_only: bool


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container, whole. What isn't here (capabilities, privileges, log and restart rules) is the same for all."""

    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    mounts: tuple[Mount, ...]
    user: str | None
    is_root_read_only: bool
    memory_mib: int
    pids_max: int
    port: int
    network: str | None
    needs_gpu: bool


def container_spec(order: StartOrder, settings: DockerSettings, api_key: str) -> ContainerSpec:
    """The container for one replica.

    Raises: ReplicaStartFailed when the order holds something that no honest order does.
    """
    _check(order)
    engine = order.engine
    return ContainerSpec(
        name=f"ai-dispatch-{order.replica_id}",
        image=settings.images[engine],
        command=command(order, settings.weights_folder),
        environment=_environment(order, api_key),
        labels=labels_of(order, settings.install_id, generation_of(engine, settings)),
        mounts=_mounts(order, settings),
        user=None if engine in _CACHES else settings.user,
        is_root_read_only=engine is not Engine.VLLM,  # vLLM compiles kernels into its home
        memory_mib=order.memory_limit_mib,
        pids_max=_PIDS_MAX,
        port=PORTS[engine],
        network=settings.network,
        needs_gpu=order.needs_gpu,
    )


def generation_of(engine: Engine, settings: DockerSettings) -> str:
    """What a container of this engine is made of besides its order, in 12 letters; another image is another."""
    made_of = (_TEMPLATE, settings.images[engine], settings.weights_source, settings.user, settings.network or "")
    return hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:12]


def has_key(engine: Engine) -> bool:
    """Whether the engine's callers must send a key."""
    return engine in _KEY_VARIABLES


def key_of(engine: Engine, environment: Mapping[str, str]) -> str | None:
    """The key that callers of a container with this environment must send; empty where the engine knows none."""
    variable = _KEY_VARIABLES.get(engine)
    return "" if variable is None else environment.get(variable)


def _check(order: StartOrder) -> None:
    sizes = (order.context_tokens, order.slots, order.threads, order.memory_limit_mib)
    if not _ID.fullmatch(order.replica_id):
        raise ReplicaStartFailed("the replica's id must begin with a letter or digit and hold only those and '._-'")
    if not _NAME.fullmatch(order.model_id):
        raise ReplicaStartFailed("the model's id must begin with a letter or digit and hold only those and '._:/-'")
    if order.engine in _CACHES and not _NAME.fullmatch(order.reference):
        raise ReplicaStartFailed(f"the model's reference isn't one that {order.engine} knows, such as llama3.2:3b")
    if not all(0 < size < 2**31 for size in sizes):
        raise ReplicaStartFailed("context, slots, threads and memory limit must be above 0")


def _environment(order: StartOrder, api_key: str) -> dict[str, str]:
    if order.engine is not Engine.OLLAMA:
        return {_KEY_VARIABLES[order.engine]: api_key}
    return {
        "OLLAMA_HOST": f"0.0.0.0:{PORTS[Engine.OLLAMA]}",
        "OLLAMA_KEEP_ALIVE": "-1",  # we decide when a model goes
        "OLLAMA_NUM_PARALLEL": str(order.slots),
        "OLLAMA_CONTEXT_LENGTH": str(order.context_tokens),
        "OLLAMA_MAX_LOADED_MODELS": "1",
        "OLLAMA_NOPRUNE": "1",  # else one that starts deletes what another is fetching into the volume they share
    }


def _mounts(order: StartOrder, settings: DockerSettings) -> tuple[Mount, ...]:
    if (cache := _CACHES.get(order.engine)) is not None:
        return (Mount(f"ai-dispatch-{order.engine}", cache, is_read_only=False),)
    return (Mount(settings.weights_source, str(WEIGHTS_FOLDER), is_read_only=True),)

"""The command lines of the engines, as lists of words: no shell, and no word that an order could turn into a flag."""

from pathlib import PurePosixPath

from dispatcher.core.model import Engine
from dispatcher.core.replica import StartOrder
from dispatcher.errors import ReplicaStartFailed

PORTS = {Engine.EMBEDDED: 8080, Engine.LLAMA_CPP: 8080, Engine.OLLAMA: 11434, Engine.VLLM: 8000}
WEIGHTS_FOLDER = PurePosixPath("/models")


def command(order: StartOrder, weights_folder: str) -> tuple[str, ...]:
    """What follows the image's own entry point.

    Args:
        weights_folder: where the sidecar sees model files; containers see them in WEIGHTS_FOLDER.
    Raises: ReplicaStartFailed when the order's file isn't in there.
    """
    match order.engine:
        case Engine.EMBEDDED:
            return (*_embedded(order, _weights(order, weights_folder)), *(("--embedding",) if order.embeds else ()))
        case Engine.LLAMA_CPP:
            return (*_llama_cpp(order, _weights(order, weights_folder)), *(_vectors(order) if order.embeds else ()))
        case Engine.VLLM:
            return (*_vllm(order), *(("--runner=pooling",) if order.embeds else ()))
        case Engine.OLLAMA:
            return ("serve",)
        case Engine.OPENAI:
            raise ReplicaStartFailed("the engine openai is one that someone else runs")


def _weights(order: StartOrder, weights_folder: str) -> str:
    """The model's file as the container sees it."""
    path, folder = PurePosixPath(order.weights_path), PurePosixPath(weights_folder)
    if not path.is_relative_to(folder) or path == folder or ".." in path.parts or "\0" in order.weights_path:
        raise ReplicaStartFailed("the model's file isn't in the folder for weights")
    return str(WEIGHTS_FOLDER / path.relative_to(folder))


def _embedded(order: StartOrder, weights: str) -> tuple[str, ...]:
    return (
        f"--model={weights}",
        f"--alias={order.model_id}",
        "--host=0.0.0.0",  # of its own container; nothing is published but on loopback
        f"--port={PORTS[order.engine]}",
        f"--context-tokens={order.context_tokens}",
        f"--slots={order.slots}",
        f"--threads={order.threads}",
        f"--replica-id={order.replica_id}",
    )


def _llama_cpp(order: StartOrder, weights: str) -> tuple[str, ...]:
    """llama-server takes a flag's value as the next word, whatever it looks like."""
    values = {
        "--model": weights,
        "--alias": order.model_id,
        "--host": "0.0.0.0",  # noqa: S104 - of its own container; nothing is published but on loopback
        "--port": PORTS[order.engine],
        "--ctx-size": order.context_tokens * order.slots,
        "--parallel": order.slots,
        "--threads": order.threads,
        "--threads-batch": order.threads,
    }
    return tuple(word for flag, value in values.items() for word in (flag, str(value)))


def _vectors(order: StartOrder) -> tuple[str, ...]:
    """A text is embedded in one batch, which must hold it whole."""
    whole = str(max(512, order.context_tokens))
    return ("--embedding", "--batch-size", whole, "--ubatch-size", whole)


def _vllm(order: StartOrder) -> tuple[str, ...]:
    return (
        f"--model={order.reference}",
        f"--served-model-name={order.model_id}",
        "--host=0.0.0.0",
        f"--port={PORTS[order.engine]}",
        f"--max-model-len={order.context_tokens}",
        f"--max-num-seqs={order.slots}",
    )

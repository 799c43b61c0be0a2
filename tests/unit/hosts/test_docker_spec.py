"""A container is what the template says, whatever an order holds."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatcher.core.model import Engine
from dispatcher.core.replica import ReplicaId, StartOrder
from dispatcher.core.task import ModelId
from dispatcher.errors import ReplicaStartFailed
from dispatcher.hosts.docker_labels import labels_of
from dispatcher.hosts.docker_spec import ContainerSpec, Mount, container_spec, generation_of, key_of
from tests.unit.hosts.orders import SETTINGS, order

KEY = "the-key"


def test_the_embedded_server_reads_its_weights_and_writes_nothing() -> None:
    spec = container_spec(order(), SETTINGS, KEY)
    assert spec == ContainerSpec(
        name="ai-dispatch-aidtest-0a1b2c3d",
        image="image-of-embedded:1",
        command=(
            "--model=/models/a-model.gguf",
            "--alias=a-model",
            "--host=0.0.0.0",
            "--port=8080",
            "--context-tokens=4096",
            "--slots=2",
            "--threads=3",
            "--replica-id=aidtest-0a1b2c3d",
        ),
        environment={"AI_DISPATCH_REPLICA_KEY": KEY},
        labels=labels_of(order(), "aidtest", generation_of(Engine.EMBEDDED, SETTINGS)),
        mounts=(Mount("ai-dispatch-weights", "/models", is_read_only=True),),
        user="10001:10001",
        is_root_read_only=True,
        memory_mib=700,
        pids_max=512,
        port=8080,
        network=None,
        needs_gpu=False,
    )


def test_llama_server_is_told_the_context_of_all_slots_together() -> None:
    spec = container_spec(order(Engine.LLAMA_CPP), SETTINGS, KEY)
    assert spec.command == (
        *("--model", "/models/a-model.gguf", "--alias", "a-model", "--host", "0.0.0.0", "--port", "8080"),
        *("--ctx-size", "8192", "--parallel", "2", "--threads", "3", "--threads-batch", "3"),
    )
    assert spec.environment == {"LLAMA_API_KEY": KEY}


def test_a_model_for_embeddings_is_served_as_one() -> None:
    def told(engine: Engine) -> tuple[str, ...]:
        return container_spec(replace(order(engine, "owner/name"), embeds=True), SETTINGS, KEY).command

    assert told(Engine.EMBEDDED)[-1] == "--embedding"
    assert told(Engine.LLAMA_CPP)[-5:] == ("--embedding", "--batch-size", "4096", "--ubatch-size", "4096")
    assert told(Engine.VLLM)[-1] == "--runner=pooling"
    assert told(Engine.OLLAMA) == ("serve",)


def test_ollama_keeps_its_models_in_a_volume_and_is_ruled_by_us() -> None:
    spec = container_spec(order(Engine.OLLAMA), SETTINGS, "")
    assert spec.command == ("serve",)
    assert spec.mounts == (Mount("ai-dispatch-ollama", "/root/.ollama", is_read_only=False),)
    assert spec.environment == {
        "OLLAMA_HOST": "0.0.0.0:11434",
        "OLLAMA_KEEP_ALIVE": "-1",
        "OLLAMA_NUM_PARALLEL": "2",
        "OLLAMA_CONTEXT_LENGTH": "4096",
        "OLLAMA_MAX_LOADED_MODELS": "1",
        "OLLAMA_NOPRUNE": "1",
    }
    assert (spec.port, spec.user) == (11434, None)


def test_vllm_is_told_the_repository() -> None:
    spec = container_spec(replace(order(Engine.VLLM, "Qwen/Qwen2.5-7B-Instruct"), needs_gpu=True), SETTINGS, KEY)
    assert spec.command[0] == "--model=Qwen/Qwen2.5-7B-Instruct"
    assert spec.environment == {"VLLM_API_KEY": KEY}
    assert spec.needs_gpu


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/var/lib/weights",
        "/var/lib/weights/../../etc/passwd",
        "/var/lib/weights/x/../../y",
        "/var/lib/weights-of-others/x",
        "weights/x",
        "",
        "/var/lib/weights/x\0y",
    ],
)
def test_only_files_in_the_weights_folder_are_served(path: str) -> None:
    with pytest.raises(ReplicaStartFailed, match="folder"):
        container_spec(replace(order(), weights_path=path), SETTINGS, KEY)


@pytest.mark.parametrize("engine", [Engine.OLLAMA, Engine.VLLM])
@pytest.mark.parametrize(
    "reference", ["", "-x", "--trust-remote-code", "a b", "a\nb", "a;b", "a\0", "ä", "a" * 201, "a@b", "../x", "$(x)"]
)
def test_a_reference_that_could_mean_something_else_is_refused(engine: Engine, reference: str) -> None:
    with pytest.raises(ReplicaStartFailed, match="reference"):
        container_spec(order(engine, reference), SETTINGS, KEY)


def test_the_key_is_found_again_in_the_environment() -> None:
    for engine in set(Engine) - {Engine.OPENAI}:  # which runs elsewhere
        spec = container_spec(order(engine), SETTINGS, KEY)
        assert key_of(engine, spec.environment) == ("" if engine is Engine.OLLAMA else KEY)
    assert key_of(Engine.EMBEDDED, {"PATH": "/usr/bin"}) is None


_NASTY = st.sampled_from(
    ["--privileged", "-v=/:/host", "x --host=evil", "$(id)", "`id`", "a\nb", "../..", "\0", "", " "]
)
_TEXT = _NASTY | st.text(max_size=250) | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,30}", fullmatch=True)
_PATH = _TEXT | _TEXT.map(lambda end: f"/var/lib/weights/{end}")
_SIZE = st.integers(-1, 2**32) | st.integers(1, 100_000)
_ORDERS = st.builds(
    StartOrder,
    replica_id=_TEXT.map(ReplicaId),
    model_id=_TEXT.map(ModelId),
    weights_path=_PATH,
    weights_sha256=_TEXT,
    context_tokens=_SIZE,
    slots=_SIZE,
    threads=_SIZE,
    memory_limit_mib=_SIZE,
    engine=st.sampled_from(Engine),
    reference=_TEXT,
    needs_gpu=st.booleans(),
)
_FLAGS = {
    Engine.EMBEDDED: (
        *("--model", "--alias", "--host", "--port"),
        *("--context-tokens", "--slots", "--threads", "--replica-id"),
    ),
    Engine.LLAMA_CPP: (
        *("--model", "--alias", "--host", "--port"),
        *("--ctx-size", "--parallel", "--threads", "--threads-batch"),
    ),
    Engine.VLLM: ("--model", "--served-model-name", "--host", "--port", "--max-model-len", "--max-num-seqs"),
}


@settings(max_examples=300)
@given(_ORDERS)
@example(replace(order(), weights_path="/var/lib/weights/--host=0.0.0.0"))
@example(replace(order(Engine.LLAMA_CPP), weights_path="/var/lib/weights/--host"))
def test_no_order_gets_more_than_the_template_gives(hostile: StartOrder) -> None:
    try:
        spec = container_spec(hostile, SETTINGS, KEY)
    except ReplicaStartFailed:
        return
    honest = container_spec(order(hostile.engine), SETTINGS, KEY)
    free = {"name", "command", "labels", "memory_mib", "needs_gpu", "environment"}
    for name in set(ContainerSpec.__slots__) - free:
        assert getattr(spec, name) == getattr(honest, name)
    assert spec.environment.keys() == honest.environment.keys()
    assert spec.name == f"ai-dispatch-{hostile.replica_id}"
    assert spec.labels == labels_of(hostile, "aidtest", generation_of(hostile.engine, SETTINGS))
    assert 0 < spec.memory_mib == hostile.memory_limit_mib
    assert len(spec.command) == len(honest.command)
    step = 2 if hostile.engine is Engine.LLAMA_CPP else 1
    if hostile.engine is not Engine.OLLAMA:
        assert tuple(word.partition("=")[0] for word in spec.command[::step]) == _FLAGS[hostile.engine]
    assert not any(value.startswith("-") for value in values(spec, step))


def values(spec: ContainerSpec, step: int) -> list[str]:
    """What the flags are given."""
    return list(spec.command[1::2]) if step == 2 else [word.partition("=")[2] for word in spec.command]

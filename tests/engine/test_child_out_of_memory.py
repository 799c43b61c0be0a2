"""Ollama's way to run out of memory: a child is killed, the container runs on, and only the engine's event tells."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.dockerd import PrivateEngine
from tests.engine.replicas import names, on
from tests.engine.test_sidecar_on_docker import Owner, running
from tests.integration.waiting import until

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

# Said to be tiny, so that what its context takes comes as a surprise: 22.5 MiB for 1,000 tokens, not one.
_ENTRY = {"id": "tight", "engine": "ollama", "reference": "llama3.2:3b", "parameters_b": 0.001, "weights_mib": 1}
_TOO_MUCH_AT_FIRST, _ENOUGH = 28_000, 8_192
_HOG = "import time; taken = b'x' * ({mib} << 20); time.sleep(600)"


@pytest.fixture
async def owner(engine: PrivateEngine, weights: Path, tmp_path: Path, ollama_image: str) -> AsyncIterator[Owner]:
    async with running(engine, weights, tmp_path, image_ollama=ollama_image, memory_mib=4096) as found:
        yield found
    assert await names(engine) == set()


async def test_a_load_that_runs_out_of_memory_is_tried_once_more_with_more(owner: Owner, engine: PrivateEngine) -> None:
    entered = await owner.call("POST", "/api/models", _ENTRY | {"context_tokens": _TOO_MUCH_AT_FIRST}, expect=201)
    begun_at = time.time()
    reply = await owner.ask(model="tight")
    assert reply["text"]
    assert [attempt["error"] for attempt in reply["attempts"]] == ["replica_out_of_memory", None]
    assert len(await ooms(engine, begun_at)) == 1, "it was the kernel"
    assert (await owner.call("GET", "/api/models/tight"))["memory_mib"] >= round(entered["memory_mib"] * 1.5)
    (one,) = await owner.containers()
    assert one["memory_reserved_mib"] == round(entered["memory_mib"] * 1.5)


async def test_a_replica_whose_child_is_killed_for_memory_is_replaced_by_one_with_more(
    owner: Owner, engine: PrivateEngine
) -> None:
    entered = await owner.call("POST", "/api/models", _ENTRY | {"context_tokens": _ENOUGH}, expect=201)
    await owner.ask(model="tight")
    (before,) = await owner.containers()
    name, begun_at = f"ai-dispatch-{before['id']}", time.time()
    await on(engine, lambda client: fill_memory(client, name))

    async def lost() -> bool:
        return before["id"] not in {one["id"] for one in await owner.containers()}

    await until(lost, "the replica is out of the table", 30)
    assert await ooms(engine, begun_at) == {name}
    assert (await owner.ask(model="tight"))["text"]
    (after,) = await owner.containers()
    assert after["memory_reserved_mib"] >= round(entered["memory_mib"] * 1.5)
    assert await names(engine) == {f"ai-dispatch-{after['id']}"}


def fill_memory(client: Any, name: str) -> None:
    """Take more than is left of a container's memory, and let the kernel kill the one that has the model. Blocks."""
    _, serving = max((int(size), pid) for size, pid in client.top(name, "-eo rss,pid")["Processes"])
    Path(f"/proc/{serving}/oom_score_adj").write_text("1000")
    limit_mib = client.inspect_container(name)["HostConfig"]["Memory"] >> 20
    made = client.exec_create(name, ["/usr/bin/python3", "-c", _HOG.format(mib=limit_mib - 200)])["Id"]
    client.exec_start(made, detach=True)


async def ooms(engine: PrivateEngine, since_s: float) -> set[str]:
    """The containers in which the kernel has killed something for memory."""

    def told(client: Any) -> set[str]:
        filters = {"type": "container", "event": ["oom"]}
        heard = client.events(since=int(since_s), until=int(time.time()) + 1, filters=filters, decode=True)
        return {event["Actor"]["Attributes"]["name"] for event in heard}

    found: set[str] = await on(engine, told)
    return found

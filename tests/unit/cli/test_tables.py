"""`ai-dispatch models`, `containers` and `performance`: tables for people, one line of JSON for programs."""

import json

import pytest
from pydantic import BaseModel

from dispatcher.core.task import TaskType
from tests.unit.cli.conftest import Run
from tests.unit.cli.examples import CONTAINERS, MODELS, PERFORMANCE, model
from tests.unit.cli.fake_sidecar import FakeSidecar


@pytest.mark.parametrize(
    ("command", "reply"), [("models", MODELS), ("containers", CONTAINERS), ("performance", PERFORMANCE)]
)
async def test_json_is_the_reply_on_one_line(run: Run, sidecar: FakeSidecar, command: str, reply: BaseModel) -> None:
    sidecar.answers(f"GET /api/{command}", reply.model_dump_json(indent=2).encode())
    result = await run(command, "--json")
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout) == json.loads(reply.model_dump_json())


async def test_models_show_size_weights_replica_memory_and_abilities(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/models", MODELS)
    heading, tiny, large, odd, resting = map(str.split, (await run("models")).stdout.splitlines())
    assert heading == ["model", "size", "weights", "replica", "memory", "can", "do"]
    assert tiny == ["tiny", "0.135B", "present", "ready", "300", "MiB", "chat,", "summarization;", "json"]
    assert large[2:4] == ["fetching,", "25%"]
    assert odd[2] == "missing"
    assert " ".join(resting) == "resting failed to start three times; tried again in 40 s"


async def test_a_model_that_can_do_nearly_everything_says_what_it_cannot(run: Run, sidecar: FakeSidecar) -> None:
    able = tuple(task for task in TaskType if task not in (TaskType.AUTO, TaskType.EMBEDDING))
    sidecar.answers("GET /api/models", MODELS.model_copy(update={"models": [model(task_types=able)]}))
    assert "everything but embedding; json" in (await run("models")).stdout


async def test_containers_show_memory_load_and_what_is_lent(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/containers", CONTAINERS)
    text = (await run("containers")).stdout
    for words in ("tiny", "ready", "214 MiB", "1/1", "4242", "61 s", "asked for", "300 of 4096 MiB lent"):
        assert words in text


async def test_performance_asks_for_the_group_and_shows_what_is_known(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/performance", PERFORMANCE)
    result = await run("performance", "--group-by", "task_type", "--since", "24h")
    assert sidecar.asked[0].query == {"group_by": "task_type", "since": "24h"}
    row = result.stdout.splitlines()[1].split()
    assert row == ["tiny", "12", "75%", "1.5", "s", "1.2", "s", "2", "min", "–", "0.40", "s", "100", "200"]


async def test_a_newer_sidecars_further_fields_do_no_harm(run: Run, sidecar: FakeSidecar) -> None:
    newer = {**json.loads(CONTAINERS.model_dump_json()), "gpus": []}
    sidecar.answers("GET /api/containers", json.dumps(newer).encode())
    assert (await run("containers")).exit_code == 0

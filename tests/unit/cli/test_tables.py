"""`ai-dispatch models`, `containers` and `performance`: tables for people, one line of JSON for programs."""

import io
import json

import pytest
from pydantic import BaseModel
from rich.console import Console

from dispatcher.api.schemas import ModelsReply
from dispatcher.cli.containers_table import containers_table
from dispatcher.cli.models_table import models_table
from dispatcher.core.replica import ReplicaState
from dispatcher.core.task import TaskType
from tests.unit.cli.conftest import Run
from tests.unit.cli.examples import CONTAINERS, JOBS, MODELS, PERFORMANCE, container, fleet, mb, model
from tests.unit.cli.fake_sidecar import FakeSidecar


@pytest.mark.parametrize(
    ("command", "reply"),
    [("models", MODELS), ("containers", CONTAINERS), ("performance", PERFORMANCE), ("jobs", JOBS)],
)
async def test_json_is_the_reply_on_one_line(run: Run, sidecar: FakeSidecar, command: str, reply: BaseModel) -> None:
    sidecar.answers(f"GET /api/{command}", reply.model_dump_json(indent=2).encode())
    result = await run(command, "--json")
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout) == json.loads(reply.model_dump_json())


async def test_models_show_engine_size_weights_replica_memory_and_abilities(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/models", MODELS)
    heading, tiny, large, odd, resting = map(str.split, (await run("models")).stdout.splitlines())
    assert heading == ["model", "engine", "size", "weights", "replica", "memory", "can", "do"]
    assert tiny == ["tiny", "embedded", "0.135B", "present", "ready", "300", "MiB", "chat,", "summarization;", "json"]
    assert large[3:5] == ["fetching,", "25%"]
    assert odd[3] == "missing"
    assert " ".join(resting) == "resting failed to start three times; tried again in 40 s"


async def test_switches_of_a_model_stand_beside_its_replica(run: Run, sidecar: FakeSidecar) -> None:
    models = [model("kept", pinned=True), model("off", enabled=False)]
    sidecar.answers("GET /api/models", MODELS.model_copy(update={"models": models}))
    _, kept, off = (await run("models")).stdout.splitlines()
    assert "ready (pinned)" in kept
    assert "disabled" in off


def test_the_models_fit_in_a_hundred_columns() -> None:
    names = [model("qwen2.5-coder-1.5b-instruct", pinned=True), *MODELS.models]
    out = io.StringIO()
    Console(file=out, width=100).print(models_table(ModelsReply(models=names)))
    assert max(map(len, out.getvalue().splitlines())) <= 100
    for words in ("qwen2.5-coder-1.5b-instruct", "embedded", "(pinned)", "fetching", "300 MiB", "summarization;"):
        assert words in out.getvalue()


def test_a_replicas_id_is_whole_on_a_narrow_terminal() -> None:
    replica = container("aid1f0c9a7e-3b5d20c4", ReplicaState.PULLING, fetching=mb("llama3.2:3b", 812, 2019))
    out = io.StringIO()
    Console(file=out, width=80).print(containers_table(fleet(container(), replica)))
    assert max(map(len, out.getvalue().splitlines())) <= 80
    assert "aid1f0c9a7e-3b5d20c4" in out.getvalue()
    assert "…" not in out.getvalue()


async def test_a_model_that_can_do_nearly_everything_says_what_it_cannot(run: Run, sidecar: FakeSidecar) -> None:
    able = tuple(task for task in TaskType if task not in (TaskType.AUTO, TaskType.EMBEDDING))
    sidecar.answers("GET /api/models", MODELS.model_copy(update={"models": [model(task_types=able)]}))
    assert "everything but embedding; json" in (await run("models")).stdout


async def test_containers_show_memory_load_and_what_is_lent(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/containers", CONTAINERS)
    text = (await run("containers")).stdout
    for words in (
        "tiny",
        "ready",
        "214 of 300 MiB",
        "1/1, 3 wait",
        "process 4242",
        "61 s",
        "asked for",
        "300 of 4096 MiB lent",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("state", "fetched", "words"),
    [
        (ReplicaState.PULLING, (812, 2019), "pulling, 40% of llama3.2:3b"),
        (ReplicaState.CREATING, (7, None), "creating, 7 MB of llama3.2:3b"),
        (ReplicaState.CREATING, (0, 0), "creating, 0 MB of llama3.2:3b"),
        (ReplicaState.CREATING, (9, 9), "creating, 4.0 s left"),
        (ReplicaState.LOADING, (8, 9), "loading, 4.0 s left"),
    ],
)
async def test_containers_show_what_is_fetched_as_long_as_it_is(
    run: Run, sidecar: FakeSidecar, state: ReplicaState, fetched: tuple[int, int | None], words: str
) -> None:
    replica = container(state=state, ready_in_s=4.0, fetching=mb("llama3.2:3b", *fetched))
    sidecar.answers("GET /api/containers", fleet(replica))
    assert words in (await run("containers")).stdout


async def test_a_sidecars_words_do_not_drive_the_terminal(run: Run, sidecar: FakeSidecar) -> None:
    replica = container(state=ReplicaState.PULLING, fetching=mb("an\x1b[31mimage", 1, 9), reason="[b]why\x1b[0m")
    sidecar.answers("GET /api/containers", fleet(replica))
    text = (await run("containers")).stdout
    assert "\x1b" not in text
    assert "an[31mimage" in text
    assert "[b]why[0m" in text


async def test_performance_asks_for_the_group_and_shows_what_is_known(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/performance", PERFORMANCE)
    result = await run("performance", "--group-by", "task_type", "--since", "24h")
    assert sidecar.asked[0].query == {"group_by": "task_type", "since": "24h"}
    assert "auto would have told 78% of 40 task types" in " ".join(result.stdout.split())
    row = result.stdout.splitlines()[1].split()
    assert row == ["tiny", "12", "75%", "1.5", "s", "1.2", "s", "2", "min", "–", "0.40", "s", "100", "200", "91%"]


async def test_a_newer_sidecars_further_fields_do_no_harm(run: Run, sidecar: FakeSidecar) -> None:
    newer = {**json.loads(CONTAINERS.model_dump_json()), "gpus": []}
    sidecar.answers("GET /api/containers", json.dumps(newer).encode())
    assert (await run("containers")).exit_code == 0

"""`ai-dispatch simulate`: what if."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dispatcher.core.decision import Refusal, RefusalReason
from dispatcher.core.outcome import Timing, Usage
from dispatcher.core.task import Context, ModelId
from dispatcher.store.database import Database
from dispatcher.store.dispatches import record_dispatch
from dispatcher.store.models import save_model
from tests.unit.cli.conftest import Run
from tests.unit.store.records import a_decision, a_model, a_record

README = (Path(__file__).resolve().parents[3] / "README.md").read_text()


def models(*names: str) -> list[dict[str, Any]]:
    """Two of them don't fit together."""
    common = {"parameters_b": 1, "memory_mib": 600, "load_s": 10, "prefill_tps": 1000, "decode_tps": 10}
    return [{"id": name, **common} for name in names]


WORKLOAD = {
    "memory_mib": 1000,
    "models": models("one", "two"),
    "calls": [
        {"comes": "burst", "items": 10, "model": name, "max_tokens": 20, "apart_s": 0.2, "workflow": name}
        for name in ("one", "two")
    ],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "workload.json"
    write(path, WORKLOAD)
    return path


def write(path: Path, workload: dict[str, Any]) -> None:
    path.write_text(json.dumps(workload))


async def simulated(run: Run, *arguments: object) -> list[dict[str, Any]]:
    """The results."""
    result = await run("simulate", *map(str, arguments), "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


async def test_all_ways_to_schedule_are_compared_on_the_same_calls(run: Run, file: Path) -> None:
    ours, fifo, collated = await simulated(run, file)
    assert [one["policy"] for one in (ours, fifo, collated)] == ["AI Dispatch", "FIFO", "collated FIFO"]
    assert [one["calls"] for one in (ours, fifo, collated)] == [20, 20, 20]
    assert ours["swaps"] == collated["swaps"] == 1
    assert fifo["swaps"] > 5


async def test_a_table_and_a_picture_are_shown(run: Run, file: Path) -> None:
    result = await run("simulate", str(file))
    assert result.exit_code == 0
    assert "answers/GB·s" in result.stdout
    assert "AI Dispatch: 1 swaps" in result.stdout
    assert "░" in result.stdout
    assert "█" in result.stdout


async def test_the_picture_is_drawn_into_a_file(run: Run, file: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "picture.svg"
    await simulated(run, file, "--svg", drawn)
    assert drawn.read_text().startswith("<svg ")
    assert "<rect" in drawn.read_text()


async def test_the_readmes_example_gives_what_the_readme_shows(run: Run, tmp_path: Path) -> None:
    example, shown = README.split("## What if", 1)[1].split("```\n")[1:4:2]
    write(tmp_path / "monday.json", json.loads(example))
    result = await run("simulate", str(tmp_path / "monday.json"))
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert [line for line in shown.splitlines()[1:] if line not in lines] == []


async def test_with_enough_memory_nothing_is_swapped(run: Run, file: Path) -> None:
    assert [one["swaps"] for one in await simulated(run, file, "--memory-mib", 2000)] == [0, 0, 0]


async def test_calls_of_a_model_that_is_not_there_are_left_open(run: Run, file: Path) -> None:
    for one in await simulated(run, file, "--without", "two"):
        assert {span["model_id"] for span in one["spans"]} == {"one"}
        assert one["answered"] == 20


async def test_a_model_that_comes_with_ai_dispatch_can_be_added(run: Run, file: Path) -> None:
    (found,) = await simulated(run, file, "--with", "smollm2-135m-instruct", "--policy", "same:smollm2-135m-instruct")
    assert {span["model_id"] for span in found["spans"]} == {"smollm2-135m-instruct"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"memory_mib": 0}, "memory_mib"),
        ({"models": []}, "models"),
        ({"speed": 1}, "speed"),
        ({"calls": [{"comes": "burst"}]}, "a burst needs items"),
        ({"calls": [{"comes": "stream", "per_s": 1}]}, "a stream needs per_s and until_s"),
        ({"calls": [{"comes": "burst", "items": 1, "task_type": "auto"}]}, "task_type"),
        ({"calls": [{"comes": "burst", "items": 1, "model": "three"}]}, "calls.0.model"),
        ({"models": models("one", "one")}, "models"),
    ],
)
async def test_a_bad_file_is_told_by_its_field(run: Run, file: Path, change: dict[str, Any], says: str) -> None:
    write(file, {**WORKLOAD, **change})
    result = await run("simulate", str(file))
    assert result.exit_code == 2
    assert says in result.stderr
    assert str(file) in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name either"),
        (("FILE", "--without", "three"), "there are one, two"),
        (("FILE", "--without", "one", "--without", "two"), "no model is left"),
        (("FILE", "--with", "three"), "--with: three isn't known"),
        (("FILE", "--policy", "luck"), "say ours, fifo, collated or same:MODEL"),
        (("FILE", "--policy", "same:three"), "takes one of one, two"),
        (("--from-log", "nowhere.db"), "isn't there"),
        (("FILE", "--svg", "/nowhere/at/all.svg"), "can't be written"),
    ],
)
async def test_bad_usage_is_told(run: Run, file: Path, arguments: tuple[str, ...], says: str) -> None:
    result = await run("simulate", *(str(file) if word == "FILE" else word for word in arguments))
    assert result.exit_code != 0
    assert says in result.stderr


async def test_the_own_log_is_played_again(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ai-dispatch.db"
    database = await Database.open(path)
    await save_model(database, a_model("small"))
    not_asked = (Refusal(ModelId("other"), RefusalReason.NOT_PINNED, "the request asks for small"),)
    loop = Context(workflow_id="w", node_id="n", execution_id="e")
    for number in range(4):  # items of a loop: the next comes a quarter of a second after the answer
        record_dispatch(
            database,
            a_record(
                str(number),
                started_at=1_000_000_000.0 + number * 1.25,
                context=loop,
                usage=Usage(10, 20),
                timing=Timing(queue_s=0.0, load_s=0.0, first_token_s=0.1, total_s=1.0),
                decision=replace(a_decision(), refused=not_asked),
            ),
        )
    await database.close()
    before = path.read_bytes()
    (found,) = await simulated(run, "--from-log", path, "--since", "2001-01-01", "--policy", "ours")
    assert (found["calls"], found["answered"]) == (4, 4)
    assert found["lasted_s"] == pytest.approx(1.5 + 4 * 1.0 + 3 * 0.25, abs=0.1)  # the model's load, then as it was
    assert path.read_bytes() == before


async def test_a_log_without_dispatches_is_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ai-dispatch.db"
    await (await Database.open(path)).close()
    result = await run("simulate", "--from-log", str(path))
    assert result.exit_code == 2
    assert "no dispatches since 7d" in result.stderr

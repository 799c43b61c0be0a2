"""`ai-dispatch calibrate`."""

import json

from pydantic import BaseModel

from dispatcher.api.calibration_schemas import CalibrationReply, CalibrationStepReply
from dispatcher.api.schemas import ModelsReply
from dispatcher.core.model import WeightsState
from dispatcher.core.task import TaskType
from tests.unit.cli.conftest import Run
from tests.unit.cli.examples import error, model
from tests.unit.cli.fake_sidecar import FakeSidecar

_CALIBRATE = "POST /api/models/tiny/calibrate"
_STEP = CalibrationStepReply(done=1, prompts=5, prefill_tps=200.0, decode_tps=25.0)
_DONE = CalibrationReply(id="tiny", answers=5, prefill_tps=210.0, decode_tps=24.5, load_s=None, memory_mib=300)


def _stream(*events: tuple[str, BaseModel]) -> bytes:
    return "".join(f"event: {name}\ndata: {data.model_dump_json()}\n\n" for name, data in events).encode()


async def test_speeds_are_shown_and_what_is_unknown_is_a_dash(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers(_CALIBRATE, _stream(("progress", _STEP), ("done", _DONE)), kind="text/event-stream")
    result = await run("calibrate", "tiny")
    assert result.exit_code == 0
    assert "tiny: 1 of 5 prompts answered" in result.stderr
    for part in ("210.0 tokens/s", "24.5 tokens/s", "–", "300 MiB"):
        assert part in result.stdout


async def test_without_a_name_all_that_can_run_are_measured(run: Run, sidecar: FakeSidecar) -> None:
    embedder = model("embedder", task_types=(TaskType.EMBEDDING,))
    models = [model(), model("absent", weights=WeightsState.MISSING), model("off", enabled=False), embedder]
    sidecar.answers("GET /api/models", ModelsReply(models=models))
    sidecar.answers(_CALIBRATE, _stream(("done", _DONE)), kind="text/event-stream")
    result = await run("calibrate", "--json")
    assert [one["id"] for one in json.loads(result.stdout)] == ["tiny"]


async def test_an_error_in_the_stream_is_told(run: Run, sidecar: FakeSidecar) -> None:
    events = _stream(("progress", _STEP), ("error", error("no_eligible_model", "it doesn't fit")))
    sidecar.answers(_CALIBRATE, events, kind="text/event-stream")
    result = await run("calibrate", "tiny")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "error: it doesn't fit")


async def test_a_stream_that_ends_too_soon_is_no_success(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers(_CALIBRATE, _stream(("progress", _STEP)), kind="text/event-stream")
    result = await run("calibrate", "tiny")
    assert result.exit_code == 1
    assert "stopped telling how tiny does" in result.stderr

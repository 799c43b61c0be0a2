"""The steps of `ai-dispatch quickstart`, with a fake sidecar that already runs."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dispatcher.api.schemas import HealthReply, ModelsReply, ReadyReply
from dispatcher.cli.quickstart import EMBEDDING_MODEL, FIRST_MODEL, LARGE_MODEL, SECOND_MODEL
from dispatcher.core.model import WeightsState
from tests.integration.running import AI_DISPATCH, Ended, run
from tests.unit.cli.examples import dispatched, error, model
from tests.unit.cli.fake_sidecar import FakeSidecar


@pytest.fixture(autouse=True)
def _replies(sidecar: FakeSidecar, tmp_path: Path) -> None:
    (tmp_path / "admin.token").write_text("aid_admin_token_of_this_folder\n")
    (tmp_path / "dispatch.token").write_text("aid_dispatch_token_for_n8n\n")
    sidecar.answers("GET /health", HealthReply(status="ok", version="0.1.0"))
    sidecar.answers("GET /ready", ReadyReply(status="degraded", parts={}))
    sidecar.answers("POST /api/dispatch", dispatched())
    _have(sidecar)


def _have(sidecar: FakeSidecar, *present: str) -> None:
    names = (FIRST_MODEL, EMBEDDING_MODEL, SECOND_MODEL, LARGE_MODEL)
    states = {name: WeightsState.PRESENT if name in present else WeightsState.MISSING for name in names}
    sidecar.answers("GET /api/models", ModelsReply(models=[model(name, state) for name, state in states.items()]))
    for name in names:
        done = f"event: done\ndata: {model(name).model_dump_json()}\n\n"
        sidecar.answers(f"POST /api/models/{name}/pull", done.encode(), kind="text/event-stream")


def _pulled(sidecar: FakeSidecar) -> list[str]:
    return [asked.path.split("/")[3] for asked in sidecar.asked if asked.path.endswith("/pull")]


async def _quickstart(sidecar: FakeSidecar, folder: Path, *arguments: str) -> Ended:
    port = str(urlsplit(sidecar.url).port)
    return await run(*AI_DISPATCH, "quickstart", "--port", port, "--data-dir", str(folder), *arguments)


async def test_it_fetches_three_models_and_shows_answer_choice_and_next_steps(
    sidecar: FakeSidecar, tmp_path: Path
) -> None:
    ended = await _quickstart(sidecar, tmp_path)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert _pulled(sidecar) == [FIRST_MODEL, EMBEDDING_MODEL, SECOND_MODEL]
    for words in (
        f"Using the sidecar that already runs at {sidecar.url}",
        "Paris.",
        "why    tiny is already loaded",
        "aid_dispatch_token_for_n8n",
        f"curl {sidecar.url}/api/dispatch -H",
        f"ai-dispatch --url {sidecar.url} models",
        "dispatch --explain",
        "README.md",
    ):
        assert words in ended.stdout
    assert "aid_admin_token" not in ended.stdout


@pytest.mark.parametrize(
    ("switch", "pulled"),
    [("--small", [FIRST_MODEL]), ("--large", [FIRST_MODEL, EMBEDDING_MODEL, SECOND_MODEL, LARGE_MODEL])],
)
@pytest.mark.heavy
async def test_small_and_large_say_what_is_fetched(
    sidecar: FakeSidecar, tmp_path: Path, switch: str, pulled: list[str]
) -> None:
    await _quickstart(sidecar, tmp_path, switch)
    assert _pulled(sidecar) == pulled


@pytest.mark.heavy
async def test_what_is_there_is_not_fetched_again(sidecar: FakeSidecar, tmp_path: Path) -> None:
    _have(sidecar, FIRST_MODEL, EMBEDDING_MODEL, SECOND_MODEL)
    await _quickstart(sidecar, tmp_path)
    assert _pulled(sidecar) == []


@pytest.mark.heavy
async def test_with_json_the_answer_is_all_there_is_on_standard_output(sidecar: FakeSidecar, tmp_path: Path) -> None:
    ended = await _quickstart(sidecar, tmp_path, "--json", "Which city?")
    assert json.loads(ended.stdout) == {
        "text": "Paris.",
        "model": "tiny",
        "reason": "tiny is already loaded: about 1.2 s",
        "dispatch_id": "d-1",
    }
    assert ended.stdout.count("\n") == 1
    (body,) = (json.loads(asked.body) for asked in sidecar.asked if asked.path == "/api/dispatch")
    assert body["prompt"] == "Which city?"


@pytest.mark.heavy
async def test_a_stronger_model_that_cannot_be_had_is_one_line(sidecar: FakeSidecar, tmp_path: Path) -> None:
    failed = f"event: error\ndata: {error('weights_unavailable', 'no source has it').model_dump_json()}\n\n"
    sidecar.answers(f"POST /api/models/{SECOND_MODEL}/pull", failed.encode(), kind="text/event-stream")
    ended = await _quickstart(sidecar, tmp_path)
    assert ended.exit_code == 0
    assert f"Going on without {SECOND_MODEL}: no source has it\n" in ended.stdout


@pytest.mark.heavy
async def test_the_first_model_is_needed(sidecar: FakeSidecar, tmp_path: Path) -> None:
    sidecar.answers(f"POST /api/models/{FIRST_MODEL}/pull", error("weights_corrupt", "its hash differs"), 502)
    ended = await _quickstart(sidecar, tmp_path)
    assert (ended.exit_code, ended.stderr) == (1, "error: its hash differs\n")


@pytest.mark.heavy
async def test_a_token_of_another_folder_is_not_tried_further(sidecar: FakeSidecar, tmp_path: Path) -> None:
    sidecar.answers("GET /api/models", error("unauthorized", "unknown token"), 401)
    ended = await _quickstart(sidecar, tmp_path)
    assert ended.exit_code == 2
    assert "is taken by an AI Dispatch of another data folder" in ended.stderr

"""`ai-dispatch models start` and `stop`, and how far a start is."""

import io
import json

import pytest
from rich.console import Console

from dispatcher.api.schemas import ContainerReply
from dispatcher.cli.client import connected
from dispatcher.cli.faults import CommandFault
from dispatcher.cli.start_progress import start_shown
from dispatcher.cli.starting import until_ready
from dispatcher.cli.target import Target
from dispatcher.core.replica import ReplicaState
from tests.unit.cli.conftest import Run
from tests.unit.cli.examples import container, error, fleet, mb, model
from tests.unit.cli.fake_sidecar import FakeSidecar

_START = "POST /api/models/tiny/start"
_CREATING = container("new", ReplicaState.CREATING, uptime_s=0.1, fetching=mb("ollama/ollama:0.12", 90, 900))
_PULLING = container("new", ReplicaState.PULLING, uptime_s=3.0, fetching=mb("llama3.2:3b", 812, 2019))
_LOADING = container("new", ReplicaState.LOADING, uptime_s=9.0, ready_in_s=4.0, fetching=mb("llama3.2:3b", 2019, 2019))
_READY = container("new", ReplicaState.READY, uptime_s=12.0)


@pytest.fixture(autouse=True)
def _replies(sidecar: FakeSidecar) -> None:
    sidecar.answers(_START, model(state=ReplicaState.CREATING), status=202)
    sidecar.answers("GET /api/models/tiny", model())


async def _watch(sidecar: FakeSidecar) -> list[str]:
    """Wait for the start of tiny; the looks that were shown, as states."""
    looks: list[ContainerReply] = []
    async with connected(Target(sidecar.url, None, "")) as client:
        await until_ready(client, "tiny", looks.append, poll_s=0.0)
    return [f"{look.id} {look.state}" for look in looks]


@pytest.mark.heavy
async def test_a_start_is_told_stage_by_stage_until_it_is_ready(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers_in_turn("GET /api/containers", fleet(_CREATING), fleet(_LOADING), fleet(_READY))
    result = await run("models", "start", "tiny")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [
        "tiny: creating, fetching ollama/ollama:0.12, 90 of 900 MB",
        "tiny: loading, about 4.0 s left",
        "tiny: ready",
    ]


async def test_json_is_the_ready_model_on_the_only_line_of_standard_output(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/containers", fleet(_READY))
    result = await run("models", "start", "tiny", "--json")
    assert (json.loads(result.stdout)["state"], result.stdout.count("\n")) == ("ready", 1)


async def test_no_wait_returns_at_once_and_says_where_to_look(run: Run, sidecar: FakeSidecar) -> None:
    result = await run("models", "start", "tiny", "--no-wait")
    assert result.stderr == "tiny: creating; ai-dispatch containers --watch shows how far it is\n"
    assert [asked.path for asked in sidecar.asked] == ["/api/models/tiny/start"]


async def test_a_start_that_is_refused_is_not_waited_for(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers(_START, error("no_eligible_model", "tiny can't be started: it needs 9000 MiB"), 503)
    result = await run("models", "start", "tiny")
    assert (result.exit_code, len(sidecar.asked)) == (1, 1)
    assert result.stderr == "error: tiny can't be started: it needs 9000 MiB\n"


async def test_the_new_replica_is_followed_and_no_other(sidecar: FakeSidecar) -> None:
    others = (container("old"), container("other", model="large", uptime_s=0.0))
    sidecar.answers_in_turn(
        "GET /api/containers",
        fleet(*others, _CREATING),
        fleet(*others, _PULLING),
        fleet(*others, container("newer", uptime_s=0.0), _LOADING),
        fleet(*others, _READY),
    )
    assert await _watch(sidecar) == ["new creating", "new pulling", "new loading"]


async def test_a_failed_start_says_why(sidecar: FakeSidecar) -> None:
    sidecar.answers_in_turn("GET /api/containers", fleet(_CREATING), fleet(container("old", ReplicaState.DRAINING)))
    sidecar.answers("GET /api/models/tiny", model(quarantine="it failed to start 1 times, last because it is out"))
    with pytest.raises(CommandFault, match="tiny couldn't be started: it failed to start 1 times, last because"):
        await _watch(sidecar)


async def test_a_start_that_failed_before_the_first_look_is_no_success(sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/containers", fleet(container("old")))
    sidecar.answers("GET /api/models/tiny", model(quarantine="it ended with exit code 5"))
    with pytest.raises(CommandFault, match="exit code 5"):
        await _watch(sidecar)


@pytest.mark.parametrize("left", [fleet(), fleet(container("new", ReplicaState.DRAINING))])
async def test_a_start_that_somebody_stopped_says_so(sidecar: FakeSidecar, left: object) -> None:
    condemned = _LOADING.model_copy(update={"reason": "stopped by an admin"})
    sidecar.answers_in_turn("GET /api/containers", fleet(condemned), left)  # type: ignore[arg-type]
    with pytest.raises(CommandFault, match="tiny was stopped before it was ready: stopped by an admin"):
        await _watch(sidecar)


def _shown(*looks: ContainerReply, terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, color_system=None)
    with start_shown(console, "tiny") as show:
        for look in looks:
            show(look)
    return out.getvalue()


def test_off_a_terminal_every_tenth_of_a_download_is_a_line_and_never_twice() -> None:
    looks = [_PULLING.model_copy(update={"fetching": mb("m", done, 100)}) for done in (0, 4, 13, 11, 19, 20, 100)]
    assert _shown(*looks, _LOADING, _LOADING, terminal=False).splitlines() == [
        "tiny: pulling, fetching m, 0 of 100 MB",
        "tiny: pulling, fetching m, 13 of 100 MB",
        "tiny: pulling, fetching m, 20 of 100 MB",
        "tiny: pulling",
        "tiny: loading, about 4.0 s left",
    ]


def test_a_size_not_known_yet_is_told_by_what_has_come() -> None:
    looks = [_PULLING.model_copy(update={"fetching": mb("m", done, None)}) for done in (1, 60, 120)]
    assert _shown(*looks, terminal=False).splitlines() == [
        "tiny: pulling, fetching m, 1 MB",
        "tiny: pulling, fetching m, 120 MB",
    ]


def test_a_terminal_gets_a_bar_with_stage_and_size() -> None:
    assert "tiny: pulling, fetching llama3.2:3b" in (text := _shown(_PULLING, terminal=True))
    assert "812 of 2019 MB" in text
    assert "tiny: loading" in (text := _shown(_PULLING, _LOADING, terminal=True))
    assert "about 4.0 s left" in text


def test_what_a_sidecar_says_does_not_drive_the_terminal() -> None:
    look = _PULLING.model_copy(update={"fetching": mb("a\x1b]0;title\x07b", 1, 9)})
    assert "\x1b]0" not in _shown(look, terminal=True) + _shown(look, terminal=False)


@pytest.mark.parametrize(
    ("state", "words"),
    [(ReplicaState.READY, "tiny: stops when its work is done"), (ReplicaState.STOPPED, "tiny: no replica is running")],
)
async def test_a_stop_says_whether_anything_runs(
    run: Run, sidecar: FakeSidecar, state: ReplicaState, words: str
) -> None:
    sidecar.answers("POST /api/models/tiny/stop", model(state=state), status=202)
    assert (await run("models", "stop", "tiny")).stderr == f"{words}\n"

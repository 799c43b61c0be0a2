"""`ai-dispatch containers --watch` and `containers stop`."""

import json
import signal
from pathlib import Path

import pytest

from dispatcher.core.replica import ReplicaState
from tests.integration.running import AI_DISPATCH, Ended, finish, start
from tests.integration.waiting import until
from tests.unit.cli.conftest import Run
from tests.unit.cli.examples import CONTAINERS, container, error, fleet
from tests.unit.cli.fake_sidecar import TOKEN, FakeSidecar


async def _watched(sidecar: FakeSidecar, folder: Path, *arguments: str, looks: int) -> Ended:
    """Watch until the sidecar was asked so often, then press Ctrl-C."""
    process = await start(
        *AI_DISPATCH, "--url", sidecar.url, "containers", "--watch", *arguments,
        AI_DISPATCH_DATA_DIR=str(folder), AI_DISPATCH_TOKEN=TOKEN,
    )  # fmt: skip

    async def asked_often() -> bool:
        return len(sidecar.asked) >= looks

    try:
        await until(asked_often, f"{looks} looks", within_s=60)
        process.send_signal(signal.SIGINT)
    finally:
        ended = await finish(process)
    return ended


@pytest.mark.heavy
async def test_a_watch_shows_every_change_until_ctrl_c(sidecar: FakeSidecar, tmp_path: Path) -> None:
    sidecar.answers_in_turn("GET /api/containers", fleet(container(state=ReplicaState.LOADING)), CONTAINERS)
    ended = await _watched(sidecar, tmp_path, looks=3)
    assert (ended.exit_code, ended.stderr) == (130, "")
    assert ended.stdout.index("loading") < ended.stdout.index("ready")


@pytest.mark.heavy
async def test_a_watch_as_json_is_a_line_for_every_look(sidecar: FakeSidecar, tmp_path: Path) -> None:
    sidecar.answers("GET /api/containers", CONTAINERS)
    ended = await _watched(sidecar, tmp_path, "--json", looks=3)
    lines = ended.stdout.splitlines()
    assert len(lines) >= 2
    assert all(json.loads(line) == json.loads(CONTAINERS.model_dump_json()) for line in lines)


async def test_a_replica_is_stopped_by_its_id(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/containers/r-1/stop", CONTAINERS)
    result = await run("containers", "stop", "r-1")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "r-1: stops when its work is done\n")
    as_json = await run("containers", "stop", "r-1", "--json")
    assert json.loads(as_json.stdout)["containers"][0]["id"] == "r-1"


async def test_a_replica_that_is_gone_is_an_error(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/containers/r-9/stop", error("container_not_found", "there is no replica 'r-9'"), 404)
    result = await run("containers", "stop", "r-9")
    assert (result.exit_code, result.stderr) == (1, "error: there is no replica 'r-9'\n")


@pytest.mark.parametrize("name", ["", "..", "\udcff"])
async def test_what_is_no_id_is_wrong_usage(run: Run, sidecar: FakeSidecar, name: str) -> None:
    assert (await run("containers", "stop", name)).exit_code == 2
    assert sidecar.asked == []

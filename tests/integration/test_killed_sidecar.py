"""What a sidecar that was killed leaves behind, and what the next one makes of it."""

import asyncio
import contextlib
import os
import signal
import socket
import urllib.error
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dispatcher.errors import SettingsError
from tests.integration.conftest import StartSidecar
from tests.integration.killed import Kept
from tests.integration.waiting import until

pytestmark = pytest.mark.heavy


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    sidecars = Kept(tmp_path)
    yield sidecars
    await sidecars.close()


async def test_after_a_kill_the_next_sidecar_adopts_the_replicas_and_answers_warm(kept: Kept) -> None:
    await kept.start()
    await kept.ask("POST", "/api/dispatch", {"prompt": "hi", "model": "small"})
    pids = {one["id"] for one in (await kept.ask("GET", "/api/containers"))["containers"]}
    await kept.end(signal.SIGKILL)
    await kept.start()
    found = (await kept.ask("GET", "/api/containers"))["containers"]
    assert {one["id"] for one in found} == pids
    reply = await kept.ask("POST", "/api/dispatch", {"prompt": "hi", "model": "small"})
    assert reply["decision"]["way"] == "warm"


async def test_a_replica_that_died_meanwhile_is_not_adopted(kept: Kept) -> None:
    await kept.start()
    await kept.ask("POST", "/api/dispatch", {"prompt": "hi", "model": "small"})

    async def pid() -> int | None:
        found: int | None = (await kept.ask("GET", "/api/containers"))["containers"][0]["pid"]
        return found

    replica_pid = await until(pid, "the replica was measured")
    await kept.end(signal.SIGKILL)
    os.kill(replica_pid, signal.SIGKILL)
    await kept.start()
    assert (await kept.ask("GET", "/api/containers"))["containers"] == []
    assert (await kept.ask("POST", "/api/dispatch", {"prompt": "hi", "model": "small"}))["text"]


async def test_what_was_recorded_is_still_there_after_a_kill(kept: Kept) -> None:
    await kept.start()
    reply = await kept.ask("POST", "/api/dispatch", {"prompt": "hi"})

    async def recorded() -> bool:
        with contextlib.suppress(urllib.error.HTTPError):
            return bool(await kept.ask("GET", f"/api/dispatches/{reply['dispatch_id']}"))
        return False

    await until(recorded, "the dispatch is in the log")
    await kept.end(signal.SIGKILL)
    await kept.start()
    assert (await kept.ask("GET", f"/api/dispatches/{reply['dispatch_id']}"))["model"] == reply["model"]


async def test_a_second_sidecar_on_the_same_folder_does_not_start(start_sidecar: StartSidecar, tmp_path: Path) -> None:
    await start_sidecar()
    with pytest.raises(SettingsError, match="another sidecar is using"):
        await start_sidecar(folder=tmp_path)


async def test_a_port_in_use_is_told_and_nothing_is_left(start_sidecar: StartSidecar, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match=r"port \d+ is in use"):
            await start_sidecar(port=taken.getsockname()[1])
    assert (await (await start_sidecar()).ask())["text"]


async def test_a_folder_that_cannot_be_written_is_told(start_sidecar: StartSidecar, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    await asyncio.to_thread(blocked.write_text, "not a folder")
    with pytest.raises(SettingsError, match="AI_DISPATCH_DATA_DIR"):
        await start_sidecar(data_dir=blocked / "data")

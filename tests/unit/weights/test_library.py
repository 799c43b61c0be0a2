"""The folder of model files: who fetches, who waits, and what is believed of a file that is there."""

import asyncio
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.core.model import WeightsState
from dispatcher.core.task import ModelId
from dispatcher.errors import ModelNotFound, ShuttingDown, WeightsUnavailable
from dispatcher.weights.weightfile import UrlSource
from tests.unit.weights.conftest import CONTENT, MODEL, NewLibrary
from tests.unit.weights.file_server import FileServer


async def test_many_callers_make_one_download_and_one_who_leaves_stops_nobody(
    new_library: NewLibrary, source: UrlSource, server: FileServer
) -> None:
    server.may_go_on.clear()
    library = new_library(source)
    callers = [asyncio.create_task(library.fetch(MODEL)) for _ in range(50)]
    await server.started.wait()
    assert library.state(MODEL) is WeightsState.FETCHING
    for caller in callers[:49]:
        caller.cancel()
    server.may_go_on.set()
    assert (await callers[49]).read_bytes() == CONTENT
    assert len(server.ranges) == 1
    assert library.progress(MODEL) is None


async def test_a_fetch_that_every_caller_has_left_goes_on(
    new_library: NewLibrary, source: UrlSource, server: FileServer
) -> None:
    server.may_go_on.clear()
    library = new_library(source)
    caller = asyncio.create_task(library.fetch(MODEL))
    await server.started.wait()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    server.may_go_on.set()
    await library.fetch(MODEL)
    assert len(server.ranges) == 1


async def test_progress_tells_bytes_source_and_seconds(
    new_library: NewLibrary, source: UrlSource, server: FileServer
) -> None:
    server.may_go_on.clear()
    library = new_library(source)
    fetch = asyncio.create_task(library.fetch(MODEL))
    await server.started.wait()
    progress = library.progress(MODEL)
    assert progress is not None
    assert (progress.total_bytes, progress.source) == (len(CONTENT), source.url)
    assert progress.elapsed_s >= 0
    server.may_go_on.set()
    await fetch


async def test_a_failed_fetch_may_be_tried_again(
    new_library: NewLibrary, source: UrlSource, server: FileServer
) -> None:
    library = new_library(source)
    server.status = 503
    with pytest.raises(WeightsUnavailable, match="503"):
        await library.fetch(MODEL)
    assert library.state(MODEL) is WeightsState.MISSING
    server.status = 200
    await library.fetch(MODEL)


async def test_after_close_nothing_is_fetched(new_library: NewLibrary, source: UrlSource) -> None:
    library = new_library(source)
    await library.close()
    with pytest.raises(ShuttingDown):
        await library.fetch(MODEL)


async def test_an_unknown_model_is_not_found(new_library: NewLibrary, source: UrlSource) -> None:
    with pytest.raises(ModelNotFound):
        await new_library(source).fetch(ModelId("unknown"))


async def test_a_verified_file_is_not_read_again_but_a_changed_one_is(
    new_library: NewLibrary, source: UrlSource
) -> None:
    path = await new_library(source).fetch(MODEL)
    marker = path.with_name("tiny.gguf.sha256")
    verified = path.stat()

    # Same size and time: believed. That is what the marker is for.
    path.write_bytes(bytes(len(CONTENT)))
    os.utime(path, ns=(verified.st_atime_ns, verified.st_mtime_ns))
    assert await _state_after_scan(new_library, source) is WeightsState.PRESENT

    os.utime(path)
    assert await _state_after_scan(new_library, source) is WeightsState.CORRUPT

    path.write_bytes(CONTENT)
    marker.unlink()
    assert await _state_after_scan(new_library, source) is WeightsState.PRESENT
    assert marker.exists()

    path.write_bytes(CONTENT[:-1])
    assert await _state_after_scan(new_library, source) is WeightsState.CORRUPT


async def _state_after_scan(new_library: NewLibrary, source: UrlSource) -> WeightsState:
    library = new_library(source)
    await library.scan()
    return library.state(MODEL)


async def test_a_corrupt_file_is_replaced(new_library: NewLibrary, source: UrlSource, tmp_path: Path) -> None:
    path = tmp_path / "weights" / "tiny.gguf"
    path.parent.mkdir()
    path.write_bytes(bytes(len(CONTENT)))
    library = new_library(source)
    await library.scan()
    assert library.state(MODEL) is WeightsState.CORRUPT
    assert (await library.fetch(MODEL)).read_bytes() == CONTENT


async def test_two_processes_fetch_once(new_library: NewLibrary, source: UrlSource, server: FileServer) -> None:
    server.may_go_on.clear()
    mine = asyncio.create_task(new_library(source).fetch(MODEL))
    await server.started.wait()
    theirs = asyncio.create_task(new_library(source).fetch(MODEL))
    done, _ = await asyncio.wait([theirs], timeout=0.3)
    assert not done
    server.may_go_on.set()
    assert await mine == await theirs
    assert len(server.ranges) == 1


async def test_the_lock_of_a_dead_process_is_taken_over(
    new_library: NewLibrary, source: UrlSource, tmp_path: Path
) -> None:
    lock = tmp_path / "weights" / "tiny.gguf.lock"
    lock.parent.mkdir()
    program = "import fcntl,sys; f=open(sys.argv[1],'w'); fcntl.flock(f,2); print('held',flush=True); sys.stdin.read()"
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(lock), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    await holder.stdout.readline()
    fetch = asyncio.create_task(new_library(source).fetch(MODEL))
    done, _ = await asyncio.wait([fetch], timeout=0.3)
    assert not done
    holder.kill()
    await holder.wait()
    assert (await fetch).read_bytes() == CONTENT


@pytest.fixture
def disk_with_a_megabyte() -> Iterator[None]:
    """No file may grow beyond a megabyte: for a writer the same as a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("disk_with_a_megabyte")
async def test_a_full_disk_is_said_and_leaves_nothing_behind(
    new_library: NewLibrary, source: UrlSource, tmp_path: Path
) -> None:
    library = new_library(source)
    with pytest.raises(WeightsUnavailable, match="no space is left on the disk"):
        await library.fetch(MODEL)
    assert library.state(MODEL) is WeightsState.MISSING
    assert [file.name for file in (tmp_path / "weights").iterdir()] == ["tiny.gguf.lock"]


async def test_a_folder_that_cannot_be_made_is_said(new_library: NewLibrary, source: UrlSource, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    library = new_library(source, folder=tmp_path / "file" / "weights")
    await library.scan()
    with pytest.raises(WeightsUnavailable, match="can't be written"):
        await library.fetch(MODEL)


async def test_a_file_of_ours_is_readable_and_no_program(new_library: NewLibrary, source: UrlSource) -> None:
    mode = (await new_library(source).fetch(MODEL)).stat().st_mode
    assert not mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

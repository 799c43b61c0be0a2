"""A ranker's folder on disk: files and their card, written whole or not at all, read as if an enemy had written them.

The card names every file with its hash, and the caller keeps the card's own hash in the database: what was changed by
anyone else is refused. Nothing here is ever unpickled.
"""

import hashlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

FORMAT = 1
CARD_NAME = "card.json"
_FILES_MAX = 24
_FILE_BYTES_MAX = 16 << 20
_CARD_BYTES_MAX = 256 << 10
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}\.[a-z]{1,8}")

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, StringConstraints(pattern=rf"^{_NAME.pattern}$")]
_Word = Annotated[str, StringConstraints(max_length=200)]


class RankerBroken(Exception):
    """A ranker's folder isn't what was written, or can't be used; the message says in which way."""


class Card(BaseModel):
    """What a ranker is, and what it was made from. `first_at` to `last_at` is the range of its outcomes, Unix seconds.

    `files` are hashes by name, `inputs` how many features each LightGBM text among them takes; `metrics` are numbers of
    the training, `settings` words that its parts need to be read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    format: int = Field(default=FORMAT, ge=FORMAT, le=FORMAT)
    created_at: float
    rows: int = Field(ge=0)
    first_at: float
    last_at: float
    features: tuple[_Word, ...] = Field(max_length=2000, strict=False)
    features_version: _Word
    metrics: dict[_Word, float] = Field(max_length=500)
    settings: dict[_Word, _Word] = Field(default_factory=dict, max_length=500)
    files: dict[FileName, Hash] = Field(min_length=1, max_length=_FILES_MAX)
    inputs: dict[FileName, Annotated[int, Field(ge=1, le=5000)]] = Field(default_factory=dict, max_length=_FILES_MAX)
    parent: Hash | None = None


@dataclass(frozen=True, slots=True)
class Artifact:
    """A ranker as it was read: its card, and its files by name."""

    card: Card
    files: Mapping[str, bytes]


def hashes_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """What stands in a card for these files."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}


def write_artifact(folder: Path, card: Card, files: Mapping[str, bytes]) -> str:
    """Make the folder, all of it or nothing; returns the card's hash, by which it is read again.

    Raises: OSError; ValueError when the card doesn't fit the files; FileExistsError when there is such a folder.
    """
    if card.files != hashes_of(files) or any(len(data) > _FILE_BYTES_MAX for data in files.values()):
        raise ValueError("a ranker's card must name its files, each of 16 MiB at most")
    written = card.model_dump_json().encode()
    unfinished = folder.with_name(f".unfinished-{secrets.token_hex(6)}")
    unfinished.mkdir(mode=0o700, parents=True)
    try:
        for name, data in {**files, CARD_NAME: written}.items():
            _write(unfinished / name, data)
        _sync(unfinished)
        _move(unfinished, folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return hashlib.sha256(written).hexdigest()


def read_artifact(folder: Path, card_hash: str) -> Artifact:
    """Read a ranker whose card has this hash.

    Raises: RankerBroken when anything is not as it was written.
    """
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise RankerBroken(f"{folder.name} can't be opened: {error.strerror}") from error
    try:
        card = _card(_read(directory, CARD_NAME, _CARD_BYTES_MAX, card_hash))
        files = {name: _read(directory, name, _FILE_BYTES_MAX, wanted) for name, wanted in card.files.items()}
    finally:
        os.close(directory)
    return Artifact(card, files)


def clear_unfinished(parent: Path) -> None:
    """Remove what was left by a writer that was killed; only while nobody writes."""
    for leftover in parent.glob(".unfinished-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _card(data: bytes) -> Card:
    try:
        return Card.model_validate_json(data)
    except ValidationError as error:
        raise RankerBroken(f"its card can't be read: {error.errors(include_input=False)[0]['msg']}") from error


def _read(directory: int, name: str, bytes_max: int, wanted: str) -> bytes:
    """One regular file of the folder, links not followed, whole and with the right hash."""
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except OSError as error:
        raise RankerBroken(f"{name} can't be opened: {error.strerror}") from error
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > bytes_max:
            raise RankerBroken(f"{name} is no file of at most {bytes_max} bytes")
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max or hashlib.sha256(data).hexdigest() != wanted:
        raise RankerBroken(f"{name} isn't what was written: its hash differs")
    return data


def _move(unfinished: Path, folder: Path) -> None:
    if folder.exists():
        raise FileExistsError(folder)
    unfinished.rename(folder)
    _sync(folder.parent)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        path.chmod(0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The data folder: made, named, and held by one sidecar at a time."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatcher.errors import SettingsError


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """Hold the folder inside the block, made if missing.

    Raises: SettingsError when it can't be written, or when another sidecar holds it: two would fight over the
        database and over each other's replicas.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / "sidecar.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(f"AI_DISPATCH_DATA_DIR: {folder} can't be written: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise SettingsError(f"AI_DISPATCH_DATA_DIR: another sidecar is using {folder}; stop it first") from error
    try:
        yield
    finally:
        os.close(lock)


def install_id(folder: Path) -> str:
    """The name of this installation, by which its replicas are told from all others; made once."""
    path = folder / "install.id"
    with contextlib.suppress(FileNotFoundError):
        if name := path.read_text().strip():
            return name
    name = f"aid{secrets.token_hex(4)}"
    path.write_text(name)
    return name

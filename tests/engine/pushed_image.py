"""An image in a real registry whose one large layer the engine doesn't have, so that it must be fetched."""

import contextlib
import io
import random
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docker.errors import ImageNotFound

from tests.engine.dockerd import PrivateEngine
from tests.engine.registry import registry
from tests.engine.replicas import IMAGE

LAYER_BYTES = 16 << 20
_NAME = "inference:1"
_SEED = 7


@dataclass(frozen=True, slots=True)
class Pushed:
    """The image in the registry at `address`; it isn't on the engine."""

    address: str
    engine: PrivateEngine

    def seen_through(self, address: str) -> str:
        """Its name for who fetches it from there."""
        return f"{address}/{_NAME}"

    def is_here(self, address: str) -> bool:
        """Whether the engine has it under that name. Blocks."""
        with self.engine.client() as client:
            try:
                client.inspect_image(self.seen_through(address))
            except ImageNotFound:
                return False
            return True

    def forget(self, address: str) -> None:
        """Remove it from the engine, with its layer. Blocks."""
        with self.engine.client() as client, contextlib.suppress(ImageNotFound):
            client.remove_image(self.seen_through(address), force=True)


@contextlib.contextmanager
def pushed_image(engine: PrivateEngine, folder: Path) -> Iterator[Pushed]:
    """The inference image with a layer of noise, which doesn't compress, pushed to a registry that runs meanwhile."""
    with registry(folder) as address, engine.client() as client:
        name = f"{address}/{_NAME}"
        made = client.create_container(IMAGE)["Id"]
        client.put_archive(made, "/app", _noise())
        client.commit(made, *name.rsplit(":", 1))
        client.remove_container(made)
        assert "error" not in client.push(name)
        client.remove_image(name)
        yield Pushed(address, engine)


def _noise() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        info = tarfile.TarInfo("noise")
        info.size = LAYER_BYTES
        archive.addfile(info, io.BytesIO(random.Random(_SEED).randbytes(LAYER_BYTES)))
    return content.getvalue()

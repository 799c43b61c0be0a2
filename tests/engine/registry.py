"""A real image registry on loopback (Debian's docker-registry), and one that never answers."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.fakes.launched import free_port

_CONFIG = """version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/blobs}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
_READY_S = 20.0


@contextlib.contextmanager
def registry(folder: Path) -> Iterator[str]:
    """Its address, while it runs."""
    port = free_port()
    config = folder / "registry.yml"
    config.write_text(_CONFIG.format(folder=folder, port=port))
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=log, stderr=log)
    try:
        give_up_s = time.monotonic() + _READY_S
        while not _listens(port):
            assert time.monotonic() < give_up_s, (folder / "registry.log").read_text()
            time.sleep(0.02)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def silent_registry() -> Iterator[str]:
    """Its address: connections are taken, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

"""The private Docker engine that is measured on."""

import contextlib
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.bench.containers import image
from tests.engine.dockerd import PrivateEngine


@contextlib.contextmanager
def private_engine() -> Iterator[PrivateEngine]:
    """An engine that has the image; gone at the end, also after Ctrl-C."""
    print("Starting a private Docker engine", file=sys.stderr, flush=True)
    engine = PrivateEngine(Path(tempfile.mkdtemp(prefix="aid")))
    try:
        engine.start()
        image.build(engine.address)
        yield engine
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # impatience must not leave half of it behind
        engine.close()

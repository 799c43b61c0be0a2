"""The sidecar under measurement: everything is real but the inference server, which is `upstream.py`."""

import argparse
import asyncio
import hashlib
import signal
import sys
from dataclasses import replace
from pathlib import Path

import uvloop

from dispatcher.app import sidecar
from dispatcher.core.task import ModelId
from dispatcher.logs import configure_logs
from dispatcher.settings import LogFormat, load_settings
from dispatcher.weights.catalogue import CatalogueEntry, load_catalogue
from dispatcher.weights.weightfile import WeightFile

MODEL = "clock"


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    configure_logs("warning", LogFormat.JSON)
    uvloop.run(_serve(options.folder, options.port))


async def _serve(folder: Path, port: int) -> None:
    settings = load_settings({"port": port, "data_dir": folder, "auth": "none"})
    program = (sys.executable, str(Path(__file__).with_name("upstream.py")))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)  # its inference server must end with it
    async with sidecar(settings, program, (_entry(folder / "weights"),)):
        await stop.wait()


def _entry(folder: Path) -> CatalogueEntry:
    """A small model, and a file that passes for its weights."""
    folder.mkdir(parents=True, exist_ok=True)
    content = b"no weights"
    file = WeightFile("clock.gguf", len(content), hashlib.sha256(content).hexdigest(), "https://example.org", ())
    (folder / file.name).write_bytes(content)
    return CatalogueEntry(replace(load_catalogue()[0].spec, id=ModelId(MODEL), name=MODEL), file)


if __name__ == "__main__":
    main()

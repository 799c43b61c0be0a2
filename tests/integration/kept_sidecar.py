"""A sidecar in a process of its own, to be killed by a test: `python kept_sidecar.py FOLDER PORT`."""

import asyncio
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dispatcher.app import sidecar
from dispatcher.settings import load_settings
from tests.fakes.process import FAKE_COMMAND
from tests.integration.models import entry
from tests.unit.core.builders import big, spec


async def main(folder: Path, port: int) -> None:
    """Serve until told to stop, or killed."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    entries = tuple(entry(folder / "weights", model) for model in (spec(), big()))
    settings = load_settings({"port": port, "data_dir": folder, "memory_mib": 4096, "cores": 2})
    async with sidecar(settings, FAKE_COMMAND, entries):
        await stopped.wait()


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))

"""The sidecar under measurement, with real models: one core is lent, so that each replica has one thread."""

import argparse
import asyncio
import signal
from pathlib import Path

import uvloop

from dispatcher.app import sidecar
from dispatcher.logs import configure_logs
from dispatcher.settings import LogFormat, load_settings


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    options = parser.parse_args()
    configure_logs("warning", LogFormat.JSON)
    uvloop.run(_serve(options.folder, options.weights, options.port))


async def _serve(folder: Path, weights: Path, port: int) -> None:
    given = {"port": port, "data_dir": folder, "weights_dir": weights, "auth": "none", "cores": 1}
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)  # its inference server must end with it
    async with sidecar(load_settings(given)):
        await stop.wait()


if __name__ == "__main__":
    main()

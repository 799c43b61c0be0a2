"""The sidecar under load; only its inference servers are fake. Told SIGUSR1, it says how many tasks it has."""

import argparse
import asyncio
import json
import signal
from pathlib import Path

import uvloop

from dispatcher.app import sidecar
from dispatcher.logs import configure_logs
from dispatcher.settings import LogFormat, load_settings
from scripts.bench.load.models import BEHAVIOUR, CORES, MEMORY_MIB, entries
from tests.fakes.process import FAKE_COMMAND


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--memory-mib", type=int, default=MEMORY_MIB)
    parser.add_argument("--program", default=json.dumps([*FAKE_COMMAND, "--behaviour", json.dumps(BEHAVIOUR)]))
    configure_logs("warning", LogFormat.JSON)
    uvloop.run(_serve(parser.parse_args()))


async def _serve(options: argparse.Namespace) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: print(len(asyncio.all_tasks()), flush=True))
    settings = load_settings(
        {"port": options.port, "data_dir": options.folder, "memory_mib": options.memory_mib, "cores": CORES}
    )
    program = tuple(json.loads(options.program))
    async with sidecar(settings, program, entries(options.folder / "weights")):
        await stopped.wait()


if __name__ == "__main__":
    main()

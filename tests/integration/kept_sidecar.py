"""A sidecar in a process of its own, to be killed by a test: `python kept_sidecar.py FOLDER PORT [OPTIONS]`.

OPTIONS is JSON: `settings`, the `behaviour` of the inference servers, the `slots` of the models, what they are
capable of (`capabilities`), and at which crash point to end as if by kill -9: `{"point": "claimed", "after": 2}` is the
third time that it gets there.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dispatcher.app import sidecar
from dispatcher.core.task import Capability
from dispatcher.crash import arm
from dispatcher.settings import load_settings
from tests.fakes.process import FAKE_COMMAND
from tests.integration.models import entry
from tests.unit.core.builders import big, spec


async def main(folder: Path, port: int, options: dict[str, Any]) -> None:
    """Serve until told to stop, or killed."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    slots = options.get("slots", 1)
    able = frozenset(Capability(name) for name in options.get("capabilities", ["json", "tools"]))
    models = (spec(slots=slots, capabilities=able), big(slots=slots, capabilities=able))
    entries = tuple(entry(folder / "weights", model) for model in models)
    given = {"port": port, "data_dir": folder, "memory_mib": 4096, "cores": 2, **options.get("settings", {})}
    program = (*FAKE_COMMAND, "--behaviour", json.dumps(options.get("behaviour", {})))
    async with sidecar(load_settings(given), program, entries):
        await stopped.wait()


def crash_at(point: str, after: int) -> None:
    """Have this process end at a crash point."""
    left = after

    def passed(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    arm(passed)


if __name__ == "__main__":
    told = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    if "crash" in told:
        crash_at(**told["crash"])
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), told))

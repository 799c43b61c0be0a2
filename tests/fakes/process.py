"""The fake inference server as a process: the embedded server's command line, exit codes and last words.

Start it with `FAKE_COMMAND` in place of the embedded server's. Its switches come as JSON in `--behaviour` or in the
environment variable FAKE_BEHAVIOUR; the argument wins.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from dispatcher.embedded.settings import EngineSettings, parse_settings
from tests.fakes.behaviour import Behaviour
from tests.fakes.inference_server import FakeInferenceServer

FAKE_COMMAND = (sys.executable, str(Path(__file__).with_name("run_fake.py")))


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; returns the exit code."""
    rest, behaviour = _take_behaviour(list(arguments))
    settings = parse_settings(rest)
    behaviour = behaviour.of(settings.alias)
    if behaviour.ignores_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _say(f"loading {settings.model}")
    if not Path(settings.model).is_file():
        return _end(3, f"{settings.model} can't be loaded: No such file or directory")
    if behaviour.exit_at_start is not None:
        return _end(behaviour.exit_at_start, "the fake was told to end at its start")
    return asyncio.run(_serve(settings, behaviour))


async def _serve(settings: EngineSettings, behaviour: Behaviour) -> int:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT,) if behaviour.ignores_sigterm else (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stopped.set)
    fake = FakeInferenceServer(
        behaviour,
        api_key=settings.api_key,
        model=settings.alias or settings.model,
        context_tokens=settings.context_tokens,
        slots=settings.slots,
        port=settings.port,
    )
    try:
        async with fake:
            _say(f"serving {fake.endpoint.base_url}")
            await stopped.wait()
    except OSError as error:
        return _end(4, f"port {settings.port} is in use: {error.strerror}")
    return 0


def _take_behaviour(arguments: list[str]) -> tuple[list[str], Behaviour]:
    switches = json.loads(os.environ.get("FAKE_BEHAVIOUR") or "{}")
    if "--behaviour" in arguments:
        at = arguments.index("--behaviour")
        switches |= json.loads(arguments[at + 1])
        del arguments[at : at + 2]
    return arguments, Behaviour().but(switches)


def _end(code: int, message: str) -> int:
    _say(f"fake inference server: {message}")
    return code


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

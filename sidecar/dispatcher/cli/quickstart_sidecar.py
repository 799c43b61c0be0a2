"""The sidecar that quickstart works with: the one already running on its port, or else a new one."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rich.console import Console

from dispatcher.api.schemas import HealthReply, ReadyReply
from dispatcher.cli.client import Client, connected
from dispatcher.cli.faults import BadUsage, CommandFault, ErrorAnswered, NoSidecar, NotASidecar, Silent
from dispatcher.cli.replies import read
from dispatcher.cli.screen import say
from dispatcher.cli.sidecar_process import SidecarProcess, sidecar_started
from dispatcher.cli.target import Target, read_token
from dispatcher.settings import Settings

_START_S = 60.0
_READY_S = 30.0
_POLL_S = 0.1
_PROBE_S = 2.0


@dataclass(frozen=True, slots=True)
class QuickstartSidecar:
    """A sidecar that answers; `process` is None when it was running before."""

    settings: Settings
    target: Target
    process: SidecarProcess | None


@asynccontextmanager
async def sidecar_at_hand(asked: Settings, console: Console) -> AsyncIterator[QuickstartSidecar]:
    """A sidecar with these settings that answers; one that was started for this is stopped at the end.

    Raises: SidecarEnded when it can't start; BadUsage when its port or folder can't be used.
    """
    settings = asked if asked.port else asked.model_copy(update={"port": _free_port()})
    if await _is_alive(_target(settings)):
        await _check_token(_target(settings), settings)
        say(console, f"Using the sidecar that already runs at {_url(settings)}")
        yield QuickstartSidecar(settings, _target(settings), None)
        return
    async with sidecar_started(settings) as process:
        with console.status("starting the sidecar"):
            await _wait_until_alive(settings, process)
        say(console, f"Sidecar started at {_url(settings)}")
        try:
            yield QuickstartSidecar(settings, _target(settings), process)
        except CommandFault:
            process.check()  # if it has ended, that is the reason, and its last words say more
            raise


async def wait_until_ready(client: Client, sidecar: QuickstartSidecar) -> None:
    """Wait until dispatches can be answered; degraded is good enough.

    Raises: CommandFault naming the part that isn't ready.
    """
    loop = asyncio.get_running_loop()
    give_up_s = loop.time() + _READY_S
    while True:
        reply = read(ReadyReply, await client.get("/ready", replies=frozenset({503})))
        if reply.status != "not_ready":
            return
        if loop.time() > give_up_s:
            down = ", ".join(f"{name}: {part.detail}" for name, part in reply.parts.items() if part.status == "down")
            raise CommandFault(f"the sidecar doesn't get ready: {down}")
        if sidecar.process is not None:
            sidecar.process.check()
        await asyncio.sleep(_POLL_S)


async def _wait_until_alive(settings: Settings, process: SidecarProcess) -> None:
    loop = asyncio.get_running_loop()
    give_up_s = loop.time() + _START_S
    while not await _is_alive(_target(settings)):
        process.check()
        if loop.time() > give_up_s:
            raise CommandFault(f"the sidecar is silent after {_START_S:.0f} s; see {settings.data_dir / 'sidecar.log'}")
        await asyncio.sleep(_POLL_S)
    process.check()  # what answered may be another's, on a port that ours didn't get


async def _is_alive(target: Target) -> bool:
    async with connected(Target(target.url, None, "")) as client:
        try:
            return read(HealthReply, await client.get("/health", timeout_s=_PROBE_S)).status == "ok"
        except (NoSidecar, NotASidecar, Silent, ErrorAnswered):
            return False


async def _check_token(target: Target, settings: Settings) -> None:
    async with connected(target) as client:
        try:
            await client.get("/api/models")
        except ErrorAnswered as error:
            raise BadUsage(
                f"port {settings.port} is taken by an AI Dispatch of another data folder than {settings.data_dir}; "
                "stop it, or choose another --port"
            ) from error


def _target(settings: Settings) -> Target:
    """The token file is read anew each time: a first start writes it."""
    path = settings.admin_token_path
    return Target(_url(settings), read_token(path), f"the token in {path}")


def _url(settings: Settings) -> str:
    every_address = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound to, but replaced
    host = every_address.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

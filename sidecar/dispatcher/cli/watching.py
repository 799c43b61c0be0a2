"""`ai-dispatch containers --watch`: the fleet as it is every second, until told to stop."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.live import Live

from dispatcher.api.schemas import ContainersReply
from dispatcher.cli.client import connected
from dispatcher.cli.containers_table import containers_table
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import show_result, show_table, to_stdout
from dispatcher.cli.stopping import StopRequest, run_until_stopped
from dispatcher.cli.target import find_target

_EVERY_S = 1.0

Show = Callable[[bytes], None]


def watch_containers(url: str, *, as_json: bool) -> None:
    """Show the fleet again and again: in place on a terminal, else one table, or one line of JSON, after the other."""

    async def watch(_stop: StopRequest) -> None:
        async with connected(target) as client:
            with _shown(as_json=as_json) as show:
                while True:
                    show(await client.get("/api/containers"))
                    await asyncio.sleep(_EVERY_S)

    target = find_target(url)
    run_until_stopped(watch)


@contextmanager
def _shown(*, as_json: bool) -> Iterator[Show]:
    console = to_stdout()
    if as_json:
        yield lambda reply: show_result(one_line(reply))
    elif not console.is_terminal:
        yield lambda reply: show_table(containers_table(read(ContainersReply, reply)))
    else:
        with Live(console=console, auto_refresh=False) as live:
            yield lambda reply: live.update(containers_table(read(ContainersReply, reply)), refresh=True)

"""`ai-dispatch containers`: which replicas run now, and what memory they take."""

import typer
from rich.table import Table

from dispatcher.api.schemas import ContainersReply
from dispatcher.cli.client import ask
from dispatcher.cli.durations import seconds
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import new_table, show_result, show_table

_NUMBERS = frozenset({"memory", "reserved", "in flight", "waiting", "threads", "idle", "up", "pid"})


def containers(context: typer.Context, as_json: AsJson = False) -> None:
    """List the replicas: inference servers that run, are starting, or have just failed.

    \b
    Examples:
      ai-dispatch containers
      ai-dispatch containers --json | jq '.containers[].memory_mib'
    """
    reply = ask(url_of(context), lambda client: client.get("/api/containers"))
    if as_json:
        show_result(one_line(reply))
    else:
        show_table(_table(read(ContainersReply, reply)))


def _table(reply: ContainersReply) -> Table:
    table = new_table(
        *("model", "state", "memory", "reserved", "in flight", "waiting", "threads", "idle", "up", "pid", "host"),
        *("replica", "why"),
        right=_NUMBERS,
        caption=f"replicas: {len(reply.containers)}; {reply.memory_reserved_mib} of {reply.memory_budget_mib} MiB lent",
    )
    for container in reply.containers:
        state = f"{container.state}, {seconds(container.ready_in_s)} left" if container.ready_in_s else container.state
        table.add_row(
            container.model,
            state,
            "–" if container.memory_mib is None else f"{container.memory_mib} MiB",
            f"{container.memory_reserved_mib} MiB",
            f"{container.in_flight}/{container.slots}",
            str(container.waiting),
            str(container.threads),
            seconds(container.idle_s),
            seconds(container.uptime_s),
            "–" if container.pid is None else str(container.pid),
            container.host,
            container.id,
            container.reason,
        )
    return table

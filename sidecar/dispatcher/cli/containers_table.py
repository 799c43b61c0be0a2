"""The fleet as a table."""

from rich.table import Table

from dispatcher.api.schemas import ContainerReply, ContainersReply
from dispatcher.cli.durations import seconds
from dispatcher.cli.fetching import fetching_of, share
from dispatcher.cli.screen import harmless, new_table
from dispatcher.core.breaker import BreakerState


def containers_table(reply: ContainersReply) -> Table:
    """A row for each replica, and how much memory is lent to all of them; all the rest is in the JSON."""
    table = new_table(
        *("model", "state", "memory", "in flight", "idle", "up", "host", "replica", "why"),
        right=frozenset({"memory", "idle", "up"}),
        whole=frozenset({"replica"}),  # it is what `containers stop` takes
        caption=f"replicas: {len(reply.containers)}; {reply.memory_reserved_mib} of {reply.memory_budget_mib} MiB lent",
    )
    for container in reply.containers:
        table.add_row(
            container.model,
            _state(container),
            _memory(container),
            f"{container.in_flight}/{container.slots}" + (f", {container.waiting} wait" if container.waiting else ""),
            seconds(container.idle_s),
            seconds(container.uptime_s),
            container.host if container.pid is None else f"{container.host} {container.pid}",
            container.id,
            harmless(container.reason),
        )
    return table


def _memory(container: ContainerReply) -> str:
    if container.memory_limit_mib is None:
        return "its owner's"
    used = "–" if container.memory_mib is None else str(container.memory_mib)
    return f"{used} of {container.memory_reserved_mib} MiB"


def _state(container: ContainerReply) -> str:
    fetching = fetching_of(container)
    if fetching is not None:
        return f"{container.state}, {share(fetching)} of {harmless(fetching.what)}"
    return f"{container.state}, {seconds(container.ready_in_s)} left" if container.ready_in_s else _ready(container)


def _ready(container: ContainerReply) -> str:
    if container.breaker is not BreakerState.CLOSED:
        return f"{container.state}, {container.breaker}"
    return f"{container.state}, asleep" if container.paused else container.state

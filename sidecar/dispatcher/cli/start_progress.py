"""How far a start is: a bar on a terminal, else a line now and then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column

from dispatcher.api.schemas import ContainerReply
from dispatcher.cli.durations import seconds
from dispatcher.cli.fetching import amount, fetching_of, percent_of
from dispatcher.cli.screen import harmless, say

Show = Callable[[ContainerReply], None]

_LINE_EVERY_PERCENT = 10
_LINE_EVERY_BYTES = 100_000_000  # where the whole isn't known


@contextmanager
def start_shown(console: Console, title: str) -> Iterator[Show]:
    """A function that shows each look at a replica it is given, for as long as the context lasts."""
    if not console.is_terminal:
        yield _Lines(console, title).show
        return
    columns = (
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=8)),
        TextColumn("{task.fields[amount]}", markup=False, table_column=Column(no_wrap=True)),
        TimeElapsedColumn(table_column=Column(no_wrap=True)),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task(harmless(title), total=None, amount="")

        def show(replica: ContainerReply) -> None:
            fetching = fetching_of(replica)
            bar.update(task, description=harmless(f"{title}: {_stage(replica)}"), amount=_left(replica))
            # Not through update(), which takes None for "as it is": without a whole, the bar pulses.
            bar.tasks[0].total = (fetching.total_bytes or None) if fetching else None
            bar.tasks[0].completed = fetching.done_bytes if fetching else 0

        yield show


class _Lines:
    """Writes a line for every new stage, and for every further tenth of what it fetches."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._told: tuple[str, int] = ("", 0)

    def show(self, replica: ContainerReply) -> None:
        stage, step = _stage(replica), _step(replica)
        if stage == self._told[0] and step <= self._told[1]:
            return
        self._told = (stage, step)
        say(self._console, ", ".join(filter(None, (f"{self._title}: {stage}", _left(replica)))))


def _stage(replica: ContainerReply) -> str:
    fetching = fetching_of(replica)
    return f"{replica.state}, fetching {fetching.what}" if fetching else str(replica.state)


def _step(replica: ContainerReply) -> int:
    fetching = fetching_of(replica)
    if fetching is None:
        return 0
    percent = percent_of(fetching)
    return fetching.done_bytes // _LINE_EVERY_BYTES if percent is None else percent // _LINE_EVERY_PERCENT


def _left(replica: ContainerReply) -> str:
    fetching = fetching_of(replica)
    if fetching is not None:
        return amount(fetching)
    return f"about {seconds(replica.ready_in_s)} left" if replica.ready_in_s else ""

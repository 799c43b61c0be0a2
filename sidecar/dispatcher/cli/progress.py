"""How far a download is: a bar on a terminal, else a line now and then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Column

from dispatcher.api.schemas import ProgressReply
from dispatcher.cli.screen import say

Show = Callable[[ProgressReply], None]

_LINE_EVERY_PERCENT = 10


@contextmanager
def progress_shown(console: Console, title: str) -> Iterator[Show]:
    """A function that shows each progress it is given, for as long as the context lasts."""
    if not console.is_terminal:
        yield _source_told(console, title, _Lines(console, title).show)
        return
    columns = (
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=8)),
        DownloadColumn(table_column=Column(no_wrap=True)),
        TransferSpeedColumn(table_column=Column(no_wrap=True)),
        TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True)),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task(title, total=None)
        yield _source_told(
            console,
            title,
            lambda progress: bar.update(task, completed=progress.done_bytes, total=progress.total_bytes or None),
        )


def _source_told(console: Console, title: str, show: Show) -> Show:
    """The same, after a line whenever the source changes."""
    told: str | None = None

    def tell_and_show(progress: ProgressReply) -> None:
        nonlocal told
        if progress.source != told:
            told = progress.source
            say(console, f"Fetching {title}: {told}")
        show(progress)

    return tell_and_show


class _Lines:
    """Writes a line for every tenth part that has come, and again when another source begins anew."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._tenth = -1

    def show(self, progress: ProgressReply) -> None:
        percent = 100 * progress.done_bytes // progress.total_bytes if progress.total_bytes else 0
        if percent // _LINE_EVERY_PERCENT != self._tenth:
            self._tenth = percent // _LINE_EVERY_PERCENT
            done_mb, total_mb = progress.done_bytes / 1e6, progress.total_bytes / 1e6
            say(self._console, f"{self._title}: {percent} %, {done_mb:.0f} of {total_mb:.0f} MB")

"""What a person sees: results on standard output, everything about them on standard error."""

import sys
from typing import Literal

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

_FILE_WIDTH = 200  # a table that goes to a file or a pipe isn't squeezed into a terminal's 80 columns


def to_stdout() -> Console:
    """A console on standard output as it is now."""
    return _console(is_stderr=False)


def to_stderr() -> Console:
    """A console on standard error as it is now."""
    return _console(is_stderr=True)


def say(console: Console, text: str, style: str | Style = "") -> None:
    """Write lines as they are: nothing in them is markup, and nothing in them drives the terminal."""
    console.print(Text(harmless(text), style=style), soft_wrap=True, highlight=False)


def tell_fault(message: str) -> None:
    """Write the one line that says what went wrong."""
    console = to_stderr()
    console.print(Text.assemble(("error: ", "bold red"), harmless(" ".join(message.split()))), soft_wrap=True)


def show_result(text: str) -> None:
    """Write a result on standard output: to a program byte for byte, to a terminal without control characters."""
    sys.stdout.write((harmless(text) if sys.stdout.isatty() else text) + "\n")
    sys.stdout.flush()


def show_table(table: Table) -> None:
    """Write a table on standard output."""
    to_stdout().print(table)


def new_table(
    *columns: str,
    right: frozenset[str] = frozenset(),
    whole: frozenset[str] = frozenset(),
    caption: str | None = None,
) -> Table:
    """An empty table; the columns in `right` hold numbers, the first and those in `whole` stay on one line.

    Nothing is cut off: what is wider than its column goes on in the next line.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", caption=caption)
    table.caption_justify = "left"
    for place, column in enumerate(columns):
        side: Literal["right", "left"] = "right" if column in right else "left"
        table.add_column(column, justify=side, no_wrap=place == 0 or column in whole, overflow="fold")
    return table


def harmless(text: str) -> str:
    """The text without characters that steer a terminal; what a model writes isn't trusted."""
    return "".join(letter for letter in text if letter in "\n\t" or not _is_control(letter))


def _is_control(letter: str) -> bool:
    return letter < " " or "\x7f" <= letter < "\xa0"


def _console(*, is_stderr: bool) -> Console:
    console = Console(stderr=is_stderr, highlight=False, emoji=False, markup=False)
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    return console

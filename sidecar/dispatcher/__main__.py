"""The command line's entry: `ai-dispatch`, or `python -m dispatcher`."""

import io
import sys

from dispatcher.cli.program import program


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows `?`, not a traceback
    program(prog_name="ai-dispatch")


if __name__ == "__main__":
    main()

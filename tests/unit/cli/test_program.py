"""The program as a whole: its help, its version, its exit codes."""

import re

import pytest
from typer.testing import CliRunner

from dispatcher import __version__
from dispatcher.cli.faults import CommandFault, ErrorAnswered, SidecarEnded, exit_code_of
from dispatcher.cli.program import program
from dispatcher.errors import DispatcherError, RouteNotFound, SettingsError, StoreError
from tests.unit.cli.conftest import Run

COMMANDS = ("serve", "dispatch", "models", "containers", "performance", "quickstart")


def _help(*command: str) -> str:
    result = CliRunner().invoke(program, [*command, "--help"], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    return result.stdout


def test_the_help_names_every_command_and_every_exit_code() -> None:
    text = _help()
    assert all(re.search(rf"^│ {command} ", text, re.MULTILINE) for command in COMMANDS)
    assert all(re.search(rf"^ *{code} +\w", text, re.MULTILINE) for code in (0, 1, 2, 3, 130))


@pytest.mark.parametrize("command", [*COMMANDS, "models pull"])
def test_every_commands_help_has_examples_that_fit_the_screen(command: str) -> None:
    examples = re.search(r"^ Examples?: *\n((?:   .+\n)+)", _help(*command.split()), re.MULTILINE)
    assert examples is not None
    assert all("ai-dispatch" in line for line in examples[1].splitlines() if line.strip())
    assert command in examples[1]


async def test_the_version_is_the_packages(run: Run) -> None:
    assert (await run("--version")).stdout == f"ai-dispatch {__version__}\n"


async def test_a_command_that_is_not_there_is_wrong_usage(run: Run) -> None:
    assert (await run("dispach", "hello")).exit_code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandFault("x"), 1),
        (ErrorAnswered("x", 503), 1),
        (SidecarEnded("x", 3), 3),
        (SettingsError("x"), 2),
        (StoreError("x"), 3),
        (RouteNotFound("x"), 1),
    ],
)
def test_every_error_has_its_exit_code(error: CommandFault | DispatcherError, code: int) -> None:
    assert exit_code_of(error) == code

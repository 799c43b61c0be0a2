"""The program as a whole: its help, its version, its exit codes."""

import re
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from dispatcher import __version__
from dispatcher.cli.faults import CommandFault, ErrorAnswered, SidecarEnded, exit_code_of
from dispatcher.cli.program import program
from dispatcher.errors import DispatcherError, RouteNotFound, SettingsError, StoreError
from tests.unit.cli.conftest import Run

COMMANDS = (
    *("serve", "dispatch", "models", "containers", "jobs", "performance", "quickstart", "feedback"),
    "migrate-workflows",
)
IN_GROUPS = (
    *(f"models {verb}" for verb in ("add", "pull", "start", "stop", "enable", "disable", "pin", "unpin", "remove")),
    "containers stop",
    "jobs show",
    "jobs cancel",
    *(f"rankers {verb}" for verb in ("list", "evaluate", "promote", "rollback")),
    *(f"optimizer {verb}" for verb in ("run", "rules", "apply", "rollback")),
    *(f"variants {verb}" for verb in ("add", "promote", "retire")),
)


def _help(*command: str) -> str:
    result = CliRunner().invoke(program, [*command, "--help"], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    return result.stdout


def test_the_help_names_every_command_and_every_exit_code() -> None:
    text = _help()
    assert all(re.search(rf"^│ {command} ", text, re.MULTILINE) for command in COMMANDS)
    assert all(re.search(rf"^ *{code} +\w", text, re.MULTILINE) for code in (0, 1, 2, 3, 130))


@pytest.mark.parametrize("command", [*COMMANDS, *IN_GROUPS])
def test_every_commands_help_has_examples_that_fit_the_screen(command: str) -> None:
    examples = re.search(r"^ Examples?: *\n((?:   .+\n)+)", _help(*command.split()), re.MULTILINE)
    assert examples is not None
    commands = re.sub(r"\\ *\n", "", examples[1]).splitlines()  # a backslash continues a line
    assert all("ai-dispatch" in line for line in commands if line.strip())
    assert f"ai-dispatch {command}" in examples[1]


def test_the_examples_are_of_every_command_there_is() -> None:
    top: dict[str, Any] = get_command(program).commands  # type: ignore[attr-defined]
    groups = {name: group.commands for name, group in top.items() if hasattr(group, "commands")}
    assert {f"{name} {command}" for name, commands in groups.items() for command in commands} == set(IN_GROUPS)


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

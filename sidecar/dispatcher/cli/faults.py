"""What a command can fail with, and the exit code each failure gives."""

from enum import IntEnum

from dispatcher.errors import DispatcherError, SettingsError, StoreError


class ExitCode(IntEnum):
    """What the shell sees; the program's help names them all."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    STORE = 3
    INTERRUPTED = 130
    TERMINATED = 143


class CommandFault(Exception):
    """A command can't do what it was asked; the message says why and what helps."""

    exit_code: int = ExitCode.FAILED


class BadUsage(CommandFault):
    """The command was given something it can't use."""

    exit_code = ExitCode.USAGE


class NoSidecar(CommandFault):
    """Nothing answers at the sidecar's address."""


class NotASidecar(CommandFault):
    """Something answers, but not as a sidecar does."""


class Silent(CommandFault):
    """Something takes connections at the sidecar's address, but doesn't answer in time."""


class ErrorAnswered(CommandFault):
    """The sidecar answered with an error."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class SidecarEnded(CommandFault):
    """The sidecar that this command started has ended by itself."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def exit_code_of(error: CommandFault | DispatcherError) -> int:
    """The exit code that says what went wrong."""
    match error:
        case CommandFault():
            return error.exit_code
        case SettingsError():
            return ExitCode.USAGE
        case StoreError():
            return ExitCode.STORE
        case _:
            return ExitCode.FAILED

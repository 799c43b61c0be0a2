"""The program `ai-dispatch`: its commands, its global options, and the one door errors leave through."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dispatcher import __version__
from dispatcher.cli.calibrate import calibrate
from dispatcher.cli.containers import containers_group
from dispatcher.cli.dispatch import dispatch
from dispatcher.cli.faults import CommandFault, exit_code_of
from dispatcher.cli.feedback import feedback
from dispatcher.cli.jobs import jobs_group
from dispatcher.cli.migrate import migrate_workflows
from dispatcher.cli.models import models_group
from dispatcher.cli.optimizer import optimizer_group
from dispatcher.cli.performance import performance
from dispatcher.cli.quickstart import quickstart
from dispatcher.cli.rankers import rankers_group
from dispatcher.cli.screen import tell_fault
from dispatcher.cli.serve import serve
from dispatcher.cli.simulate import simulate
from dispatcher.cli.variants import variants_group
from dispatcher.errors import DispatcherError

_DEFAULT_URL = "http://127.0.0.1:3000"


class _Program(TyperGroup):
    """Turns every error into one line on standard error, and its exit code."""

    def invoke(self, ctx: Any) -> Any:  # typer keeps the context's type to itself
        try:
            return super().invoke(ctx)
        except (CommandFault, DispatcherError) as error:
            tell_fault(str(error))
            raise typer.Exit(exit_code_of(error)) from error


program = typer.Typer(
    cls=_Program,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"ai-dispatch {__version__}")
        raise typer.Exit


@program.callback()
def _options(
    context: typer.Context,
    url: Annotated[
        str, typer.Option(envvar="AI_DISPATCH_URL", metavar="URL", help="Where the sidecar answers.")
    ] = _DEFAULT_URL,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Choose which local model answers a prompt, and run it.

    Start the sidecar once, then ask it from n8n, from HTTP or from here:

    \b
      ai-dispatch quickstart                    all of it, in one go
      ai-dispatch serve                         start the sidecar
      ai-dispatch dispatch "Name three rivers"  have a prompt answered
      ai-dispatch dispatch --explain "…"        which model would, and why
      ai-dispatch models                        what there is to choose from

    Commands that talk to the sidecar send the token in AI_DISPATCH_TOKEN; without it, the admin token of this
    machine's data folder.

    \b
    Exit codes:
      0    done
      1    the sidecar answered with an error, or didn't answer
      2    wrong usage or settings
      3    the database can't be used
      130  stopped with Ctrl-C
    """
    context.obj = url


program.command()(quickstart)
program.command()(serve)
program.command()(dispatch)
program.add_typer(models_group)
program.command()(calibrate)
program.add_typer(containers_group)
program.add_typer(jobs_group)
program.add_typer(variants_group)
program.command()(performance)
program.command()(feedback)
program.add_typer(rankers_group)
program.add_typer(optimizer_group)
program.command()(simulate)
program.command()(migrate_workflows)

"""`ai-dispatch rankers`: what makes the forecasts, how good that is, and how to change it."""

from typing import Annotated

import typer

from dispatcher.api.learning_schemas import RankerReply, RankersReply
from dispatcher.cli.client import ask
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.paths import ranker_path
from dispatcher.cli.rankers_table import rankers_table
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, show_table, to_stderr

_EVALUATION_S = 300.0

rankers_group = typer.Typer(name="rankers", invoke_without_command=True)
RankerArgument = Annotated[
    str, typer.Argument(metavar="ID", help="A ranker, as `ai-dispatch rankers` lists it.", show_default=False)
]


@rankers_group.callback()
def rankers(context: typer.Context, as_json: AsJson = False) -> None:
    """List the rankers: what foretells how models will do, and what may take its place.

    \b
    Examples:
      ai-dispatch rankers
      ai-dispatch rankers --json | jq '.rankers[] | {id, state, evidence}'
    """
    if context.invoked_subcommand is None:
        _show(context, as_json)


@rankers_group.command("list")
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """List the rankers.

    \b
    Example:
      ai-dispatch rankers list
    """
    _show(context, as_json)


@rankers_group.command()
def evaluate(context: typer.Context, ranker_id: RankerArgument, as_json: AsJson = False) -> None:
    """Estimate from the log what a ranker would have gained; a good candidate is then watched beside the live one.

    \b
    Example:
      ai-dispatch rankers evaluate r_0f6a3c
    """
    _do(context, "evaluate", ranker_id, as_json)


@rankers_group.command()
def promote(context: typer.Context, ranker_id: RankerArgument, as_json: AsJson = False) -> None:
    """Take a ranker a step further, whatever the evidence says: watched, on trial, live.

    \b
    Example:
      ai-dispatch rankers promote r_0f6a3c
    """
    _do(context, "promote", ranker_id, as_json)


@rankers_group.command()
def rollback(context: typer.Context, ranker_id: RankerArgument, as_json: AsJson = False) -> None:
    """Take a ranker out of its place; in that of the live one comes the one before.

    \b
    Example:
      ai-dispatch rankers rollback r_0f6a3c
    """
    _do(context, "rollback", ranker_id, as_json)


def _show(context: typer.Context, as_json: bool) -> None:
    reply = ask(url_of(context), lambda client: client.get("/api/rankers"))
    if as_json:
        show_result(one_line(reply))
    else:
        show_table(rankers_table(read(RankersReply, reply)))


def _do(context: typer.Context, verb: str, ranker_id: str, as_json: bool) -> None:
    path = ranker_path(ranker_id, verb)
    reply = ask(url_of(context), lambda client: client.send("POST", path, timeout_s=_EVALUATION_S))
    if as_json:
        show_result(one_line(reply))
        return
    ranker = read(RankerReply, reply)
    say(to_stderr(), f"{ranker.id}: {ranker.state}, {ranker.why}")

"""`ai-dispatch variants`: the ways prompts are put to models, and an admin's word on them."""

from typing import Annotated

import typer

from dispatcher.api.variant_schemas import VariantReply, VariantsReply
from dispatcher.cli.client import ask
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.paths import variant_path
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, show_table, to_stderr
from dispatcher.cli.variant_entries import add
from dispatcher.cli.variants_table import variants_table

_VariantArgument = Annotated[
    str,
    typer.Argument(metavar="VARIANT", help="As `ai-dispatch variants` lists it: any/chat/1.", show_default=False),
]

variants_group = typer.Typer(name="variants", invoke_without_command=True)
variants_group.command()(add)


@variants_group.callback()
def variants(context: typer.Context, as_json: AsJson = False) -> None:
    """List the ways prompts are put to models, how each of them does, and against what.

    \b
    Examples:
      ai-dispatch variants
      ai-dispatch variants add --task-type classification \\
        --system "Answer with the label only."
      ai-dispatch variants promote any/classification/1
    """
    if context.invoked_subcommand is not None:
        return
    reply = ask(url_of(context), lambda client: client.get("/api/prompt-variants"))
    if as_json:
        show_result(one_line(reply))
    else:
        show_table(variants_table(read(VariantsReply, reply)))


@variants_group.command()
def promote(context: typer.Context, variant: _VariantArgument, as_json: AsJson = False) -> None:
    """Move a variant on: to a trial with one dispatch in ten, and from there to live.

    \b
    Example:
      ai-dispatch variants promote any/classification/1
    """
    _move(context, variant, "promote", as_json)


@variants_group.command()
def retire(context: typer.Context, variant: _VariantArgument, as_json: AsJson = False) -> None:
    """Take a variant out of use. When it was live, prompts are put to models plainly again.

    \b
    Example:
      ai-dispatch variants retire any/classification/1
    """
    _move(context, variant, "retire", as_json)


def _move(context: typer.Context, variant: str, verb: str, as_json: bool) -> None:
    path = variant_path(variant, verb)
    reply = ask(url_of(context), lambda client: client.send("POST", path))
    if as_json:
        show_result(one_line(reply))
    else:
        say(to_stderr(), f"{variant}: {read(VariantReply, reply).state}")

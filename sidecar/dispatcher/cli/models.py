"""`ai-dispatch models`: what there is to choose from, and every command that changes it."""

import typer

from dispatcher.api.schemas import ModelsReply
from dispatcher.cli.client import ask
from dispatcher.cli.model_entries import add, remove
from dispatcher.cli.model_start import start, stop
from dispatcher.cli.model_switches import disable, enable, pin, unpin
from dispatcher.cli.models_table import models_table
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.pull import pull
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import show_result, show_table

models_group = typer.Typer(name="models", invoke_without_command=True)
for command in (add, pull, start, stop, enable, disable, pin, unpin, remove):
    models_group.command()(command)


@models_group.callback()
def models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models, whether their weights are here, and what they can do; or change them.

    \b
    Examples:
      ai-dispatch models
      ai-dispatch models --json | jq -r '.models[].id'
      ai-dispatch models pull qwen2.5-coder-0.5b-instruct
      ai-dispatch models start qwen2.5-coder-0.5b-instruct

    Models that Ollama or vLLM serves in a container are entered first; `ai-dispatch models add --help` shows how.
    """
    if context.invoked_subcommand is not None:
        return
    reply = ask(url_of(context), lambda client: client.get("/api/models"))
    if as_json:
        show_result(one_line(reply))
    else:
        show_table(models_table(read(ModelsReply, reply)))

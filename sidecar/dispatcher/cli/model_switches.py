"""`ai-dispatch models enable`, `disable`, `pin` and `unpin`: the switches that every model has."""

import typer

from dispatcher.api.schemas import ModelReply, ModelSwitches
from dispatcher.cli.bodies import encoded
from dispatcher.cli.client import ask
from dispatcher.cli.options import AsJson, ModelArgument, url_of
from dispatcher.cli.paths import model_path
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, to_stderr


def enable(context: typer.Context, model_id: ModelArgument, as_json: AsJson = False) -> None:
    """Let a model be chosen again.

    \b
    Example:
      ai-dispatch models enable smollm2-135m-instruct
    """
    _switch(context, model_id, ModelSwitches(enabled=True), as_json)


def disable(context: typer.Context, model_id: ModelArgument, as_json: AsJson = False) -> None:
    """Keep a model from being chosen; `ai-dispatch models stop` ends what runs.

    \b
    Example:
      ai-dispatch models disable smollm2-135m-instruct
    """
    _switch(context, model_id, ModelSwitches(enabled=False), as_json)


def pin(context: typer.Context, model_id: ModelArgument, as_json: AsJson = False) -> None:
    """Keep a model's replicas: they are never evicted, nor stopped for idleness.

    \b
    Example:
      ai-dispatch models pin llama3.2-3b
    """
    _switch(context, model_id, ModelSwitches(pinned=True), as_json)


def unpin(context: typer.Context, model_id: ModelArgument, as_json: AsJson = False) -> None:
    """Let a model's replicas be evicted and stopped for idleness again.

    \b
    Example:
      ai-dispatch models unpin llama3.2-3b
    """
    _switch(context, model_id, ModelSwitches(pinned=False), as_json)


def _switch(context: typer.Context, model_id: str, switches: ModelSwitches, as_json: bool) -> None:
    path, body = model_path(model_id), encoded(lambda: switches)
    reply = ask(url_of(context), lambda client: client.send("PATCH", path, body))
    if as_json:
        show_result(one_line(reply))
    else:
        model = read(ModelReply, reply)
        is_on = ("enabled" if model.enabled else "disabled", "pinned" if model.pinned else "not pinned")
        say(to_stderr(), f"{model.id}: {', '.join(is_on)}")

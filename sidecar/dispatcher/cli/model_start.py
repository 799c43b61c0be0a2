"""`ai-dispatch models start` and `stop`: whether a model runs."""

from typing import Annotated

import typer

from dispatcher.api.schemas import ModelReply
from dispatcher.cli.client import Client, ask
from dispatcher.cli.options import AsJson, ModelArgument, url_of
from dispatcher.cli.paths import model_path
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, to_stderr
from dispatcher.cli.start_progress import start_shown
from dispatcher.cli.starting import until_ready
from dispatcher.core.replica import ReplicaState

_POLL_S = 0.5


def start(
    context: typer.Context,
    model_id: ModelArgument,
    wait: Annotated[bool, typer.Option(help="Wait until it is ready, and show how far it is.")] = True,
    as_json: AsJson = False,
) -> None:
    """Start a replica of a model, unless one is up; also of a model that is kept from starting.

    What it needs is fetched first. Ctrl-C ends the watching; the sidecar goes on starting it.

    \b
    Examples:
      ai-dispatch models start llama3.2-3b
      ai-dispatch models start qwen2.5-7b --no-wait
    """
    console, path = to_stderr(), model_path(model_id, "start")

    async def started(client: Client) -> bytes:
        reply = await client.send("POST", path)
        if not wait:
            return reply
        with start_shown(console, model_id) as show:
            return await until_ready(client, model_id, show, _POLL_S)

    reply = ask(url_of(context), started)
    if as_json:
        show_result(one_line(reply))
    else:
        model = read(ModelReply, reply)
        hint = "" if model.state is ReplicaState.READY else "; ai-dispatch containers --watch shows how far it is"
        say(console, f"{model.id}: {model.state}{hint}")


def stop(context: typer.Context, model_id: ModelArgument, as_json: AsJson = False) -> None:
    """Let a model's replicas finish what they promised, then stop them.

    A later dispatch may start it again; `ai-dispatch models disable` prevents that.

    \b
    Example:
      ai-dispatch models stop llama3.2-3b
    """
    path = model_path(model_id, "stop")
    reply = ask(url_of(context), lambda client: client.send("POST", path))
    if as_json:
        show_result(one_line(reply))
    else:
        model = read(ModelReply, reply)
        is_down = model.state is ReplicaState.STOPPED
        say(to_stderr(), f"{model.id}: {'no replica is running' if is_down else 'stops when its work is done'}")

"""`ai-dispatch models pull`: fetches a model's weights, behind a progress bar."""

from contextlib import aclosing

import typer
from rich.console import Console

from dispatcher.api.schemas import ErrorReply, ModelReply, ProgressReply
from dispatcher.cli.client import Client, ask
from dispatcher.cli.faults import CommandFault
from dispatcher.cli.options import AsJson, ModelArgument, url_of
from dispatcher.cli.paths import model_path
from dispatcher.cli.progress import progress_shown
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, to_stderr


def pull(
    context: typer.Context,
    model_id: ModelArgument,
    as_json: AsJson = False,
) -> None:
    """Fetch a model's weights, so that it can be chosen; what is half there is taken up again.

    Ctrl-C ends the watching; the sidecar goes on fetching.

    \b
    Example:
      ai-dispatch models pull qwen2.5-coder-0.5b-instruct
    """
    console = to_stderr()
    reply = ask(url_of(context), lambda client: pulled(client, model_id, console))
    if as_json:
        show_result(one_line(reply))
    else:
        model = read(ModelReply, reply)
        say(console, f"{model.id}: weights {model.weights}")


async def pulled(client: Client, model_id: str, console: Console) -> bytes:
    """Have the sidecar fetch a model's weights and show how far it is; returns the model's reply.

    Raises: CommandFault saying why they can't be had.
    """
    with progress_shown(console, model_id) as show:
        async with aclosing(client.events(model_path(model_id, "pull"))) as events:
            async for event in events:
                if event.name == "progress":
                    show(read(ProgressReply, event.data))
                elif event.name == "done":
                    return event.data
                elif event.name == "error":
                    raise CommandFault(read(ErrorReply, event.data).error.message)
    raise CommandFault(f"the sidecar stopped telling how far {model_id} is; see its log, then pull again")

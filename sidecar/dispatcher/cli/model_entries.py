"""`ai-dispatch models add` and `remove`: which models an admin has entered."""

from typing import Annotated

import typer

from dispatcher.api.schemas import ModelBody, ModelReply
from dispatcher.cli.bodies import encoded
from dispatcher.cli.client import ask
from dispatcher.cli.options import AsJson, ModelArgument, url_of
from dispatcher.cli.paths import model_path
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, to_stderr
from dispatcher.core.model import Engine, HostKind
from dispatcher.core.task import Capability


def add(
    context: typer.Context,
    model_id: Annotated[str, typer.Argument(metavar="ID", help="Its name here.", show_default=False)],
    engine: Annotated[Engine, typer.Option(help="The program that serves it.", show_default=False)],
    reference: Annotated[
        str, typer.Option(help="The engine's own name for it; owner/name for vllm.", show_default=False)
    ],
    parameters_b: Annotated[float, typer.Option(help="Billions of parameters.", show_default=False)],
    host: Annotated[
        HostKind | None,
        typer.Option(help="Where its replicas run.", show_default="process for embedded, else docker"),
    ] = None,
    context_tokens: Annotated[int, typer.Option(help="Context of each slot, in tokens.")] = 4096,
    slots: Annotated[int, typer.Option(help="Answers a replica writes at the same time.")] = 1,
    weights_mib: Annotated[
        int | None, typer.Option(help="Size of the weights, in MiB.", show_default="from the parameters")
    ] = None,
    family: Annotated[str, typer.Option(help="Its prompt dialect.")] = "plain",
    licence: Annotated[str, typer.Option(help="What its weights may be used for.")] = "unknown",
    needs_gpu: Annotated[bool, typer.Option("--needs-gpu", help="Start it with the machine's GPUs.")] = False,
    embedding: Annotated[
        bool, typer.Option("--embedding", help="It turns texts into vectors, and answers no prompts.")
    ] = False,
    pinned: Annotated[bool, typer.Option("--pinned", help="Never evict it, nor stop it for idleness.")] = False,
    idle_stop_s: Annotated[
        float | None, typer.Option(help="Seconds a replica may be idle.", show_default="the sidecar's setting")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Enter a model, so that it can be chosen.

    What isn't said is taken from its size until it is measured. Nothing is fetched yet: its first start does that.

    \b
    Examples:
      ai-dispatch models add llama3.2-3b --engine ollama \\
        --reference llama3.2:3b --parameters-b 3.2
      ai-dispatch models add phi3-mini --engine ollama \\
        --reference phi3:mini --parameters-b 3.8
      ai-dispatch models add qwen2.5-7b --engine ollama \\
        --reference qwen2.5:7b --parameters-b 7.6 --context-tokens 8192
      ai-dispatch models add coder --engine embedded \\
        --reference qwen2.5-coder-0.5b-instruct --parameters-b 0.5
      ai-dispatch models add nomic --engine ollama --embedding \\
        --reference nomic-embed-text --parameters-b 0.14
    """
    body = encoded(
        lambda: ModelBody(
            id=model_id,
            engine=engine,
            reference=reference,
            host=host,
            family=family,
            parameters_b=parameters_b,
            licence=licence,
            context_tokens=context_tokens,
            slots=slots,
            weights_mib=weights_mib,
            capabilities=frozenset({Capability.EMBEDDING if embedding else Capability.JSON}),
            needs_gpu=needs_gpu,
            pinned=pinned,
            idle_stop_s=idle_stop_s,
        )
    )
    reply = ask(url_of(context), lambda client: client.send("POST", "/api/models", body))
    if as_json:
        show_result(one_line(reply))
    else:
        model = read(ModelReply, reply)
        say(to_stderr(), f"{model.id}: entered, {model.memory_mib} MiB; ai-dispatch models start {model.id} starts it")


def remove(context: typer.Context, model_id: ModelArgument, as_json: AsJson = False) -> None:
    """Forget a model that was added; its replicas finish what they promised, then stop.

    A model that comes with the package can't be removed; disable it instead.

    \b
    Example:
      ai-dispatch models remove llama3.2-3b
    """
    path = model_path(model_id)
    reply = ask(url_of(context), lambda client: client.send("DELETE", path))
    if as_json:
        show_result(one_line(reply))
    else:
        say(to_stderr(), f"{model_id}: removed")

"""`ai-dispatch models add` and `remove`: which models an admin has entered."""

import sys
from pathlib import Path
from typing import Annotated, Any

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
    reference: Annotated[str, typer.Option(help="The engine's own name for it, or its server's.", show_default=False)],
    parameters_b: Annotated[float, typer.Option(help="Billions of parameters.", show_default=False)],
    host: Annotated[
        HostKind | None,
        typer.Option(
            help="Where its replicas run.", show_default="process for embedded, remote for openai, else docker"
        ),
    ] = None,
    context_tokens: Annotated[int, typer.Option(help="Context of each slot, in tokens.")] = 4096,
    slots: Annotated[
        int | None, typer.Option(help="Answers a replica writes at the same time.", show_default="1, remote 8")
    ] = None,
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
    url: Annotated[str | None, typer.Option(help="Where someone else runs it.", show_default=False)] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(help="File that holds its key; - reads it from the input.", allow_dash=True, show_default=False),
    ] = None,
    usd_per_mtok: Annotated[float, typer.Option(help="What a million tokens cost there, in US dollars.")] = 0.0,
    requests_per_minute: Annotated[
        int | None, typer.Option(help="How often it may be asked.", show_default="no limit")
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="Let prompts with privacy: local go there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Enter a model, so that it can be chosen.

    What isn't said is taken from its size until it is measured. Nothing is fetched yet: its first start does that.

    With the host remote someone else runs it, at --url. Its key is sent there and nowhere else, and is never shown.

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
      ai-dispatch models add gpu-box --engine ollama --host remote \\
        --url http://192.168.1.20:11434 --reference qwen2.5:32b \\
        --parameters-b 32 --local
      ai-dispatch models add cloud-mini --engine openai \\
        --url https://api.example.com/v1 --reference example-mini \\
        --parameters-b 8 --usd-per-mtok 0.4
    """
    remote = _remote_fields(url, api_key_file, usd_per_mtok, requests_per_minute, is_local=local)
    body = encoded(
        lambda: ModelBody(
            **remote,
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
        say(to_stderr(), f"{model.id}: entered, {_what_now(model)}")


def _remote_fields(
    url: str | None, key_file: Path | None, usd_per_mtok: float, per_minute: int | None, *, is_local: bool
) -> dict[str, Any]:
    """What was said of a model that someone else runs; of others, nothing may be said."""
    said: dict[str, Any] = {"url": url, "requests_per_minute": per_minute, "api_key": _key_in(key_file)}
    said |= {"usd_per_mtok": usd_per_mtok or None, "local": is_local or None}
    return {name: value for name, value in said.items() if value is not None}


def _key_in(file: Path | None) -> str | None:
    """A key isn't taken from the command line: other users of the machine would see it, and the shell keeps it."""
    if file is None:
        return None
    try:
        return (sys.stdin.read() if str(file) == "-" else file.read_text()).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} can't be read: {error}", param_hint="--api-key-file") from error


def _what_now(model: ModelReply) -> str:
    if model.url is None:
        return f"{model.memory_mib} MiB; ai-dispatch models start {model.id} starts it"
    if model.reason is None:
        return f"and {model.url} answers"
    return f"but: {model.reason}"


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

"""`ai-dispatch quickstart`: from nothing to a first answer, and a sidecar that n8n can use."""

from dataclasses import dataclass
from typing import Annotated

import orjson
import typer
from rich.console import Console

from dispatcher.api.schemas import DispatchBody, DispatchReply, ModelsReply, RequirementsBody
from dispatcher.cli.client import Client, connected
from dispatcher.cli.decision_lines import about_dispatch
from dispatcher.cli.faults import BadUsage, CommandFault
from dispatcher.cli.options import DataDir
from dispatcher.cli.pull import pulled
from dispatcher.cli.quickstart_sidecar import QuickstartSidecar, sidecar_at_hand, wait_until_ready
from dispatcher.cli.replies import read
from dispatcher.cli.screen import say, show_result, to_stderr, to_stdout
from dispatcher.cli.signpost import signpost
from dispatcher.cli.stopping import StopRequest, run_until_stopped
from dispatcher.core.model import WeightsState
from dispatcher.settings import Settings, load_settings

FIRST_MODEL = "smollm2-135m-instruct"
SECOND_MODEL = "qwen2.5-coder-0.5b-instruct"
LARGE_MODEL = "qwen2.5-coder-1.5b-instruct"
EMBEDDING_MODEL = "all-minilm-l6-v2"

_PROMPT = "What is the capital of France? Answer in one short sentence."
_TIMEOUT_S = 120.0
_REQUIREMENTS = RequirementsBody(max_tokens=64, timeout=_TIMEOUT_S, temperature=0.0)  # a small model rambles when warm
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Wish:
    prompt: str
    further_models: tuple[str, ...]
    is_once: bool
    is_json: bool


def quickstart(
    prompt: Annotated[str, typer.Argument(help="The first prompt.", show_default=False)] = _PROMPT,
    port: Annotated[
        int | None, typer.Option(help="Where it listens; 0 takes a free port.", show_default="3000")
    ] = None,
    data_dir: DataDir = None,
    once: Annotated[bool, typer.Option("--once", help="Stop the sidecar after the first answer.")] = False,
    small: Annotated[bool, typer.Option("--small", help="Fetch the smallest model only (0.1 GB).")] = False,
    large: Annotated[bool, typer.Option("--large", help="Fetch the 1.5B model too (1.1 GB more).")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Last line on standard output: the answer as JSON.")] = False,
) -> None:
    """Start a sidecar, fetch small models, answer a first prompt, and say how to go on.

    The models are two that answer prompts, and one for embeddings.
    The sidecar runs until Ctrl-C. A second start takes seconds: what was fetched is kept.

    \b
    Examples:
      ai-dispatch quickstart
      ai-dispatch quickstart --port 3001 "Name three rivers in Europe"
      ai-dispatch quickstart --once --small --json
    """
    if small and large:
        raise BadUsage("--small and --large exclude each other; leave one out")
    settings = load_settings({"port": port, "data_dir": data_dir.expanduser().absolute() if data_dir else None})
    further = () if small else (EMBEDDING_MODEL, SECOND_MODEL, *((LARGE_MODEL,) if large else ()))
    wish = _Wish(prompt, further, once, as_json)
    console = to_stderr() if as_json else to_stdout()
    run_until_stopped(lambda stop: _story(wish, settings, stop, console))


async def _story(wish: _Wish, settings: Settings, stop: StopRequest, console: Console) -> None:
    async with sidecar_at_hand(settings, console) as sidecar:
        async with connected(sidecar.target) as client:
            await _fetch(client, FIRST_MODEL, console)
            await wait_until_ready(client, sidecar)
            _show(await _first_answer(client, wish.prompt, console), wish, console)
            for model in wish.further_models:
                await _fetch_if_possible(client, model, console)
        say(console, signpost(settings, sidecar, has_choice=bool(wish.further_models), is_once=wish.is_once))
        if not wish.is_once:
            await _keep_running(sidecar, stop, console)


async def _fetch(client: Client, model_id: str, console: Console) -> None:
    models = read(ModelsReply, await client.get("/api/models")).models
    if any(model.id == model_id and model.weights is WeightsState.PRESENT for model in models):
        return
    await pulled(client, model_id, console)
    say(console, f"Fetched {model_id}")


async def _fetch_if_possible(client: Client, model_id: str, console: Console) -> None:
    try:
        await _fetch(client, model_id, console)
    except CommandFault as fault:
        say(console, f"Going on without {model_id}: {fault}", style="yellow")


async def _first_answer(client: Client, prompt: str, console: Console) -> DispatchReply:
    body = DispatchBody(prompt=prompt, requirements=_REQUIREMENTS)
    sent = orjson.dumps(body.model_dump(mode="json", exclude_defaults=True))
    say(console, f"Asking: {prompt}")
    with console.status("choosing a model, loading it, writing"):
        return read(DispatchReply, await client.send("POST", "/api/dispatch", sent, _TIMEOUT_S + 15))


def _show(reply: DispatchReply, wish: _Wish, console: Console) -> None:
    say(console, f"\n{reply.text}\n", style="bold")
    say(console, "\n".join(about_dispatch(reply)) + "\n", style="dim")
    if wish.is_json:
        last = {"text": reply.text, "model": reply.model, "reason": reply.decision.why}
        show_result(orjson.dumps({**last, "dispatch_id": reply.dispatch_id}).decode())


async def _keep_running(sidecar: QuickstartSidecar, stop: StopRequest, console: Console) -> None:
    if sidecar.process is None:
        return
    say(console, "\nThe sidecar is running; Ctrl-C stops it.")
    while not await stop.comes_within(_LOOK_EVERY_S):
        sidecar.process.check()
        sidecar.process.shorten_log()
    say(console, "\nStopping the sidecar")

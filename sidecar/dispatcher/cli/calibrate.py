"""`ai-dispatch calibrate`: has models measured, so that forecasts start from this machine's figures."""

from contextlib import aclosing
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dispatcher.api.calibration_schemas import CalibrationReply, CalibrationStepReply
from dispatcher.api.schemas import ErrorReply, ModelReply, ModelsReply
from dispatcher.cli.client import Client, ask
from dispatcher.cli.faults import CommandFault
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.paths import model_path
from dispatcher.cli.replies import read
from dispatcher.cli.screen import new_table, say, show_result, show_table, to_stderr
from dispatcher.core.model import WeightsState
from dispatcher.core.task import TaskType

_NUMBERS = frozenset({"reads", "writes", "loads in", "memory"})


def calibrate(
    context: typer.Context,
    model_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...", help="Which models; without any, all that can answer.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how fast models are here, with five short prompts each: a minute or so for a small model.

    They are loaded for it, one after the other. What is measured is where forecasts start from; the prompts don't
    count as dispatches.

    \b
    Example:
      ai-dispatch calibrate qwen2.5-0.5b-instruct
    """
    console = to_stderr()
    found = ask(url_of(context), lambda client: _calibrated(client, model_ids or [], console))
    if as_json:
        show_result(f"[{','.join(one.model_dump_json() for one in found)}]")
    else:
        show_table(_table(found))


async def _calibrated(client: Client, model_ids: list[str], console: Console) -> list[CalibrationReply]:
    if not model_ids:
        models = read(ModelsReply, await client.get("/api/models")).models
        model_ids = [one.id for one in models if _can_be_asked(one)]
    return [await _measured(client, model_id, console) for model_id in model_ids]


def _can_be_asked(model: ModelReply) -> bool:
    writes = set(model.task_types) != {TaskType.EMBEDDING}
    return writes and model.enabled and model.weights is WeightsState.PRESENT


async def _measured(client: Client, model_id: str, console: Console) -> CalibrationReply:
    async with aclosing(client.events(model_path(model_id, "calibrate"))) as events:
        async for event in events:
            if event.name == "progress":
                step = read(CalibrationStepReply, event.data)
                say(console, f"{model_id}: {step.done} of {step.prompts} prompts answered")
            elif event.name == "done":
                return read(CalibrationReply, event.data)
            elif event.name == "error":
                raise CommandFault(read(ErrorReply, event.data).error.message)
    raise CommandFault(f"the sidecar stopped telling how {model_id} does; see its log, then calibrate again")


def _table(found: list[CalibrationReply]) -> Table:
    table = new_table("model", "reads", "writes", "loads in", "memory", right=_NUMBERS)
    for one in found:
        table.add_row(
            one.id,
            _with_unit(one.prefill_tps, "tokens/s"),
            _with_unit(one.decode_tps, "tokens/s"),
            _with_unit(one.load_s, "s"),
            "–" if one.memory_mib is None else f"{one.memory_mib} MiB",
        )
    return table


def _with_unit(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:.1f} {unit}"

"""`ai-dispatch simulate`: what would have been with other memory, other models, another way to schedule."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.table import Table

from dispatcher.cli.durations import seconds
from dispatcher.cli.faults import BadUsage
from dispatcher.cli.screen import new_table, say, show_result, show_table, to_stdout
from dispatcher.cli.timeline import svg, text_lines
from dispatcher.cli.workload_file import read_workload
from dispatcher.cli.workload_log import candidate_of, workload_of_log
from dispatcher.core.container_models import ollama_models
from dispatcher.core.eligibility import Candidate
from dispatcher.core.simulation.collated import Collated
from dispatcher.core.simulation.fifo import Fifo
from dispatcher.core.simulation.ours import Ours
from dispatcher.core.simulation.policy import Policy
from dispatcher.core.simulation.result import Result
from dispatcher.core.simulation.run import simulate as simulated
from dispatcher.core.simulation.workload import Workload
from dispatcher.core.task import ModelId
from dispatcher.weights.catalogue import load_catalogue

_NUMBERS = (
    "in time", "refused", "quality", "p50", "p90", "p99", "mean", "longest wait", "swaps", "GB·s", "answers/GB·s"
)  # fmt: skip


def simulate(
    workload: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A workload in JSON.", show_default=False)
    ] = None,
    from_log: Annotated[
        Path | None,
        typer.Option(metavar="DATABASE", help="Replay a sidecar's ai-dispatch.db instead.", show_default=False),
    ] = None,
    since: Annotated[str, typer.Option(help="How far back in the log: 30m, 12h, 7d, or a UTC time.")] = "7d",
    memory_mib: Annotated[
        int | None, typer.Option(min=1, help="What if models had so much memory.", show_default=False)
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="What if this model weren't there.", show_default=False)
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="ID", help="What if this model were there too.", show_default=False),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(help="ours, fifo, collated or same:MODEL; the first three if not given.", show_default=False),
    ] = None,
    svg_file: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Also draw it here.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as one line of JSON.")] = False,
) -> None:
    """Play calls through the sidecar's own decisions on a machine that exists only as numbers, and compare.

    Nothing is run and nothing is asked of a sidecar. A call without an answer in time counts with all the time its
    caller would have waited. Calls for a model that isn't there leave the choice open.

    \b
    Examples:
      ai-dispatch simulate monday.json
      ai-dispatch simulate --from-log ~/.local/share/ai-dispatch/ai-dispatch.db --since 24h --memory-mib 8192
      ai-dispatch simulate monday.json --without qwen2.5-7b --policy ours --policy same:llama3.2-3b --svg monday.svg
    """
    asked = _changed(_read(workload, from_log, since), memory_mib, without or [], with_ or [])
    policies = [_policy(name, asked) for name in policy or ("ours", "fifo", "collated")]
    results = [simulated(asked, one) for one in policies]
    models = sorted(asked.candidates)
    if svg_file is not None:
        _write(svg_file, svg(results, models))
    if as_json:
        show_result(orjson.dumps([_as_dict(result) for result in results]).decode())
        return
    show_table(_table(results, asked))
    say(to_stdout(), "\n" + "\n".join(text_lines(results, models)))


def _read(path: Path | None, from_log: Path | None, since: str) -> Workload:
    if path is not None and from_log is None:
        return read_workload(path)
    if from_log is not None and path is None:
        return workload_of_log(from_log, since)
    raise BadUsage("name either a workload FILE or --from-log DATABASE")


def _changed(workload: Workload, memory_mib: int | None, without: list[str], added: list[str]) -> Workload:
    """The workload with other memory and other models."""
    unknown = [name for name in without if name not in workload.candidates]
    if unknown:
        raise BadUsage(f"--without: there is no {unknown[0]}; there are {', '.join(sorted(workload.candidates))}")
    kept = [one for one in workload.models if one.spec.id not in without]
    models = {one.spec.id: one for one in (*kept, *(_offered(name, workload) for name in added))}
    if not models:
        raise BadUsage("--without: no model is left")
    calls = tuple(call if call.model in models else replace(call, model=None) for call in workload.calls)
    return Workload(tuple(models.values()), calls, memory_mib or workload.budget_mib, workload.stop_s)


def _offered(name: str, workload: Workload) -> Candidate:
    """A model that AI Dispatch comes with, on as many threads as the others."""
    specs = {spec.id: spec for spec in (*(entry.spec for entry in load_catalogue()), *ollama_models())}
    spec = specs.get(ModelId(name))
    if spec is None:
        raise BadUsage(f"--with: {name} isn't known; there are {', '.join(sorted(specs))}")
    return candidate_of(spec, workload.models[0].threads)


def _policy(name: str, workload: Workload) -> Policy:
    match name.split(":", 1):
        case ["ours"]:
            return Ours()
        case ["fifo"]:
            return Fifo()
        case ["collated"]:
            return Collated()
        case ["same", model_id] if model_id in workload.candidates:
            return Fifo(always=ModelId(model_id))
        case ["same", _]:
            raise BadUsage(f"--policy: same: takes one of {', '.join(sorted(workload.candidates))}")
    raise BadUsage(f"--policy is {name!r}; say ours, fifo, collated or same:MODEL")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadUsage(f"--svg: {path} can't be written: {error.strerror}") from error


def _as_dict(result: Result) -> dict[str, object]:
    numbers = asdict(result)
    return {**numbers, "deadline_hits": result.deadline_hits, "work_per_gb_s": result.work_per_gb_s}


def _table(results: list[Result], workload: Workload) -> Table:
    caption = f"{len(workload.calls)} calls, {len(workload.models)} models, {workload.budget_mib} MiB"
    table = new_table("policy", *_NUMBERS, right=frozenset(_NUMBERS), caption=caption)
    for one in results:
        times = (one.p50_s, one.p90_s, one.p99_s, one.mean_s, one.longest_wait_s)
        table.add_row(
            one.policy,
            f"{one.deadline_hits:.1%}",
            str(one.refused),
            f"{one.quality:.2f}",
            *map(seconds, times),
            str(one.swaps),
            f"{one.gb_s:.0f}",
            f"{one.work_per_gb_s:.3f}",
        )
    return table

"""`ai-dispatch models`: what there is to choose from."""

import typer
from rich.table import Table

from dispatcher.api.schemas import ModelReply, ModelsReply
from dispatcher.cli.client import ask
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.pull import pull
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import new_table, show_result, show_table
from dispatcher.core.model import WeightsState
from dispatcher.core.task import TaskType

models_group = typer.Typer(name="models", invoke_without_command=True)
models_group.command()(pull)


@models_group.callback()
def models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models, whether their weights are here, and what they can do; or pull one.

    \b
    Examples:
      ai-dispatch models
      ai-dispatch models --json | jq -r '.models[].id'
      ai-dispatch models pull qwen2.5-coder-0.5b-instruct
    """
    if context.invoked_subcommand is not None:
        return
    reply = ask(url_of(context), lambda client: client.get("/api/models"))
    if as_json:
        show_result(one_line(reply))
    else:
        show_table(_table(read(ModelsReply, reply)))


def _table(reply: ModelsReply) -> Table:
    table = new_table("model", "size", "weights", "replica", "memory", "can do", right=frozenset({"size", "memory"}))
    for model in reply.models:
        table.add_row(
            model.id,
            f"{model.parameters_b:g}B",
            _weights(model),
            model.state if model.enabled else "disabled",
            f"{model.memory_mib} MiB",
            _abilities(model),
        )
        if model.quarantine:
            table.add_row("", "", "", "resting", "", model.quarantine)
    return table


def _weights(model: ModelReply) -> str:
    if model.weights is WeightsState.FETCHING and model.progress and model.progress.total_bytes:
        return f"fetching, {model.progress.done_bytes / model.progress.total_bytes:.0%}"
    return model.weights


def _abilities(model: ModelReply) -> str:
    """Task types and capabilities; of the task types, whichever is shorter: those it has, or those it lacks."""
    known = [task_type for task_type in TaskType if task_type is not TaskType.AUTO]
    missing = [task_type for task_type in known if task_type not in model.task_types]
    few = len(missing) <= 2
    tasks = "everything" + (f" but {', '.join(missing)}" if missing else "") if few else ", ".join(model.task_types)
    return f"{tasks}; {', '.join(model.capabilities)}" if model.capabilities else tasks

"""The registry as a table."""

from rich.table import Table

from dispatcher.api.schemas import ModelReply, ModelsReply
from dispatcher.cli.screen import harmless, new_table
from dispatcher.core.model import WeightsState
from dispatcher.core.task import TaskType

_NUMBERS = frozenset({"size", "memory"})


def models_table(reply: ModelsReply) -> Table:
    """A row for each model, and one more for why it isn't tried just now."""
    table = new_table("model", "engine", "size", "weights", "replica", "memory", "can do", right=_NUMBERS)
    for model in reply.models:
        table.add_row(
            model.id,
            model.engine,
            f"{model.parameters_b:g}B",
            _weights(model),
            _replica(model),
            f"{model.memory_mib} MiB",
            _abilities(model),
        )
        if model.quarantine:
            table.add_row("", "", "", "", "resting", "", harmless(model.quarantine))
        elif model.url and model.reason:
            table.add_row("", "", "", "", "", "", harmless(model.reason))
    return table


def _weights(model: ModelReply) -> str:
    if model.weights is WeightsState.FETCHING and model.progress and model.progress.total_bytes:
        return f"fetching, {model.progress.done_bytes / model.progress.total_bytes:.0%}"
    return model.weights


def _replica(model: ModelReply) -> str:
    state = str(model.state) if model.enabled else "disabled"
    return f"{state} (pinned)" if model.pinned else state


def _abilities(model: ModelReply) -> str:
    """Task types and capabilities; of the task types, whichever is shorter: those it has, or those it lacks."""
    known = [task_type for task_type in TaskType if task_type is not TaskType.AUTO]
    missing = [task_type for task_type in known if task_type not in model.task_types]
    few = len(missing) <= 2
    tasks = "everything" + (f" but {', '.join(missing)}" if missing else "") if few else ", ".join(model.task_types)
    return f"{tasks}; {', '.join(model.capabilities)}" if model.capabilities else tasks

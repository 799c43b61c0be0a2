"""What callers of Ollama's and OpenAI's protocols may say of a dispatch beside their body: in headers, or within it."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from dispatcher.api.routes import Query
from dispatcher.api.schemas import Body
from dispatcher.core.task import Complexity, Context, Objective, OnInfeasible, Privacy, TaskType
from dispatcher.errors import InvalidRequest

_HEADER = "x-dispatch-"
_METADATA = "dispatch_"
_NAME_MAX = 200


class Hints(Body):
    """What is said, wherever: a header `x-dispatch-task-type`, `dispatch_task_type` in `metadata`, or a field of the
    body's object `dispatch`, which goes before the others."""

    task_type: TaskType | None = Field(None, description="The kind of work.")
    complexity: Complexity | None = Field(None, description="How hard the work is.")
    objective: Objective | None = Field(None, description="What the choice favours.")
    timeout: float | None = Field(None, gt=0, le=86_400, description="Seconds until the answer must be whole.")
    min_quality: float | None = Field(None, ge=0, le=1, description="Models expected to be worse are left out.")
    max_cost: float | None = Field(None, ge=0, description="Most this answer may cost, in USD.")
    privacy: Privacy | None = Field(None, description="`local`: the prompt never leaves this machine.")
    on_infeasible: OnInfeasible | None = Field(None, description="`refuse` or `best_effort` (usual here).")
    priority: int | None = Field(None, ge=-100, le=100, description="Larger goes first among those that wait.")
    explore: bool | None = Field(None, description="Whether another model than the best known may be tried.")
    cache: bool | None = Field(None, description="Whether an answer given before may be given again.")
    workflow_id: str | None = Field(None, min_length=1, max_length=_NAME_MAX, description="Of n8n.")
    node_id: str | None = Field(None, min_length=1, max_length=_NAME_MAX, description="Of n8n.")
    execution_id: str | None = Field(None, min_length=1, max_length=_NAME_MAX, description="Of n8n.")
    item_index: int | None = Field(None, ge=0, description="Of n8n.")
    run_index: int | None = Field(None, ge=0, description="Of n8n.")

    @property
    def context(self) -> Context:
        """Where in n8n it comes from."""
        return Context(self.workflow_id, self.node_id, self.execution_id, self.item_index, self.run_index)


HINT_HEADERS = tuple(
    Query(_HEADER + name.replace("_", "-"), field.description or "") for name, field in Hints.model_fields.items()
)
"""Every header, for the description of a route."""


def hints_of(
    headers: Mapping[str, str], metadata: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
) -> Hints:
    """What a request says in its headers, its `metadata` and its object `dispatch`; the later goes before the earlier.

    Headers that begin like ours and mean nothing are passed over: a proxy may have put them there.

    Raises: InvalidRequest naming the place.
    """
    said: dict[str, Any] = {}
    for name in Hints.model_fields:
        if (value := headers.get(_HEADER + name.replace("_", "-"))) is not None:
            said[name] = value
        if (value := (metadata or {}).get(_METADATA + name)) is not None:
            said[name] = value
    try:
        return Hints.model_validate({**said, **(body or {})})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        place = f"dispatch.{name}" if name in (body or {}) else f"{_HEADER}{name.replace('_', '-')}"
        raise InvalidRequest(f"{place}: {first['msg'].removeprefix('Value error, ')}") from error

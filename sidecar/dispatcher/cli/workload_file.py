"""A workload as a person writes it down, in JSON: models, and calls in groups."""

import random
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dispatcher.cli.faults import BadUsage
from dispatcher.core.simulation.drafts import NOISE, Draft, Kind, model
from dispatcher.core.simulation.workload import Workload
from dispatcher.core.task import Complexity, TaskType

_CALLS_MAX = 20_000

Id = Annotated[str, Field(min_length=1, max_length=200)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
Moment = Annotated[float, Field(ge=0, le=1e9)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Coming(StrEnum):
    """How the calls of a group come."""

    BURST = "burst"  # all items, `apart_s` after each other
    LOOP = "loop"  # each item `think_s`, in the mean, after the answer to the one before
    STREAM = "stream"  # `per_s`, in the mean, from `at_s` until `until_s`


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelEntry(_Strict):
    """One model. Speeds in tokens per second, as measured where it is to run; memory of one replica in MiB."""

    id: Id
    parameters_b: Positive
    memory_mib: Count
    load_s: Positive
    prefill_tps: Positive
    decode_tps: Positive
    slots: Annotated[int, Field(ge=1, le=64)] = 1
    pinned: bool = False


class CallGroup(_Strict):
    """Calls that are alike. Times in seconds; `model` left out leaves the choice open."""

    comes: Coming
    at_s: Moment = 0.0
    items: Annotated[int, Field(ge=1, le=_CALLS_MAX)] | None = None
    apart_s: Moment = 0.04
    think_s: Positive = 0.3
    per_s: Positive | None = None
    until_s: Positive | None = None
    workflow: str = ""
    model: Id | None = None
    prompt_tokens: Count = 300
    max_tokens: Count = 200
    timeout_s: Positive = 120.0
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    task_type: TaskType = TaskType.TEXT_GENERATION
    complexity: Complexity = Complexity.MEDIUM

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.comes is Coming.STREAM and (self.per_s is None or self.until_s is None):
            raise ValueError("a stream needs per_s and until_s")
        if self.comes is not Coming.STREAM and self.items is None:
            raise ValueError(f"a {self.comes} needs items")
        if self.per_s is not None and self.until_s is not None and self.per_s * self.until_s > _CALLS_MAX:
            raise ValueError(f"per_s: no more than {_CALLS_MAX} calls can be simulated")
        if self.task_type is TaskType.AUTO or self.complexity is Complexity.AUTO:
            raise ValueError("task_type, complexity: without its text, nothing can be found out about a call")
        return self


class WorkloadFile(_Strict):
    """The whole file. `noise` is how far true times spread around their forecasts: the deviation of their logarithm."""

    memory_mib: Count
    models: Annotated[list[ModelEntry], Field(min_length=1, max_length=100)]
    calls: Annotated[list[CallGroup], Field(min_length=1, max_length=1000)]
    noise: Annotated[float, Field(ge=0, le=2)] = NOISE
    seed: int = 0

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        ids = [one.id for one in self.models]
        if len(set(ids)) < len(ids):
            raise ValueError("models: two have the same id")
        for place, group in enumerate(self.calls):
            if group.model is not None and group.model not in ids:
                raise ValueError(f"calls.{place}.model: {group.model} isn't among the models")
        return self


def read_workload(path: Path) -> Workload:
    """Read and draw a workload. Raises: BadUsage naming the file and the field."""
    try:
        file = WorkloadFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadUsage(f"{path} can't be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise BadUsage(f"{path}: {where + ': ' if where else ''}{first['msg']}") from error
    return _drawn(file)


def _drawn(file: WorkloadFile) -> Workload:
    draft = Draft(random.Random(file.seed), file.noise)  # noqa: S311 - these numbers keep no secret
    for group in file.calls:
        _add(group, draft)
    models = [
        model(
            one.id,
            one.parameters_b,
            one.memory_mib,
            one.load_s,
            (one.prefill_tps, one.decode_tps),
            one.slots,
            is_pinned=one.pinned,
        )
        for one in file.models
    ]
    return draft.workload(models, file.memory_mib)


def _add(group: CallGroup, draft: Draft) -> None:
    kind = Kind(
        workflow=group.workflow,
        model=group.model,
        prompt_tokens=(group.prompt_tokens, group.prompt_tokens),
        max_tokens=(group.max_tokens, group.max_tokens),
        timeout_s=group.timeout_s,
        priority=group.priority,
        task_types=(group.task_type,),
        complexity=group.complexity,
    )
    match group.comes:
        case Coming.BURST:
            draft.burst(kind, group.items or 0, group.at_s, group.apart_s)
        case Coming.LOOP:
            draft.loop(kind, group.items or 0, group.at_s, group.think_s)
        case Coming.STREAM:
            draft.stream(kind, group.per_s or 0.0, group.at_s, group.until_s or 0.0)

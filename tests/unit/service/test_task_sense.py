"""`auto` without anything learned is the rules, and is counted all the same."""

from typing import cast

import pytest

from dispatcher.core.agreement import Agreed
from dispatcher.core.classification import classify
from dispatcher.core.features import features_of
from dispatcher.core.task import Complexity, Context, DispatchRequest, Message, Requirements, Role, Source, TaskType
from dispatcher.learning.task_file import load_task_weights
from dispatcher.learning.task_sense import LearnedSense
from dispatcher.metrics import Metrics
from dispatcher.service.task_sense import TaskSense
from dispatcher.store.database import Database


def sense_of(learned: LearnedSense | None, metrics: Metrics | None = None) -> TaskSense:
    return TaskSense(learned, cast(Database, None), metrics or Metrics(), lambda: 0.0)


def asked(
    prompt: str, task_type: TaskType, complexity: Complexity = Complexity.AUTO, source: Source = Source.CALLER
) -> DispatchRequest:
    return DispatchRequest(
        (Message(Role.USER, prompt),),
        Requirements(timeout_s=10),
        task_type,
        complexity,
        context=Context(workflow_id="w"),
        source=source,
    )


async def noted(sense: TaskSense, *requests: DispatchRequest) -> None:
    for request in requests:
        sense.note(request, features_of(request.messages))
    await sense.catch_up()


@pytest.mark.parametrize("prompt", ["Translate to German: hi", "Turkish please", "", "1 + 1?"])
def test_without_a_table_auto_is_the_rules(prompt: str) -> None:
    text = features_of([Message(Role.USER, prompt)])
    found = sense_of(None).classify(TaskType.AUTO, Complexity.AUTO, text)
    assert found == classify(TaskType.AUTO, Complexity.AUTO, text)


@pytest.mark.parametrize("learned", [None, LearnedSense(load_task_weights())])
async def test_what_the_caller_says_is_kept(learned: LearnedSense | None) -> None:
    text = features_of([Message(Role.USER, "Translate to German: hi")])
    kept = sense_of(learned).classify(TaskType.CHAT, Complexity.HIGH, text)
    assert (kept.task_type, kept.complexity) == (TaskType.CHAT, Complexity.HIGH)
    assert sense_of(learned).classify(TaskType.CHAT, Complexity.AUTO, text).task_type is TaskType.CHAT


async def test_only_what_callers_named_is_counted() -> None:
    metrics = Metrics()
    sense = sense_of(None, metrics)
    await noted(
        sense,
        asked("Translate to German: hi", TaskType.TRANSLATION),
        asked("Translate to German: hi", TaskType.CHAT, Complexity.LOW),
        asked("Translate to German: hi", TaskType.AUTO),
        asked("Translate to German: hi", TaskType.EMBEDDING),
        asked("Translate to German: hi", TaskType.CHAT, source=Source.CALIBRATION),
    )
    assert sense.agreement.task_type == Agreed(named=2, agreed=1, rules_agreed=1)
    assert sense.agreement.complexity.named == 1
    text = metrics.text().decode()
    assert 'task_type_agreement_total{agreed="yes",decided_by="rules",task_type="translation"} 1.0' in text
    assert 'task_type_agreement_total{agreed="no",decided_by="rules",task_type="chat"} 1.0' in text


async def test_a_prompt_is_judged_before_it_is_learned_from() -> None:
    sense = sense_of(LearnedSense(load_task_weights()))
    await noted(sense, *[asked("Beleg 2201 buchen auf Konto 4410", TaskType.CLASSIFICATION)] * 12)
    assert sense.agreement.task_type == Agreed(named=12, agreed=0, rules_agreed=0)
    await noted(sense, asked("Beleg 2202 buchen auf Konto 4410", TaskType.CLASSIFICATION))
    assert sense.agreement.task_type == Agreed(named=13, agreed=1, rules_agreed=0)


async def test_a_flood_waits_in_bounded_memory() -> None:
    sense = sense_of(None)
    await noted(sense, *[asked("hi", TaskType.CHAT)] * 2000)
    assert sense.agreement.task_type.named == 512

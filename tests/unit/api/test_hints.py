"""What callers of other protocols say beside their body."""

import pytest

from dispatcher.api.hints import HINT_HEADERS, hints_of
from dispatcher.core.task import Objective, TaskType
from dispatcher.errors import InvalidRequest


def test_headers_metadata_and_the_body_say_the_same_and_the_later_goes_first() -> None:
    headers = {"x-dispatch-task-type": "chat", "x-dispatch-timeout": "30", "x-dispatch-explore": "false"}
    found = hints_of(headers, {"dispatch_task_type": "summarization", "user": "42"}, {"objective": "best"})
    assert (found.task_type, found.objective) == (TaskType.SUMMARIZATION, Objective.BEST)
    assert (found.timeout, found.explore) == (30.0, False)
    assert hints_of(headers, None, {"task_type": "translation"}).task_type is TaskType.TRANSLATION


def test_silence_says_nothing() -> None:
    found = hints_of({"x-dispatch-unknown": "1"})
    assert all(getattr(found, name) is None for name in type(found).model_fields)


@pytest.mark.parametrize(
    ("headers", "body", "place"),
    [
        ({"x-dispatch-task-type": "poetry"}, {}, "x-dispatch-task-type: "),
        ({"x-dispatch-timeout": "soon"}, {}, "x-dispatch-timeout: "),
        ({}, {"min_quality": 2}, "dispatch.min_quality: "),
        ({}, {"colour": "red"}, "dispatch.colour: "),
    ],
)
def test_what_cannot_be_understood_is_named_by_its_place(
    headers: dict[str, str], body: dict[str, object], place: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        hints_of(headers, None, body)
    assert caught.value.message.startswith(place)


def test_every_hint_has_a_header_with_a_description() -> None:
    assert all(one.name.startswith("x-dispatch-") and one.description for one in HINT_HEADERS)

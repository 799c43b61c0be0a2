"""No workflow teaches all others what it likes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.teaching import Teaching


def taught(teaching: Teaching, workflow: str, label: str = "chat") -> float:
    return sum(one.examples for one in teaching.shares() if (one.workflow_id, one.label) == (workflow, label))


def test_a_workflow_alone_is_heard_ten_times_for_a_label() -> None:
    teaching = Teaching()
    assert sum(teaching.admit("mails", "chat") for _ in range(10_000)) == pytest.approx(10)
    assert teaching.admit("mails", "extraction") == 1


@given(st.lists(st.sampled_from(["liar", "a", "b", "c", "d", "e", "f"]), max_size=400))
def test_beyond_that_none_has_more_than_a_quarter(order: list[str]) -> None:
    teaching = Teaching()
    for workflow in order:
        teaching.admit(workflow, "chat")
        total = sum(one.examples for one in teaching.shares())
        assert taught(teaching, workflow) <= 10 + 0.25 * total


def test_what_was_taught_long_ago_makes_room() -> None:
    teaching = Teaching()
    for _ in range(20):
        teaching.admit("mails", "chat")
    teaching.fade(0.5)
    assert taught(teaching, "mails") == pytest.approx(5)
    assert teaching.admit("mails", "chat") == 1


def test_who_taught_what_is_known_again() -> None:
    teaching = Teaching()
    for workflow in ("a", "b", "a"):
        teaching.admit(workflow, "chat")
    assert Teaching(teaching.shares()).shares() == teaching.shares()


def test_however_many_workflows_there_are_the_books_stay_small_and_nothing_is_forgotten() -> None:
    teaching = Teaching()
    for number in range(5000):
        teaching.admit(f"w{number}", "chat")
    assert len(teaching.shares()) <= 1024
    assert sum(one.examples for one in teaching.shares()) == pytest.approx(5000)

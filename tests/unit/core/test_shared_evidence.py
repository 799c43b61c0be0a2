"""One caller's word counts for others only as far as the rest of the evidence allows."""

from dispatcher.core.feedback import SHARE_MAX
from dispatcher.core.shared_evidence import SharedEvidence
from dispatcher.core.task import Complexity, ModelId, TaskType

LEVEL = (ModelId("small"), TaskType.CHAT, Complexity.LOW)


def test_ten_thousand_words_of_one_token_are_a_twentieth_of_the_evidence() -> None:
    evidence = SharedEvidence()
    for _ in range(1000):
        evidence.note_hint(LEVEL, 0.1)
    counted = sum(evidence.admit(LEVEL, "liar", 1, 1.0) for _ in range(10_000))
    assert counted / (counted + 100.0) <= SHARE_MAX + 1e-9


def test_what_rankers_have_forgotten_makes_no_room_for_a_word() -> None:
    evidence = SharedEvidence()
    for _ in range(100_000):
        evidence.note_hint(LEVEL, 0.1)
    assert sum(evidence.admit(LEVEL, "liar", 1, 1.0) for _ in range(10_000)) < 2.0


def test_a_token_alone_counts_nothing_for_others() -> None:
    assert SharedEvidence().admit(LEVEL, "only", 1, 1.0) == 0.0


def test_the_next_day_it_may_say_as_much_again() -> None:
    evidence = SharedEvidence()
    evidence.note_hint(LEVEL, 100.0)
    first = sum(evidence.admit(LEVEL, "one", 1, 1.0) for _ in range(50))
    second = sum(evidence.admit(LEVEL, "one", 2, 1.0) for _ in range(50))
    assert 3.0 < first < 50.0
    assert second == first


def test_two_tokens_are_bounded_each() -> None:
    evidence = SharedEvidence()
    evidence.note_hint(LEVEL, 100.0)
    assert evidence.admit(LEVEL, "one", 1, 3.0) == evidence.admit(LEVEL, "two", 1, 3.0) == 3.0

"""Which requests are poison."""

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.poison import Fingerprint, Streaks, Suspects, fingerprint
from dispatcher.core.task import FormatKind, Message, ModelId, OutputFormat, Role

KEY = b"k" * 32
A, B = Fingerprint(b"a"), Fingerprint(b"b")


def name(*contents: str, key: bytes = KEY, output: OutputFormat = OutputFormat()) -> Fingerprint:  # noqa: B008 - frozen
    return fingerprint(key, [Message(Role.USER, content) for content in contents], output)


def test_one_crash_is_borne_and_the_second_is_poison() -> None:
    suspects = Suspects()
    suspects.crashed(A, 0, was_alone=True)
    assert suspects.quarantined_s(A, 1) is None
    assert suspects.is_suspect(A, 1)
    suspects.crashed(A, 1, was_alone=True)
    assert suspects.quarantined_s(A, 1) == 900
    assert suspects.quarantined_s(B, 1) is None


def test_who_was_in_company_is_a_suspect_and_never_condemned_for_it() -> None:
    suspects = Suspects()
    for _ in range(10):
        suspects.crashed(A, 0, was_alone=False)
    assert suspects.is_suspect(A, 0)
    assert suspects.quarantined_s(A, 0) is None


def test_an_answer_clears_it() -> None:
    suspects = Suspects()
    suspects.crashed(A, 0, was_alone=True)
    suspects.answered(A)
    suspects.crashed(A, 0, was_alone=True)
    assert suspects.quarantined_s(A, 0) is None


def test_it_is_forgotten_after_a_quarter_of_an_hour() -> None:
    suspects = Suspects()
    suspects.crashed(A, 0, was_alone=True)
    suspects.crashed(A, 0, was_alone=True)
    assert suspects.quarantined_s(A, 899) == 1
    assert not suspects.is_suspect(A, 900)
    suspects.crashed(A, 901, was_alone=True)
    assert suspects.quarantined_s(A, 901) is None


def test_no_more_than_a_thousand_are_remembered_and_the_oldest_goes_first() -> None:
    suspects = Suspects()
    for number in range(3000):
        suspects.crashed(Fingerprint(number.to_bytes(2, "big")), number / 100, was_alone=True)
    assert len(suspects) == 1024
    assert not suspects.is_suspect(Fingerprint((0).to_bytes(2, "big")), 30)
    assert suspects.is_suspect(Fingerprint((2999).to_bytes(2, "big")), 30)


def test_another_key_or_format_is_another_name() -> None:
    as_json = OutputFormat(FormatKind.JSON_SCHEMA, {"type": "object"})
    assert len({name("x"), name("x", key=b"other"), name("x", output=as_json)}) == 3


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_only_the_same_messages_have_the_same_name(one: list[str], other: list[str]) -> None:
    assert (name(*one) == name(*other)) == (one == other)


def test_a_model_that_crashes_under_three_different_requests_in_a_row_is_itself_at_fault() -> None:
    streaks, model, c = Streaks(), ModelId("m"), Fingerprint(b"c")
    assert [streaks.crashed(model, one) for one in (A, A, B)] == [frozenset()] * 3
    assert streaks.crashed(model, c) == {A, B, c}
    assert streaks.crashed(model, c) == frozenset()


def test_an_answer_ends_a_streak() -> None:
    streaks, model = Streaks(), ModelId("m")
    streaks.crashed(model, A)
    streaks.crashed(model, B)
    streaks.answered(model)
    assert streaks.crashed(model, Fingerprint(b"c")) == frozenset()

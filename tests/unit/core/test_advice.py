"""What the optimizer makes of the log: findings, places, suggestions, and what came of them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.advice.books import Books, Numbers, Turn, WorkNumbers, nearest_rank
from dispatcher.core.advice.change import is_sensible, value_of, with_value
from dispatcher.core.advice.findings import Flaw, analyze_performance
from dispatcher.core.advice.judgement import is_due, judge
from dispatcher.core.advice.rankings import rank_models
from dispatcher.core.advice.resources import optimize_resources
from dispatcher.core.advice.rule import ChangeKind
from dispatcher.core.advice.use import Use
from dispatcher.core.feedback import Feedback, FeedbackSource
from dispatcher.core.logged import LoggedOutcome
from dispatcher.core.model import HostKind
from dispatcher.core.outcome import Ending, Timing
from dispatcher.core.record import DispatchRecord
from dispatcher.core.task import Complexity, ModelId, Source, TaskType
from tests.unit.core.builders import spec
from tests.unit.store.records import a_decision, a_record

DAY_S = 86_400.0
FINE = Numbers(100, 0.95, 0.8, 60.0, 2.0, 4.0, 0.9, 0.0)


def row(model: str, **changes: object) -> WorkNumbers:
    numbers = replace(FINE, **changes)  # type: ignore[arg-type]
    return WorkNumbers(ModelId(model), TaskType.CHAT, Complexity.LOW, numbers)


def outcome(record: DispatchRecord, *scores: float) -> LoggedOutcome:
    words = tuple(Feedback(f"t{n}", FeedbackSource.USER, score, 1.0, 0.0) for n, score in enumerate(scores))
    return LoggedOutcome(1, record, words, was_retried=False)


def turn(at: float, **changes: float | None) -> Turn:
    values: dict[str, float | None] = {
        "total_s": 2.0,
        "queue_s": 0.0,
        "load_s": 0.0,
        "run_s": 2.0,
        "prompt_tokens": 200,
        "completion_tokens": 100,
        "max_tokens": None,
    }
    return Turn(at, **{**values, **changes})  # type: ignore[arg-type]


def use(*turns: Turn, **changes: object) -> Use:
    """A model of about 256 MiB that was in memory for a week; nothing of it is measured."""
    model = changes.pop("spec", spec(context_tokens=2048))
    values = {"peak_mib": None, "ready_s": 7 * DAY_S, "idle_stop_s": 900.0, "days": 7.0, "budget_mib": 4096}
    return Use(spec=model, turns=turns, **{**values, **changes})  # type: ignore[arg-type]


def suggested(kind: ChangeKind, given: Use) -> tuple[float, float, float] | None:
    """Before, after and GB·s saved of what is suggested of this kind."""
    for one in optimize_resources(given):
        if one.change.kind is kind:
            return one.change.before, one.change.after, one.saves_gb_s
    return None


def test_the_books_add_up_what_callers_had_of_each_model() -> None:
    books = Books()
    decision = a_decision()  # foretells a P90 of 2 s
    books.add(outcome(a_record("d1", timing=Timing(0, 0.5, 0.1, 1.0), decision=decision), 0.5))
    books.add(outcome(a_record("d2", timing=Timing(0, 0.0, 0.1, 3.0), decision=decision), 1.0))
    books.add(outcome(a_record("d3", ending=Ending.TIMED_OUT)))
    books.add(outcome(a_record("own", source=Source.CALIBRATION)))
    books.add(outcome(a_record("refused", ending=Ending.REFUSED)))
    (only,) = books.work()
    assert only.numbers == Numbers(3, 1.0, 0.75, 2.0, 1.0, 3.0, 0.5, 0.5)
    assert books.models() == {"small": only.numbers}
    assert [one.total_s for one in books.turns(ModelId("small"))] == [1.0, 3.0, 1.0]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50), st.floats(0.01, 1))
def test_at_least_that_share_stays_within_the_nearest_rank(values: list[float], share: float) -> None:
    found = nearest_rank(sorted(values), share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6  # type: ignore[operator]


def test_a_model_that_is_worse_than_another_for_certain_is_named_with_both_numbers() -> None:
    found = analyze_performance([row("weak", success=0.6, quality=0.4), row("good")])
    assert [(one.model_id, one.flaw, one.value, one.alternative) for one in found] == [
        ("weak", Flaw.QUALITY, 0.4, "good"),
        ("weak", Flaw.SUCCESS, 0.6, "good"),
    ]
    assert "weak at chat, low: quality: 40%, good 80% (100 dispatches)" in found[0].message


@pytest.mark.parametrize("changes", [{"dispatches": 14}, {"quality_weight": 2.0}])
def test_what_may_be_chance_is_not_told(changes: dict[str, object]) -> None:
    assert analyze_performance([row("weak", quality=0.65, **changes), row("good")]) == ()


def test_one_that_is_slower_and_no_better_and_one_that_breaks_its_promises_are_told() -> None:
    found = analyze_performance([row("slow", p90_s=9.0, p90_kept=0.5), row("quick")])
    assert {(one.model_id, one.flaw, one.alternative) for one in found} == {
        ("slow", Flaw.SPEED, "quick"),
        ("slow", Flaw.PROMISE, None),
    }


def test_a_slow_model_that_is_better_is_no_finding() -> None:
    assert analyze_performance([row("slow", p90_s=9.0, quality=0.84), row("quick")]) == ()


def test_the_best_comes_first_and_few_good_answers_do_not_make_it_so() -> None:
    lucky = row("lucky", dispatches=2, success=1.0, quality=1.0, quality_weight=0.2)
    places = rank_models([lucky, row("good"), row("weak", quality=0.4)])
    assert [(one.place, one.row.model_id) for one in places] == [(1, "good"), (2, "weak"), (3, "lucky")]


def test_a_model_used_in_bursts_needs_to_stay_no_longer_than_the_pauses_within_them() -> None:
    bursts = [
        turn(day * DAY_S + burst * 7200 + item * 10) for day in range(7) for burst in range(6) for item in range(9)
    ]
    found = suggested(ChangeKind.IDLE_STOP_S, use(*bursts))
    assert found is not None
    before, after, saved = found
    assert (before, after) == (0.0, 30.0)
    # 41 pauses of 900 s become such of 30 s, at 220 MiB, in seven days.
    assert saved == pytest.approx(41 * 870 * use().gib / 7, rel=0.01)


def test_a_model_that_is_wanted_again_shortly_after_it_was_stopped_should_stay_longer() -> None:
    every_20_minutes = [turn(number * 1200.0) for number in range(100)]
    found = suggested(ChangeKind.IDLE_STOP_S, use(*every_20_minutes))
    assert found is not None
    assert found[1] == 1800.0
    assert found[2] < 0, "it costs memory, and that is told"


def test_a_context_nobody_fills_is_made_smaller_with_room_for_the_longest() -> None:
    model = spec(context_tokens=16_384)
    few = use(*(turn(n * 100.0, prompt_tokens=3000, completion_tokens=200) for n in range(30)), spec=model)
    assert suggested(ChangeKind.CONTEXT_TOKENS, few) == (
        16_384,
        4096,
        pytest.approx(DAY_S * 10 * 12.288 / 1024, rel=0.01),
    )
    asking = use(*(turn(n * 100.0, prompt_tokens=3000, max_tokens=6000) for n in range(30)), spec=model)
    assert suggested(ChangeKind.CONTEXT_TOKENS, asking) is None


def test_a_reservation_that_no_replica_ever_filled_is_made_smaller() -> None:
    model = spec(context_tokens=2048)
    turns = [turn(n * 100.0) for n in range(30)]
    assert suggested(ChangeKind.MEMORY_MIB, use(*turns, peak_mib=100)) == (
        model.footprint_mib,
        115,
        pytest.approx(DAY_S * (model.footprint_mib - 115) / 1024, rel=0.01),
    )
    assert suggested(ChangeKind.MEMORY_MIB, use(*turns, peak_mib=200)) is None


def test_where_the_wait_for_a_turn_is_longer_than_the_answer_one_more_is_answered_at_a_time() -> None:
    waiting = use(*(turn(n * 100.0, queue_s=5.0) for n in range(30)))
    assert suggested(ChangeKind.SLOTS, waiting) == (1, 2, pytest.approx(-DAY_S * 20.48 / 1024, rel=0.01))
    assert suggested(ChangeKind.SLOTS, use(*(turn(n * 100.0, queue_s=1.0) for n in range(30)))) is None


def test_a_model_used_all_day_and_loaded_again_and_again_is_pinned_and_one_nobody_uses_is_not() -> None:
    busy = use(*(turn(n * 3600.0, load_s=8.0) for n in range(168)), ready_s=0.0)
    assert suggested(ChangeKind.IS_PINNED, busy) == (0, 1, pytest.approx(-DAY_S * busy.gib, rel=0.01))
    assert suggested(ChangeKind.IS_PINNED, replace(busy, budget_mib=300)) is None, "it would fill the memory"
    idle = use(spec=spec(is_pinned=True))
    assert suggested(ChangeKind.IS_PINNED, idle) == (1, 0, pytest.approx(DAY_S * idle.gib, rel=0.01))


def test_nothing_is_suggested_for_a_model_of_somebody_else_or_one_hardly_used() -> None:
    theirs = spec(host=HostKind.REMOTE, context_tokens=100_000)
    assert optimize_resources(use(*(turn(n * 1200.0) for n in range(100)), spec=theirs, peak_mib=1)) == ()
    assert optimize_resources(use(*(turn(n * 1200.0) for n in range(19)), peak_mib=1)) == ()


@pytest.mark.parametrize(
    ("changes", "harm"),
    [
        ({"success": 0.9}, "usable answers"),
        ({"quality": 0.7}, "quality"),
        ({"p90_s": 6.0}, "nine in ten"),
        ({"load_s": 400.0}, "loads"),
    ],
)
def test_a_rule_that_does_harm_is_taken_back(changes: dict[str, float], harm: str) -> None:
    judgement = judge(FINE, replace(FINE, **changes))  # type: ignore[arg-type]
    assert not judgement.is_kept
    assert harm in judgement.why


def test_a_rule_after_which_all_is_as_before_is_kept() -> None:
    assert judge(FINE, replace(FINE, success=0.93, p90_s=4.4, load_s=20.0)).is_kept


def test_a_rule_is_judged_after_a_day_of_some_use_or_after_much_use() -> None:
    assert [is_due(*seen) for seen in ((60.0, 100), (DAY_S, 10), (60.0, 99), (DAY_S, 9))] == [True, True, False, False]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ChangeKind.IDLE_STOP_S, 60.0),
        (ChangeKind.CONTEXT_TOKENS, 1024),
        (ChangeKind.SLOTS, 3),
        (ChangeKind.IS_PINNED, 1),
        (ChangeKind.MEMORY_MIB, 120),
    ],
)
def test_a_change_is_made_and_can_be_taken_back(kind: ChangeKind, value: float) -> None:
    model = spec()
    changed = with_value(model, kind, value)
    assert value_of(changed, kind) == value
    assert changed != model
    back = with_value(changed, kind, value_of(model, kind))
    assert value_of(back, kind) == value_of(model, kind)


def test_numbers_that_no_model_can_have_are_told_apart() -> None:
    bad = [(ChangeKind.SLOTS, 0), (ChangeKind.SLOTS, 1.5), (ChangeKind.CONTEXT_TOKENS, 10), (ChangeKind.IS_PINNED, 2)]
    assert not any(is_sensible(*one) for one in bad)

"""What a ranker would have done with a dispatch of the log."""

from dataclasses import replace

from dispatcher.core.decision import Decision, Forecast, Option, Seconds, Terms, Way
from dispatcher.core.feedback import Feedback, FeedbackSource
from dispatcher.core.logged import LoggedOutcome
from dispatcher.core.outcome import Attempt
from dispatcher.core.replica import ReplicaId
from dispatcher.core.task import Complexity, ModelId, Objective, TaskType
from dispatcher.learning.counterfactual import trial_of
from dispatcher.learning.ranker import Experience, Ranker
from dispatcher.learning.table_quality import TableQuality
from tests.unit.core.builders import big, spec
from tests.unit.core.lessons import lesson
from tests.unit.store.records import a_record

SPECS = {ModelId("small"): spec("small"), ModelId("big"): big("big")}


def option(model: str, quality: float, way: Way = Way.WARM) -> Option:
    return Option(
        model_id=ModelId(model),
        way=way,
        replica_id=ReplicaId(model),
        evicts=(),
        forecast=Forecast(Seconds(1, 2), Seconds(0, 0), 1.0, quality, 100, 0.0),
        finish=Seconds(1, 2),
        chance_in_time=1.0,
        terms=Terms(quality, -0.1, 0.0, 0.0),
    )


def logged(*, propensity: float = 0.98, way: Way = Way.WARM, score: float | None = None) -> LoggedOutcome:
    """Big was taken, small might have been."""
    options = option("big", 0.9), option("small", 0.7, way)
    decision = Decision(options[0], options, (), TaskType.CHAT, Complexity.LOW, Objective.BALANCED, propensity, "prior")
    record = replace(a_record("d1", model_id="big", decision=decision), attempts=(Attempt(ModelId("big"), None, 1.0),))
    said = () if score is None else (Feedback("n8n", FeedbackSource.USER, score, 1.0, 1.0),)
    return LoggedOutcome(1, record, said, was_retried=False)


def ranker(*judged: tuple[str, float]) -> Ranker:
    quality = TableQuality()
    for model, score in judged * 30:
        quality.learn(lesson(SPECS[ModelId(model)], score))
    return Ranker("new", Experience(), quality)


def test_a_ranker_that_expects_the_same_agrees() -> None:
    trial = trial_of(logged(), ranker(), SPECS)
    assert trial is not None
    assert trial.agrees
    assert trial.propensity == 0.98


def test_one_that_has_learned_otherwise_chooses_otherwise() -> None:
    trial = trial_of(logged(), ranker(("big", 0.1), ("small", 1.0)), SPECS)
    assert trial is not None
    assert not trial.agrees
    assert trial.is_supported
    assert trial.expected_new.utility < trial.expected.utility  # by the forecasts of then


def test_what_was_never_tried_is_no_evidence() -> None:
    other = ranker(("big", 0.1), ("small", 1.0))
    for never in (logged(propensity=1.0), logged(way=Way.EVICT)):
        trial = trial_of(never, other, SPECS)
        assert trial is not None
        assert not trial.is_supported


def test_what_was_said_of_the_answer_is_what_was_got() -> None:
    good, bad = (trial_of(logged(score=score), ranker(), SPECS) for score in (1.0, 0.0))
    assert good is not None
    assert bad is not None
    assert good.got.utility - bad.got.utility == 1.0


def test_a_choice_among_one_or_of_a_model_that_is_gone_says_nothing() -> None:
    assert trial_of(logged(), ranker(), {ModelId("big"): SPECS[ModelId("big")]}) is None
    record = logged().record
    assert record.decision is not None
    alone = replace(record.decision, ranked=record.decision.ranked[:1])
    assert trial_of(replace(logged(), record=replace(record, decision=alone)), ranker(), SPECS) is None

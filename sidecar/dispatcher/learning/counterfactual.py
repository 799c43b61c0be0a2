"""What a ranker would have done with a dispatch of the log, among what could have been run then."""

from collections.abc import Mapping
from dataclasses import replace

from dispatcher.core.decision import Decision, Option, Way
from dispatcher.core.forecast import Question, Work
from dispatcher.core.logged import LoggedOutcome
from dispatcher.core.model import ModelSpec
from dispatcher.core.outcome import Ending
from dispatcher.core.record import DispatchRecord
from dispatcher.core.task import PLAIN_TEXT, ModelId
from dispatcher.core.worth import utility_of
from dispatcher.learning.evaluation import Result, Trial
from dispatcher.learning.ranker import Ranker

_CHARS_PER_TOKEN = 4
_JUDGED = frozenset({Ending.SUCCEEDED, Ending.FAILED})
SAFE_WAYS = frozenset({Way.WARM, Way.JOIN, Way.LOAD})
"""Those in which another model may be tried: they evict nobody."""


def trial_of(logged: LoggedOutcome, ranker: Ranker, specs: Mapping[ModelId, ModelSpec]) -> Trial | None:
    """Have the ranker choose anew, before it learns what came of it; None of a dispatch that says nothing of choices.

    Times, costs and evictions are taken as they were foretold then: rankers differ by the quality that they expect.
    """
    record, decision = logged.record, logged.record.decision
    if decision is None or len(decision.ranked) < 2 or len(record.attempts) != 1 or record.ending not in _JUDGED:
        return None
    if any(option.model_id not in specs for option in decision.ranked):
        return None
    best = _chosen(record, decision, ranker, specs)
    explored = decision.propensity < 1.0
    return Trial(
        propensity=decision.propensity,
        agrees=_same(best, decision.chosen),
        is_supported=explored and best.way in SAFE_WAYS,
        got=_got(logged, decision),
        expected=_expected(decision.chosen),
        expected_new=_expected(next(option for option in decision.ranked if _same(option, best))),
    )


def _chosen(record: DispatchRecord, decision: Decision, ranker: Ranker, specs: Mapping[ModelId, ModelSpec]) -> Option:
    work = Work(
        record.task_type,
        record.complexity,
        record.usage.prompt_tokens if record.usage else record.prompt_chars // _CHARS_PER_TOKEN,
        record.max_tokens or 1024,
        PLAIN_TEXT,
        context=record.context,
    )
    models = dict.fromkeys(option.model_id for option in decision.ranked)
    questions = [Question(specs[model_id], 1, 0, work.max_tokens) for model_id in models]
    forecasts = dict(zip(models, ranker.foretell_from(decision.features, work, questions), strict=True))
    anew = [_with_quality(option, forecasts[option.model_id].quality) for option in decision.ranked]
    return max(anew, key=lambda option: option.utility)


def _with_quality(option: Option, quality: float) -> Option:
    worth = option.chance_in_time * option.forecast.success * quality
    return replace(option, terms=replace(option.terms, quality=worth))


def _same(one: Option, other: Option) -> bool:
    return one.model_id == other.model_id and one.way is other.way


def _got(logged: LoggedOutcome, decision: Decision) -> Result:
    record, label = logged.record, logged.label
    return Result(
        utility=utility_of(decision, label, record.timing.total_s),
        success=decision.chosen.forecast.success if label.success is None else label.success,
        late=float(record.timing.total_s > decision.chosen.finish.p90),
        evicts=float(bool(decision.chosen.evicts)),
    )


def _expected(option: Option) -> Result:
    return Result(utility=option.utility, success=option.forecast.success, late=0.1, evicts=float(bool(option.evicts)))

"""From what core and the use cases say to the replies of the API."""

from collections.abc import Sequence

from dispatcher.api.schemas import (
    AttemptReply,
    DecisionReply,
    DispatchReply,
    ForecastReply,
    OptionReply,
    RefusalReply,
    SaidReply,
    StoredDispatchReply,
    TimingReply,
    UsageReply,
    UsedVariantReply,
)
from dispatcher.api.times import iso
from dispatcher.core.decision import Decision, Explanation, Option
from dispatcher.core.outcome import Attempt, Timing, Usage
from dispatcher.core.record import DispatchRecord
from dispatcher.core.variants import VariantUse
from dispatcher.service.dispatch import Answer
from dispatcher.store.feedback import Kept

_DIGITS = 4


def dispatch_reply(answer: Answer) -> DispatchReply:
    """The answer to a prompt."""
    return DispatchReply(
        dispatch_id=answer.dispatch_id,
        text=answer.completion.text,
        json=answer.json_value,
        model=answer.decision.chosen.model_id,
        task_type=answer.decision.task_type,
        complexity=answer.decision.complexity,
        finish_reason=answer.completion.finish_reason,
        decision=decision_reply(answer.decision, answer.explanation),
        usage=_usage(answer.completion.usage),
        timing=_timing(answer.timing),
        attempts=[_attempt(attempt) for attempt in answer.attempts],
    )


def decision_reply(decision: Decision, explanation: Explanation) -> DecisionReply:
    """A choice and its reasons."""
    chosen, other = decision.chosen, decision.runner_up
    return DecisionReply(
        model=chosen.model_id,
        way=chosen.way,
        why=explanation.why,
        deciding_term=explanation.deciding_term,
        flip=explanation.flip,
        objective=decision.objective,
        utility=_round(chosen.utility),
        propensity=decision.propensity,
        explored=decision.explored,
        ranker=decision.ranker,
        prompt_variant=_variant(decision.variant) if decision.variant else None,
        forecast=_forecast(chosen),
        runner_up=_option(other) if other else None,
        options=[_option(option) for option in decision.ranked],
        refused=[
            RefusalReply(model=refusal.model_id, reason=refusal.reason, message=refusal.message)
            for refusal in decision.refused
        ],
    )


def stored_reply(record: DispatchRecord, feedback: Sequence[Kept]) -> StoredDispatchReply:
    """One dispatch of the log, with what was said of it."""
    verdict = record.verdict
    return StoredDispatchReply(
        dispatch_id=record.dispatch_id,
        started_at=iso(record.started_at),
        ending=record.ending,
        error=record.error_code,
        model=record.model_id,
        task_type=record.task_type,
        complexity=record.complexity,
        objective=record.objective,
        workflow_id=record.context.workflow_id,
        node_id=record.context.node_id,
        execution_id=record.context.execution_id,
        item_index=record.context.item_index,
        run_index=record.context.run_index,
        timeout_s=record.timeout_s,
        prompt_chars=record.prompt_chars,
        max_tokens=record.max_tokens,
        threads=record.threads,
        at_once=record.at_once,
        valid=verdict.is_valid if verdict else None,
        empty=verdict.is_empty if verdict else None,
        declined=verdict.is_refusal if verdict else None,
        source=record.source,
        usage=_usage(record.usage) if record.usage else None,
        timing=_timing(record.timing),
        attempts=[_attempt(attempt) for attempt in record.attempts],
        decision=decision_reply(record.decision, record.explanation)
        if record.decision and record.explanation
        else None,
        feedback=[_said(kept) for kept in feedback],
    )


def _said(kept: Kept) -> SaidReply:
    said = kept.said
    return SaidReply(
        token=said.token,
        source=said.source,
        score=said.score,
        comment=said.comment,
        counted=kept.weight > 0,
        said_at=iso(said.created_at),
    )


def _option(option: Option) -> OptionReply:
    return OptionReply(
        model=option.model_id,
        way=option.way,
        utility=_round(option.utility),
        chance_in_time=_round(option.chance_in_time),
        forecast=_forecast(option),
    )


def _forecast(option: Option) -> ForecastReply:
    return ForecastReply(
        p50_s=_round(option.finish.p50),
        p90_s=_round(option.finish.p90),
        success=_round(option.forecast.success),
        quality=_round(option.forecast.quality),
        output_tokens=option.forecast.output_tokens,
        cost_usd=option.forecast.cost_usd,
    )


def _variant(use: VariantUse) -> UsedVariantReply:
    return UsedVariantReply(
        family=use.key.family, task_type=use.key.task_type, version=use.version, propensity=use.propensity
    )


def _usage(usage: Usage) -> UsageReply:
    return UsageReply(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens)


def _timing(timing: Timing) -> TimingReply:
    first_s = timing.first_token_s
    return TimingReply(
        queue_s=_round(timing.queue_s),
        load_s=_round(timing.load_s),
        first_token_s=None if first_s is None else _round(first_s),
        total_s=_round(timing.total_s),
    )


def _attempt(attempt: Attempt) -> AttemptReply:
    return AttemptReply(
        model=attempt.model_id,
        succeeded=attempt.succeeded,
        error=attempt.error_code,
        total_s=_round(attempt.total_s),
    )


def _round(number: float) -> float:
    return round(number, _DIGITS)

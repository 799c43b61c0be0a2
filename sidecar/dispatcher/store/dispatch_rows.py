"""How a dispatch record lies in its two rows, and comes back from them unchanged."""

import sqlite3

from pydantic import TypeAdapter

from dispatcher.core.decision import Decision, Explanation, Option, Refusal
from dispatcher.core.features import RequestFeatures
from dispatcher.core.outcome import Attempt, Ending, FinishReason, Timing, Usage
from dispatcher.core.record import DispatchRecord
from dispatcher.core.task import Complexity, Context, DispatchId, Objective, Source, TaskType
from dispatcher.core.variants import VariantKey, VariantUse
from dispatcher.core.verdict import Verdict

_ARMS = TypeAdapter(tuple[int, ...])
_ATTEMPTS = TypeAdapter(tuple[Attempt, ...])
_FEATURES = TypeAdapter(RequestFeatures)
_OPTION = TypeAdapter(Option)
_OPTIONS = TypeAdapter(tuple[Option, ...])
_REFUSALS = TypeAdapter(tuple[Refusal, ...])


def log_row(record: DispatchRecord) -> dict[str, object]:
    """The row of `performance_logs`."""
    usage, verdict = record.usage, record.verdict
    return {
        "dispatch_id": record.dispatch_id,
        "started_at": record.started_at,
        "ending": record.ending,
        "error_code": record.error_code,
        "asked_task_type": record.asked_task_type,
        "asked_complexity": record.asked_complexity,
        "task_type": record.task_type,
        "complexity": record.complexity,
        "objective": record.objective,
        "workflow_id": record.context.workflow_id,
        "node_id": record.context.node_id,
        "execution_id": record.context.execution_id,
        "item_index": record.context.item_index,
        "run_index": record.context.run_index,
        "timeout_s": record.timeout_s,
        "prompt_chars": record.prompt_chars,
        "max_tokens": record.max_tokens,
        "model_id": record.model_id,
        "replica_id": record.replica_id,
        "threads": record.threads,
        "at_once": record.at_once,
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": usage.completion_tokens if usage else None,
        "finish_reason": record.finish_reason,
        "queue_s": record.timing.queue_s,
        "load_s": record.timing.load_s,
        "first_token_s": record.timing.first_token_s,
        "total_s": record.timing.total_s,
        "prefill_s": record.prefill_s,
        "decode_s": record.decode_s,
        "is_valid": verdict.is_valid if verdict else None,
        "is_empty": verdict.is_empty if verdict else None,
        "is_refusal": verdict.is_refusal if verdict else None,
        "attempts": _ATTEMPTS.dump_json(record.attempts).decode(),
        "source": record.source,
    }


def decision_row(dispatch_id: DispatchId, decision: Decision, explanation: Explanation | None) -> dict[str, object]:
    """The row of `decisions`. Task type, complexity and objective stand in the log's row: they are the same."""
    variant = decision.variant
    return {
        "dispatch_id": dispatch_id,
        "model_id": decision.chosen.model_id,
        "way": decision.chosen.way,
        "propensity": decision.propensity,
        "explored": decision.explored,
        "ranker": decision.ranker,
        "chosen": _OPTION.dump_json(decision.chosen).decode(),
        "ranked": _OPTIONS.dump_json(decision.ranked).decode(),
        "refused": _REFUSALS.dump_json(decision.refused).decode(),
        "features": None if decision.features is None else _FEATURES.dump_json(decision.features).decode(),
        "variant": str(variant) if variant else None,
        "variant_propensity": variant.propensity if variant else None,
        "variant_arms": _ARMS.dump_json(variant.arms).decode() if variant else None,
        "why": explanation.why if explanation else None,
        "deciding_term": explanation.deciding_term if explanation else None,
        "flip": explanation.flip if explanation else None,
    }


def record_of(row: sqlite3.Row) -> DispatchRecord:
    """The record again, from the log's columns with the decision's beside them (all null when there was none).

    Raises: ValueError when the row holds what this version doesn't know.
    """
    return DispatchRecord(
        dispatch_id=row["dispatch_id"],
        started_at=row["started_at"],
        ending=Ending(row["ending"]),
        error_code=row["error_code"],
        asked_task_type=TaskType(row["asked_task_type"]),
        asked_complexity=Complexity(row["asked_complexity"]),
        task_type=TaskType(row["task_type"]),
        complexity=Complexity(row["complexity"]),
        objective=Objective(row["objective"]),
        context=Context(row["workflow_id"], row["node_id"], row["execution_id"], row["item_index"], row["run_index"]),
        timeout_s=row["timeout_s"],
        prompt_chars=row["prompt_chars"],
        max_tokens=row["max_tokens"],
        model_id=row["model_id"],
        replica_id=row["replica_id"],
        threads=row["threads"],
        at_once=row["at_once"],
        usage=None if row["prompt_tokens"] is None else Usage(row["prompt_tokens"], row["completion_tokens"]),
        finish_reason=None if row["finish_reason"] is None else FinishReason(row["finish_reason"]),
        timing=Timing(row["queue_s"], row["load_s"], row["first_token_s"], row["total_s"]),
        prefill_s=row["prefill_s"],
        decode_s=row["decode_s"],
        verdict=None if row["is_empty"] is None else _verdict(row),
        attempts=_ATTEMPTS.validate_json(row["attempts"]),
        decision=None if row["chosen"] is None else _decision(row),
        explanation=None if row["why"] is None else Explanation(row["why"], row["deciding_term"], row["flip"]),
        source=Source(row["source"]),
    )


def _verdict(row: sqlite3.Row) -> Verdict:
    is_valid = row["is_valid"]
    return Verdict(None if is_valid is None else bool(is_valid), bool(row["is_empty"]), bool(row["is_refusal"]))


def _decision(row: sqlite3.Row) -> Decision:
    return Decision(
        chosen=_OPTION.validate_json(row["chosen"]),
        ranked=_OPTIONS.validate_json(row["ranked"]),
        refused=_REFUSALS.validate_json(row["refused"]),
        task_type=TaskType(row["task_type"]),
        complexity=Complexity(row["complexity"]),
        objective=Objective(row["objective"]),
        propensity=row["propensity"],
        ranker=row["ranker"],
        explored=bool(row["explored"]),
        features=None if row["features"] is None else _FEATURES.validate_json(row["features"]),
        variant=None if row["variant"] is None else _variant(row),
    )


def _variant(row: sqlite3.Row) -> VariantUse:
    family, task_type, version = row["variant"].rsplit("/", 2)
    arms = _ARMS.validate_json(row["variant_arms"])
    return VariantUse(VariantKey(family, task_type), int(version), row["variant_propensity"], arms)

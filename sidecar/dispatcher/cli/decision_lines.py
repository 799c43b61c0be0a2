"""A reply's choice and times in a few lines for people."""

from dispatcher.api.schemas import DecisionReply, DispatchReply, ExplainReply
from dispatcher.cli.durations import seconds
from dispatcher.core.outcome import FinishReason


def about_dispatch(reply: DispatchReply) -> tuple[str, ...]:
    """Who answered, why, what would have changed that, and where the time went."""
    times, usage = reply.timing, reply.usage
    lines = [
        f"model  {reply.model} ({reply.task_type}, {reply.complexity} complexity)",
        *_reasons(reply.decision),
        f"time   {seconds(times.total_s)}: queue {seconds(times.queue_s)}, load {seconds(times.load_s)}, "
        f"first token after {seconds(times.first_token_s)}",
        f"tokens {usage.prompt_tokens} read, {usage.completion_tokens} written",
    ]
    lines += [f"failed {tried.model}: {tried.error}" for tried in reply.attempts if not tried.succeeded]
    if reply.finish_reason is FinishReason.LENGTH:
        lines.append("note   the answer reached its longest length; --max-tokens allows more")
    return (*lines, f"id     {reply.dispatch_id}")


def about_explanation(reply: ExplainReply) -> tuple[str, ...]:
    """Which model would answer now, why, and what became of the others."""
    decision = reply.decision
    return (
        f"model  {decision.model} ({reply.task_type}, {reply.complexity} complexity)",
        *_reasons(decision),
        *(
            f"option {option.model}, {option.way}: about {seconds(option.forecast.p50_s)}, "
            f"quality {option.forecast.quality:.2f}, in time {option.chance_in_time:.0%}, utility {option.utility:.3f}"
            for option in decision.options
        ),
        *(f"out    {refusal.model}: {refusal.message}" for refusal in decision.refused),
    )


def _reasons(decision: DecisionReply) -> tuple[str, ...]:
    lines = [f"why    {decision.why}"]
    if decision.flip:
        lines.append(f"flip   {decision.flip}")
    if (put := decision.prompt_variant) and put.version:
        lines.append(f"put    as prompt variant {put.family}/{put.task_type}/{put.version} says")
    return tuple(lines)

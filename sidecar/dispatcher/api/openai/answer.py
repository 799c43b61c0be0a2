"""The parts of an answer as OpenAI's API words them, in whole replies and in streams."""

from collections.abc import Iterable, Sequence
from typing import Any

from dispatcher import __version__
from dispatcher.core.features import token_estimate
from dispatcher.core.outcome import Completion, TokenLogprob
from dispatcher.core.task import ToolCall
from dispatcher.service.dispatch import Answer

FINGERPRINT = f"ai-dispatch-{__version__}"


def chat_id(dispatch_id: str, prefix: str) -> str:
    """The id of a reply, from which that of the dispatch can be told."""
    return f"{prefix}{dispatch_id.removeprefix('d_')}"


def finish_reason(completion: Completion) -> str:
    """Why an answer ended."""
    return "tool_calls" if completion.tool_calls else completion.finish_reason.value


def usage(completion: Completion) -> dict[str, Any]:
    """What an answer took, in tokens. How many of them were thoughts is an estimate: no server counts them."""
    read, written = completion.usage.prompt_tokens, completion.usage.completion_tokens
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": thought_tokens(completion),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def thought_tokens(completion: Completion) -> int:
    """About how many tokens of an answer were thoughts."""
    about = token_estimate(completion.thinking) if completion.thinking else 0
    return min(about, completion.usage.completion_tokens)


def tool_call(call: ToolCall) -> dict[str, Any]:
    """One call."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def token_logprobs(logprobs: Iterable[TokenLogprob]) -> list[dict[str, Any]]:
    """Each token with the bytes of its text, its log probability, and the likeliest in its place."""
    return [
        {**_token(one.token, one.logprob), "top_logprobs": [_token(token, logprob) for token, logprob in one.top]}
        for one in logprobs
    ]


def logprobs_object(logprobs: Sequence[TokenLogprob]) -> dict[str, Any] | None:
    """The log probabilities of a choice; None where there are none."""
    return {"content": token_logprobs(logprobs), "refusal": None} if logprobs else None


def note(answer: Answer) -> dict[str, Any]:
    """What this sidecar adds to a reply, as `dispatch`: who answered, and why."""
    return {
        "id": answer.dispatch_id,
        "model": answer.decision.chosen.model_id,
        "why": answer.explanation.why,
        "task_type": answer.decision.task_type.value,
        "complexity": answer.decision.complexity.value,
        "queue_s": round(answer.timing.queue_s, 4),
        "load_s": round(answer.timing.load_s, 4),
    }


def _token(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode(errors="surrogatepass"))}

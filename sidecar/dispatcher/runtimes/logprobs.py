"""Log probabilities of tokens, as OpenAI's protocol and, since 0.12.11, Ollama's word them."""

import math

from dispatcher.core.outcome import TokenLogprob
from dispatcher.errors import RuntimeBadAnswer

_TOP_MAX = 20


def token_logprobs(told: object) -> tuple[TokenLogprob, ...]:
    """The entries of a list. RuntimeBadAnswer when it is none, or an entry is no token with its probability."""
    if told is None:
        return ()
    if not isinstance(told, list):
        raise RuntimeBadAnswer("the inference server sent log probabilities that are no list")
    return tuple(_one(entry) for entry in told)


def _one(entry: object) -> TokenLogprob:
    token, logprob = _pair(entry)
    top = entry.get("top_logprobs") if isinstance(entry, dict) else None
    return TokenLogprob(
        token, logprob, tuple(_pair(other) for other in top[:_TOP_MAX]) if isinstance(top, list) else ()
    )


def _pair(entry: object) -> tuple[str, float]:
    token = entry.get("token") if isinstance(entry, dict) else None
    logprob = entry.get("logprob") if isinstance(entry, dict) else None
    if not isinstance(token, str) or not isinstance(logprob, int | float) or math.isnan(logprob):
        raise RuntimeBadAnswer("the inference server sent a log probability of an unknown shape")
    return token, max(float(logprob), -9999.0)  # JSON has no infinity

"""What of Ollama's options is taken, and what is ignored."""

from dispatcher.api.ollama.schemas import OllamaOptionsBody
from dispatcher.core.task import Sampling

_TOKENS_MAX = 131_072
_STOPS_MAX = 64
_SEEDS = 2**31


def sampling_of(options: OllamaOptionsBody) -> Sampling:
    """How words are to be drawn."""
    return Sampling(
        temperature=options.temperature,
        top_p=options.top_p,
        top_k=None if options.top_k is None else max(0, int(options.top_k)),
        min_p=options.min_p,
        seed=_seed(options.seed),
        presence_penalty=options.presence_penalty,
        frequency_penalty=options.frequency_penalty,
        repeat_penalty=options.repeat_penalty or None,
        stop=_stops(options.stop),
    )


def max_tokens_of(options: OllamaOptionsBody) -> int | None:
    """The longest answer; None, as long as is usual here, for the -1 and -2 by which Ollama means no limit."""
    if options.num_predict is None or options.num_predict < 1:
        return None
    return min(int(options.num_predict), _TOKENS_MAX)


def _seed(seed: float | None) -> int | None:
    return None if seed is None or seed == -1 else int(seed) % _SEEDS


def _stops(stop: list[str] | str | None) -> tuple[str, ...]:
    texts = [stop] if isinstance(stop, str) else stop or []
    return tuple(text for text in texts if text)[:_STOPS_MAX]

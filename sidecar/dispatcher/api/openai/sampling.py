"""What of a request in OpenAI's protocol says how an answer is drawn and how long it may be."""

from dispatcher.api.openai.schemas import TOKENS_MAX, TextBody
from dispatcher.core.task import Sampling
from dispatcher.errors import InvalidRequest

_STOPS_MAX = 4


def sampling_of(body: TextBody) -> Sampling:
    """How words are drawn. InvalidRequest naming the field."""
    return Sampling(
        temperature=body.temperature,
        top_p=body.top_p,
        seed=body.seed,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        stop=_stop(body.stop),
    )


def tokens_max(asked: int | None, field: str) -> int | None:
    """The longest answer; -1 is what some clients send for none. InvalidRequest naming the field."""
    if asked == 0:
        raise InvalidRequest(f"{field}: an answer has at least one token; leave it out for the usual length")
    return None if asked is None or asked < 0 else min(asked, TOKENS_MAX)


def check_single(body: TextBody) -> None:
    """Refuse what would change the answer and can't be done. InvalidRequest naming the field and the fix."""
    if body.n not in (None, 1):
        raise InvalidRequest("n: one answer is written for each request; leave n out, and ask again for others")
    if body.logit_bias:
        raise InvalidRequest("logit_bias: tokens differ from model to model, so it isn't taken; leave it out")


def _stop(stop: str | list[str] | None) -> tuple[str, ...]:
    stops = (stop,) if isinstance(stop, str) else tuple(stop or ())
    if len(stops) > _STOPS_MAX:
        raise InvalidRequest(f"stop: these are more than the {_STOPS_MAX} texts allowed")
    if any(len(text) > 1000 for text in stops):
        raise InvalidRequest("stop: a text of more than 1000 characters isn't taken")
    return tuple(text for text in stops if text)

"""How long each model will take here: the catalogue's figures, corrected by what this machine has measured."""

from collections.abc import Sequence
from math import exp, hypot, log
from typing import NamedTuple

from dispatcher.core.conformal import Conformal, Promises
from dispatcher.core.decision import Seconds
from dispatcher.core.forecast import REQUEST_S, Question, Work, typical_tokens
from dispatcher.core.model import ModelSpec
from dispatcher.core.timed_outcome import Pace, TimedOutcome, node_key, pace_of
from dispatcher.learning.heads import Heads, look_at, look_back
from dispatcher.learning.paces import Paces, Ratios, work_key

_Z90 = 1.2815515655446004
_SPEEDS_MAX = 1024


class Times(NamedTuple):
    """What one model's part in a dispatch will take.

    Args:
        run: reading the prompt and writing the answer.
        load: starting its replica, when that has to be done.
        output_tokens: median length of the answer.
        tries: outcomes of this model that this rests on, rounded down; 0 when all is from the catalogue.
    """

    run: Seconds
    load: Seconds
    output_tokens: int
    tries: int


class TimeForecaster:
    """Foretells times and learns from each outcome at once; its P90 is kept by nine answers in ten of each model."""

    def __init__(self) -> None:
        self._paces = Paces()
        self._conformal = Conformal()
        self._heads: Heads | None = None
        self._speeds: dict[tuple[str, int], tuple[ModelSpec, Pace]] = {}

    def times(self, work: Work, questions: Sequence[Question]) -> tuple[Times, ...]:
        """One forecast for each question, in their order."""
        node, key = node_key(work.context), work_key(work.task_type, work.complexity)
        ratios = [self._paces.ratios(question.spec.id, node, key) for question in questions]
        if self._heads is not None:
            ratios = self._heads.corrected([look_at(work, question) for question in questions], ratios)
        typical = typical_tokens(work.task_type, work.complexity)
        asked = zip(questions, ratios, strict=True)
        return tuple(self._times(work, question, each, typical) for question, each in asked)

    def use(self, heads: Heads | None) -> None:
        """Have LightGBM's heads correct what is foretold from now on; None to do without."""
        self._heads = heads

    def learn(self, outcome: TimedOutcome) -> None:
        """Take in one whole answer: first how the promise was kept, then what it teaches."""
        key = work_key(outcome.task_type, outcome.complexity)
        expected = self._paces.ratios(outcome.model_id, outcome.node, key)
        if not outcome.is_calibration:
            foretold = expected
            if self._heads is not None:
                (foretold,) = self._heads.corrected([look_back(outcome)], [expected])
            raw = _run(foretold, outcome.pace, outcome.typical_tokens, outcome.prompt_tokens, outcome.max_tokens)
            promised_p90_s = outcome.promised.p90 if outcome.promised else None
            self._conformal.learn(outcome.model_id, raw, outcome.total_s, promised_p90_s)
        self._paces.learn(outcome, expected)

    def learn_load(self, model_id: str, catalogue_s: float, took_s: float) -> None:
        """Take in how long a replica took from its start until it was ready, none of it waited for others."""
        self._paces.learn_load(model_id, catalogue_s, took_s)

    def reset(self, model_id: str) -> None:
        """Forget a model whose weights or template have changed."""
        self._paces.reset(model_id)
        self._conformal.reset(model_id)

    def promises(self, model_id: str) -> Promises:
        """How many of the model's last promises of P90 were kept."""
        return self._conformal.promises(model_id)

    def _times(self, work: Work, question: Question, ratios: Ratios, typical: int) -> Times:
        spec = question.spec
        pace = self._pace(spec, question.threads)
        raw = _run(ratios, pace, typical, work.prompt_tokens + question.extra_tokens, question.max_tokens)
        return Times(
            run=self._conformal.corrected(spec.id, raw),
            load=self._paces.load(spec.id, spec.load_s),
            output_tokens=max(1, round(min(typical * exp(ratios.length.mean), question.max_tokens))),
            tries=int(ratios.writing.tries),
        )

    def _pace(self, spec: ModelSpec, threads: int) -> Pace:
        """The catalogue's speeds, which are the same for every dispatch until the model is entered anew."""
        known = self._speeds.get((spec.id, threads))
        if known is None or known[0] is not spec:
            if len(self._speeds) >= _SPEEDS_MAX:
                self._speeds.clear()
            known = self._speeds[spec.id, threads] = (spec, pace_of(spec, threads))
        return known[1]


def _run(ratios: Ratios, pace: Pace, typical: int, prompt_tokens: int, max_tokens: int) -> Seconds:
    """Reading and writing together, uncorrected; length and speed of writing are independent, length is limited."""
    reading, writing, length = ratios
    read_s = prompt_tokens * pace.read_token_s * exp(reading.mean)
    tokens, allowed = typical * exp(length.mean), max(1, max_tokens)
    room = log(allowed / tokens) if tokens < allowed else 0.0
    write_s = min(tokens, allowed) * pace.write_token_s * exp(writing.mean)
    longer = min(_Z90 * length.sd, room)
    later_s = read_s * (exp(_Z90 * reading.sd) - 1.0), write_s * (exp(hypot(_Z90 * writing.sd, longer)) - 1.0)
    p50 = REQUEST_S + read_s + write_s
    return Seconds(p50, p50 + hypot(*later_s))

"""How fast each model reads, writes and loads here, and how long its answers are: shrunken ratios to the catalogue."""

from collections import OrderedDict
from math import exp, log
from typing import NamedTuple

from dispatcher.core.decision import Seconds
from dispatcher.core.drift import ChangeDetector
from dispatcher.core.shrinkage import Estimate, Shrinkage
from dispatcher.core.task import Complexity, TaskType
from dispatcher.core.timed_outcome import TimedOutcome

_Z90 = 1.2815515655446004
_SPEED_SD = log(1.6) / _Z90  # of a speed that nobody has measured here; the catalogue's own doubts
_LENGTH_SD = log(2.0) / _Z90
_LOAD_SD = log(1.8) / _Z90
_HALF_LIFE = 100.0  # outcomes
_LOAD_HALF_LIFE = 20.0
_RATIO_MAX = log(100.0)  # a clock that jumped, or a prompt that was wholly cached, teaches no more than this
_MODELS_MAX = 512


class Ratios(NamedTuple):
    """Logarithms of ratios to the catalogue: of seconds to read and to write a token, and of length."""

    reading: Estimate
    writing: Estimate
    length: Estimate


class Paces:
    """Learns ratios of measured to catalogue figures.

    Speeds by machine and model, reading also by node, as servers keep the beginnings of prompts that come again.
    Lengths by task, node and model: how long an answer is depends on what is asked more than on who answers.
    """

    def __init__(self) -> None:
        self._reading = Shrinkage(_SPEED_SD, _HALF_LIFE)
        self._writing = Shrinkage(_SPEED_SD, _HALF_LIFE)
        self._lengths = Shrinkage(_LENGTH_SD, _HALF_LIFE)
        self._loads = Shrinkage(_LOAD_SD, _LOAD_HALF_LIFE)
        self._known_loads: dict[tuple[str, float], Seconds] = {}
        self._detectors: OrderedDict[str, ChangeDetector] = OrderedDict()

    def ratios(self, model_id: str, node: str, work: str) -> Ratios:
        """What this machine's outcomes say of a model, a node and a kind of work, as `work_key` names it."""
        return Ratios(
            self._reading.estimate(_reading_path(model_id, node)),
            self._writing.estimate(("", model_id)),
            self._lengths.estimate((work, node, model_id)),
        )

    def load(self, model_id: str, catalogue_s: float) -> Seconds:
        """How long a model takes to start."""
        known = self._known_loads.get((model_id, catalogue_s))
        if known is None:
            if len(self._known_loads) >= _MODELS_MAX:
                self._known_loads.clear()
            ratio = self._loads.estimate(("", model_id))
            p50 = catalogue_s * exp(ratio.mean)
            known = self._known_loads[model_id, catalogue_s] = Seconds(p50, p50 * exp(_Z90 * ratio.sd))
        return known

    def learn(self, outcome: TimedOutcome, expected: Ratios) -> tuple[float | None, float | None, float | None]:
        """Take in the measured speeds and length of one answer, of which `expected` was expected; returns ratios."""
        model_id, pace = outcome.model_id, outcome.pace
        read = _ratio(outcome.reading_s, pace.read_token_s * max(1, outcome.prompt_tokens))
        written = _ratio(outcome.token_s, pace.write_token_s)
        if written is not None:
            self._look_for_change(model_id, written, expected.writing)
        elif read is not None:
            self._look_for_change(model_id, read, expected.reading)
        if read is not None:
            self._reading.learn(_reading_path(model_id, outcome.node), read)
        if written is not None:
            self._writing.learn(("", model_id), written)
        length = _ratio(outcome.completion_tokens, outcome.typical_tokens)
        if length is not None:
            if outcome.was_cut:  # it would have been longer: no news, unless it is long already
                length = max(length, expected.length.mean)
            self._lengths.learn((work_key(outcome.task_type, outcome.complexity), outcome.node, model_id), length)
        return read, written, length

    def learn_load(self, model_id: str, catalogue_s: float, took_s: float) -> None:
        """Take in how long a model took to start."""
        if (ratio := _ratio(took_s, catalogue_s)) is not None:
            self._loads.learn(("", model_id), ratio)
            self._known_loads.clear()

    def reset(self, model_id: str) -> None:
        """Forget a model."""
        for table in (self._reading, self._writing, self._lengths, self._loads):
            table.reset(model_id)
        self._known_loads.clear()
        self._detectors.pop(model_id, None)

    def _look_for_change(self, model_id: str, value: float, expected: Estimate) -> None:
        """Hold old speeds to be worth little once they are off by more than chance."""
        detector = self._detectors.setdefault(model_id, ChangeDetector())
        self._detectors.move_to_end(model_id)
        if len(self._detectors) > _MODELS_MAX:
            self._detectors.popitem(last=False)
        if detector.saw((value - expected.mean) / expected.sd):
            self._reading.doubt(model_id)
            self._writing.doubt(model_id)


def work_key(task_type: TaskType, complexity: Complexity) -> str:
    """The name of a kind of work."""
    return f"{task_type} {complexity}"


def _reading_path(model_id: str, node: str) -> tuple[str, ...]:
    return ("", model_id, node) if node else ("", model_id)


def _ratio(measured: float | None, expected: float) -> float | None:
    if measured is None or measured <= 0.0 or expected <= 0.0:
        return None
    return max(-_RATIO_MAX, min(_RATIO_MAX, log(measured / expected)))

"""Quality corrected by each judged answer at once: which model does well at what text."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dispatcher.core.drift import ChangeDetector
from dispatcher.core.task import TaskType

Floats = NDArray[np.float64]

_TASKS = {task: 1 + index for index, task in enumerate(TaskType)}
_FIXED = 1 + len(TaskType)  # a constant and the task types, before the text
_NOISE = 0.18  # variance of one answer's quality about what is expected
_ERROR_SD = 0.5  # the most that one answer's quality, 0..1, can deviate when its mean is known
_OWN = (0.2, 0.05, 0.2)  # how far one model may be off the base: everywhere, at a task type, at a kind of text (sd)
_SHARED = (0.3, 0.2, 0.6)  # the same of all models together: how hard the work here is
_FORGETTING = 3e-4  # share of what is known of a model that each new answer makes doubtful again
_FAMILIAR = 0.03  # how much less than others a model is off a base that has learned from its answers
_STRANGE = 1.0  # variance of a weight of which nothing is known, in units of its scale
_FAMILIAR_WORK = 0.2  # the same of the part all models share
_MODELS_MAX = 64
_UNMET, _UNMET_FAMILIAR = _MODELS_MAX, _MODELS_MAX + 1  # rows of models that nothing was learned of


class OnlineQuality:
    """Bayesian linear regression on what a base forecast leaves: a part all models share, then one of each model's own.

    It belongs to one base: with another, begin anew and let it learn the last outcomes again.

    Args:
        width: how many numbers a request vector has; about unit length, alike texts lying close.
        familiar: models whose answers, though from elsewhere, the base has learned from.
    Source: recursive least squares as a Kalman filter with a bounded random walk (Ljung 1999, ch. 11).
    """

    def __init__(self, width: int, familiar: Collection[str] = ()) -> None:
        scales = _scales(width, _SHARED)
        self._shared = _Weights(
            scales, np.zeros(len(scales)), np.eye(len(scales)) * (_FAMILIAR_WORK**2 if familiar else 1.0)
        )
        self._own = _Rows(_scales(width, _OWN), frozenset(familiar))
        self.familiar = frozenset(familiar)

    def predict(
        self, request_vector: Floats, task: TaskType, models: Sequence[str], base: Floats
    ) -> tuple[Floats, Floats]:
        """Foretell each model's quality, 0..1, and the standard deviation of that; both (n,).

        Args:
            base: (n,) what would be expected without this.
        """
        given = _given(request_vector, task)
        off, doubt = self._own.values(given, models)
        return np.minimum(1.0, np.maximum(0.0, base + self._shared.value(given) + off)), doubt

    def learn(
        self,
        request_vector: Floats,
        task: TaskType,
        model_id: str,
        base: float,
        quality: float,
        weight: float,
    ) -> None:
        """Take in one judged answer.

        Args:
            weight: how much it counts; that of an explicit word is 1.
        """
        if weight <= 0.0:
            return
        given = _given(request_vector, task)
        own = self._own.entered(model_id)
        own.doubt(_FORGETTING, own.variance)
        left = quality - base - own.value(given)
        if own.changes.saw((left - self._shared.value(given)) / _ERROR_SD):
            own.doubt(1.0, _STRANGE)
        self._shared.learn(given, left, weight)
        left = quality - base - self._shared.value(given)
        own.learn(given, left, weight)

    def reset(self, model_id: str) -> None:
        """Forget a model whose weights or template have changed."""
        self._own.forget(model_id)


@dataclass(frozen=True, slots=True)
class _Weights:
    """A normal distribution over weights, each in units of its own scale; the arrays change in place.

    `variance` is each weight's before anything is known; `changes` tells when that has to be learned anew.
    """

    scales: Floats
    mean: Floats
    cov: Floats
    variance: float = _STRANGE
    changes: ChangeDetector = field(default_factory=ChangeDetector)

    def value(self, given: Floats) -> float:
        return float((self.scales * given) @ self.mean)

    def learn(self, given: Floats, left: float, weight: float) -> None:
        """Correct the weights by what is left for them to explain."""
        scaled = self.scales * given
        toward = self.cov @ scaled
        step = toward / (_NOISE / weight + scaled @ toward)
        np.add(self.mean, step * (left - scaled @ self.mean), out=self.mean)
        np.subtract(self.cov, np.outer(step, toward), out=self.cov)

    def doubt(self, share: float, variance: float) -> None:
        """Move the covariance a part of the way to where nothing is known but this variance; 1 is all the way."""
        np.multiply(self.cov, 1.0 - share, out=self.cov)
        self.cov.flat[:: len(self.scales) + 1] += share * variance


class _Rows:
    """The weights of each model, in one array so that all are asked at once; those not met for longest go first."""

    def __init__(self, scales: Floats, familiar: frozenset[str]) -> None:
        self._scales = scales
        self._familiar = familiar
        self._places: OrderedDict[str, int] = OrderedDict()
        self._changes = [ChangeDetector() for _ in range(_MODELS_MAX)]
        self._free = list(range(_MODELS_MAX))
        self._means = np.zeros((_MODELS_MAX + 2, len(scales)))
        self._covs = np.tile(np.eye(len(scales)), (_MODELS_MAX + 2, 1, 1))
        self._covs[_UNMET_FAMILIAR] *= _FAMILIAR**2

    def values(self, given: Floats, models: Sequence[str]) -> tuple[Floats, Floats]:
        places = [self._places.get(model_id, self._unmet(model_id)) for model_id in models]
        scaled = self._scales * given
        variances = (self._covs[places] @ scaled) @ scaled
        return self._means[places] @ scaled, np.sqrt(np.maximum(variances, 0.0))

    def entered(self, model_id: str) -> _Weights:
        if model_id not in self._places:
            if not self._free:
                self.forget(next(iter(self._places)))
            place = self._places[model_id] = self._free.pop()
            self._means[place] = 0.0
            self._covs[place] = self._covs[self._unmet(model_id)]
            self._changes[place] = ChangeDetector()
        self._places.move_to_end(model_id)
        place = self._places[model_id]
        variance = float(self._covs[self._unmet(model_id), 0, 0])
        return _Weights(self._scales, self._means[place], self._covs[place], variance, self._changes[place])

    def forget(self, model_id: str) -> None:
        if (place := self._places.pop(model_id, None)) is not None:
            self._free.append(place)

    def _unmet(self, model_id: str) -> int:
        return _UNMET_FAMILIAR if model_id in self._familiar else _UNMET


def _scales(width: int, sds: tuple[float, float, float]) -> Floats:
    everywhere, task, text = sds
    return np.concatenate(([everywhere], np.full(len(TaskType), task), np.full(width, text)))


def _given(request_vector: Floats, task: TaskType) -> Floats:
    given = np.zeros(_FIXED + len(request_vector))
    given[0] = given[_TASKS[task]] = 1.0
    given[_FIXED:] = request_vector
    return given

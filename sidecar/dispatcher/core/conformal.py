"""Keeping promised times honest: each model's forecasts are corrected by how its earlier ones turned out.

An outcome's score is how far its time is off the forecast median, in the forecast's own spreads (both in logarithms).
The 90th percentile of the scores is followed, and how far the median is off. A step up for every promise broken and a
ninth of it down for every one kept make the share of promises kept tend to 90 % whatever the world does.
Source: adaptive conformal inference (Gibbs & Candès 2021), as quantile tracking (Angelopoulos et al. 2023).
"""

from collections import OrderedDict, deque
from dataclasses import dataclass
from math import exp, log

from dispatcher.core.decision import Seconds

KEPT = 0.9
_Z90 = 1.2815515655446004  # where the 90th percentile stands before anything is known: the forecast as it is
_STEP = 1.0  # the first step, in spreads
_STEP_MIN = 0.05
_STEP_FADES = 0.6
_SPREAD_MIN = 0.02
_BETWEEN_MIN = 0.2  # P90 above P50, in spreads
_WINDOW = 500  # promises of a model that its published share counts
_MODELS_MAX = 512


@dataclass(frozen=True, slots=True)
class Promises:
    """How many of a model's last forecasts of P90 were kept."""

    kept: int
    made: int

    @property
    def share(self) -> float | None:
        """The share kept, 0..1; 0.9 is honest. None before any was made."""
        return self.kept / self.made if self.made else None


class Conformal:
    """Corrects forecasts per model and counts promises; the models not seen for longest are forgotten."""

    def __init__(self, models_max: int = _MODELS_MAX) -> None:
        self._models_max = models_max
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def corrected(self, model_id: str, raw: Seconds) -> Seconds:
        """The forecast as it should have been, judging by earlier ones."""
        record = self._records.get(model_id)
        if record is None or raw.p50 <= 0.0:
            return raw
        spread = _spread(raw)
        upper = max(record.upper * spread, record.middle + _BETWEEN_MIN * spread)
        return Seconds(raw.p50 * exp(record.middle), raw.p50 * exp(upper))

    def learn(self, model_id: str, raw: Seconds, actual_s: float, promised_p90_s: float | None = None) -> None:
        """Take in how long it took, beside the uncorrected forecast, and the P90 that was promised, if one was."""
        if raw.p50 <= 0.0 or actual_s <= 0.0:
            return
        record = self._records.setdefault(model_id, _Record())
        promised_s = self.corrected(model_id, raw).p90 if promised_p90_s is None else promised_p90_s
        record.count(is_kept=actual_s <= promised_s)
        record.follow(log(actual_s / raw.p50), _spread(raw))
        self._records.move_to_end(model_id)
        if len(self._records) > self._models_max:
            self._records.popitem(last=False)

    def promises(self, model_id: str) -> Promises:
        """How many of the model's last promises were kept."""
        record = self._records.get(model_id)
        return Promises(sum(record.kept), len(record.kept)) if record else Promises(0, 0)

    def reset(self, model_id: str) -> None:
        """Forget a model."""
        self._records.pop(model_id, None)


class _Record:
    __slots__ = ("_seen", "kept", "middle", "upper")

    def __init__(self) -> None:
        self.middle = 0.0
        self.upper = _Z90
        self.kept: deque[bool] = deque(maxlen=_WINDOW)
        self._seen = 0

    def count(self, *, is_kept: bool) -> None:
        self.kept.append(is_kept)

    def follow(self, off: float, spread: float) -> None:
        """`off` is the logarithm of actual ÷ forecast; the median is followed in it, so that it keeps their order."""
        self._seen += 1
        step = max(_STEP_MIN, _STEP * self._seen**-_STEP_FADES)
        self.middle += step * spread * (0.5 if off > self.middle else -0.5)
        self.upper += step * (KEPT if off > self.upper * spread else KEPT - 1.0)


def _spread(raw: Seconds) -> float:
    return max(_SPREAD_MIN, log(raw.p90 / raw.p50) / _Z90)

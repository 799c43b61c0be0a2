"""How far a model's quality lies from the rule table, as a smooth function of where the request lies."""

from dataclasses import dataclass

import numpy as np

from dispatcher.learning.examples import Floats, Ints

_SHARED_PENALTY = 3.0
_OWN_PENALTY = 3.0


@dataclass(frozen=True, slots=True)
class SmoothResidual:
    """Ridge regression on landmarks: what all models share (hard questions), then what is each model's own.

    Args:
        centre: (landmarks,) the mean place, so that the rule table keeps the mean quality.
        shared: (landmarks,) weights for every model.
        own: (models, landmarks) weights beside the shared ones; zeros where there was little to learn from.
    """

    centre: Floats
    shared: Floats
    own: Floats

    @classmethod
    def fit(cls, places: Floats, model: Ints, residual: Floats, weight: Floats, models: int) -> "SmoothResidual":
        """Fit outcomes: `places` (m, landmarks), the other arrays (m,)."""
        centre: Floats = weight @ places / float(weight.sum())
        rows = places - centre
        shared = _ridge(rows, residual, weight, _SHARED_PENALTY)
        left = residual - rows @ shared
        own = np.zeros((models, places.shape[1]))
        for one in np.unique(model):
            mine = model == one
            own[one] = _ridge(rows[mine], left[mine], weight[mine], _OWN_PENALTY)
        return cls(centre, shared, own)

    def values(self, places: Floats, model: Ints) -> Floats:
        """Expected quality above the rule table; a model of -1 has the shared part only. Shape (m,)."""
        weights = self.shared + self.own[model] * (model >= 0)[:, None]
        found: Floats = ((places - self.centre) * weights).sum(1)
        return found


def _ridge(rows: Floats, target: Floats, weight: Floats, penalty: float) -> Floats:
    weighed = rows * weight[:, None]
    square = weighed.T @ rows + penalty * np.eye(rows.shape[1])
    return np.asarray(np.linalg.solve(square, weighed.T @ target), np.float64)

"""What speaks for or against a new ranker: from the log, from watching, and from its own choices."""

import math
from dataclasses import dataclass

_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Guardrail:
    """Something that must not get worse, as shares 0..1 of dispatches; `after` is the new ranker's."""

    name: str
    before: float
    after: float
    tolerance: float
    is_good: bool  # more of it is better

    @property
    def holds(self) -> bool:
        """Whether it is no worse than before, within the tolerance."""
        worse = self.before - self.after if self.is_good else self.after - self.before
        return worse <= self.tolerance


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the log says of a ranker that wasn't asked (off-policy evaluation).

    Args:
        dispatches: how many were judged by.
        effective: effective sample size, (Σw)² ÷ Σw².
        unsupported: share of dispatches in which it would do what the log never would have.
        clipped: share of all weight that was cut off.
        snips: self-normalised estimate of its mean utility.
        utility: mean utility of what was really done.
        gain: doubly robust estimate of what it would have added to each dispatch's utility.
        gain_low95: one-sided 95 % lower bound of that.
    """

    dispatches: int
    effective: float
    unsupported: float
    clipped: float
    snips: float
    utility: float
    gain: float
    gain_low95: float
    guardrails: tuple[Guardrail, ...] = ()


@dataclass(frozen=True, slots=True)
class Shadow:
    """How the forecasts of a ranker without a say compare with the live one's, on what then happened.

    Errors are mean squared ones of success times quality, 0..1.
    """

    dispatches: int
    error: float
    live_error: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Mean and variance of the utility of those dispatches that one ranker chose for."""

    dispatches: int = 0
    mean: float = 0.0
    squares: float = 0.0  # sum of squared deviations from the mean (Welford)

    def plus(self, utility: float) -> "Tally":
        """The tally with one more."""
        count = self.dispatches + 1
        step = utility - self.mean
        mean = self.mean + step / count
        return Tally(count, mean, self.squares + step * (utility - mean))

    @property
    def deviation(self) -> float:
        """Standard deviation; that of a coin until there are two."""
        return math.sqrt(self.squares / (self.dispatches - 1)) if self.dispatches > 1 else 0.5


def radius(tally: Tally) -> float:
    """Half the width of a 95 % confidence sequence for the mean of two such tallies compared.

    Source: the asymptotic normal-mixture boundary (Robbins 1970; Waudby-Smith et al. 2021), its tightest at 200.
    """
    count = max(1, tally.dispatches)
    alpha = _ALPHA / 2
    rho2 = 2 * math.log(1 / alpha) / 200
    grown = count * rho2 + 1
    return tally.deviation * math.sqrt(2 * grown / (count**2 * rho2) * math.log(math.sqrt(grown) / alpha))

"""Whether one way of speaking does better than another, and what follows for it.

Both are judged by dispatches in which either might have been used, and all the bounds hold at all times at once: they
may be looked at after every dispatch, as often as one likes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.evidence import Tally, radius
from dispatcher.core.reward import Label
from dispatcher.core.variants import IN_PLAY, VariantState

EVIDENCE_MIN = 50  # dispatches on each side below which nothing is said
CANDIDATE_ENOUGH = 400  # tried so often without being ahead: not worth going on
CANARY_ENOUGH = 1500  # on trial for so long without a provable gain: not worth its tokens


@dataclass(frozen=True, slots=True)
class Sums:
    """Weight, sum and sum of squares of numbers 0..1; one that was counted can be taken out again."""

    weight: float = 0.0
    total: float = 0.0
    squares: float = 0.0

    def plus(self, value: float, weight: float) -> "Sums":
        """With one more; with one less when the weight is negative."""
        return Sums(self.weight + weight, self.total + weight * value, self.squares + weight * value * value)

    @property
    def mean(self) -> float:
        """The mean; 0 while there is nothing."""
        return self.total / self.weight if self.weight > 0 else 0.0

    @property
    def count(self) -> int:
        """What is known, in dispatches."""
        return round(self.weight)

    @property
    def tally(self) -> Tally:
        """The same as evidence; as if there had been one 0 and one 1 more, lest a run of luck look like certainty."""
        return Tally(self.count, self.mean, max(0.0, self.squares - self.weight * self.mean**2) + 0.5)


@dataclass(frozen=True, slots=True)
class Score:
    """How dispatches with one variant went: their reward (success times quality), and whether they succeeded.

    Success counts 1 each; reward as much as is known of the quality: a tenth of an answer that nobody minded.
    """

    reward: Sums = Sums()
    success: Sums = Sums()

    def plus(self, label: Label, times: float = 1.0) -> "Score":
        """With one more dispatch, as far as its label says anything; with one less when `times` is -1."""
        success, quality = label.success, label.quality
        reward, succeeded = self.reward, self.success
        if success is not None:
            succeeded = succeeded.plus(success, times)
        if success is not None and quality is not None:
            reward = reward.plus(success * quality, label.weight * times)
        elif success is not None and label.weight > 0.0:  # of no use, or nobody minded it
            reward = reward.plus(success, label.weight * times)
        return Score(reward, succeeded)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Where a variant goes from here, its present state when it stays; and why, in words."""

    state: VariantState
    why: str


def judge(state: VariantState, mine: Score, other: Score) -> Judgement:
    """Judge a variant against what is used without it: the live one, or for the live one the plain prompt.

    It falls back when it provably succeeds less often or brings less; a candidate goes on trial when it is ahead, and
    from trial it goes live only when it provably succeeds more often or brings more. Without a verdict it ends in time.
    """
    count = min(mine.success.count, other.success.count)
    if state not in IN_PLAY or count < EVIDENCE_MIN:
        return Judgement(state, f"not enough evidence: {count} dispatches, {EVIDENCE_MIN} are needed on both sides")
    compared = _Compared.of("success", mine.success, other.success), _Compared.of("reward", mine.reward, other.reward)
    for one in compared:
        if one.difference + one.doubt < 0.0:
            down = VariantState.REJECTED if state is VariantState.CANDIDATE else VariantState.ROLLED_BACK
            return Judgement(down, f"provably worse: {one}")
    if state is VariantState.LIVE:
        return Judgement(state, f"not found worse: {_all(compared)}")
    if state is VariantState.CANDIDATE:
        return _of_candidate(compared, mine.success.count)
    return _of_canary(compared, mine.success.count)


@dataclass(frozen=True, slots=True)
class _Compared:
    name: str
    difference: float
    doubt: float

    @classmethod
    def of(cls, name: str, mine: Sums, other: Sums) -> "_Compared":
        return cls(name, mine.mean - other.mean, radius(mine.tally) + radius(other.tally))

    def __str__(self) -> str:
        return f"{self.difference:+.3f} ± {self.doubt:.3f} {self.name}"


def _of_candidate(compared: Sequence[_Compared], count: int) -> Judgement:
    if any(one.difference > 0.0 for one in compared):
        return Judgement(VariantState.CANARY, f"ahead after {count} dispatches: {_all(compared)}")
    if count >= CANDIDATE_ENOUGH:
        return Judgement(VariantState.REJECTED, f"not ahead after {count} dispatches: {_all(compared)}")
    return Judgement(VariantState.CANDIDATE, f"still being tried: {_all(compared)}")


def _of_canary(compared: Sequence[_Compared], count: int) -> Judgement:
    for one in compared:
        if one.difference - one.doubt > 0.0:
            return Judgement(VariantState.LIVE, f"provably better: {one}")
    if count >= CANARY_ENOUGH:
        return Judgement(VariantState.ROLLED_BACK, f"not found better after {count} dispatches: {_all(compared)}")
    return Judgement(VariantState.CANARY, f"still on trial: {_all(compared)}")


def _all(compared: Sequence[_Compared]) -> str:
    return ", ".join(str(one) for one in compared)

"""Whether one way of speaking does better than another, and what follows for it.

Both are judged by dispatches in which either might have been used, and all the bounds hold at all times at once: they
may be looked at after every dispatch, as often as one likes.
"""

from dataclasses import dataclass

from dispatcher.core.evidence import Tally, radius
from dispatcher.core.reward import Label
from dispatcher.core.variants import IN_PLAY, VariantState

# Weight of what is known of both sides. An answer that somebody judged counts 1, one that nobody minded a tenth.
EVIDENCE_MIN = 50  # below nothing is said
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
    def tally(self) -> Tally:
        """The same as evidence; as if there had been one 0 and one 1 more, lest a run of luck look like certainty."""
        return Tally(round(self.weight), self.mean, max(0.0, self.squares - self.weight * self.mean**2) + 0.5)


@dataclass(frozen=True, slots=True)
class Score:
    """How dispatches with one variant went: their reward (success times quality), and whether they succeeded."""

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
        return Score(reward, succeeded)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Where a variant goes from here, its present state when it stays; and why, in words."""

    state: VariantState
    why: str


def judge(state: VariantState, mine: Score, other: Score) -> Judgement:
    """Judge a variant against what is used without it: the live one, or for the live one the plain prompt.

    It falls back when it provably brings less, or succeeds less often; a candidate goes on trial when it is ahead, and
    from trial it goes live only when it provably brings more. Without a verdict it ends in time.
    """
    count = min(mine.reward.weight, other.reward.weight)
    if state not in IN_PLAY or count < EVIDENCE_MIN:
        return Judgement(state, f"not enough evidence: {count:.0f}, {EVIDENCE_MIN} are needed on both sides")
    down = VariantState.REJECTED if state is VariantState.CANDIDATE else VariantState.ROLLED_BACK
    for name, ours, theirs in (("success", mine.success, other.success), ("reward", mine.reward, other.reward)):
        difference, doubt = _compared(ours, theirs)
        found = f"{difference:+.3f} ± {doubt:.3f} {name} by evidence of {mine.reward.weight:.0f}"
        if difference + doubt < 0.0:
            return Judgement(down, f"provably worse: {found}")
    if state is VariantState.LIVE:
        return Judgement(state, f"not found worse: {found}")
    if state is VariantState.CANDIDATE:
        return _of_candidate(difference, mine.reward.weight, found)
    return _of_canary(difference - doubt, mine.reward.weight, found)


def _of_candidate(difference: float, count: float, found: str) -> Judgement:
    if difference > 0.0:
        return Judgement(VariantState.CANARY, f"ahead: {found}")
    if count >= CANDIDATE_ENOUGH:
        return Judgement(VariantState.REJECTED, f"never ahead: {found}")
    return Judgement(VariantState.CANDIDATE, f"still being tried: {found}")


def _of_canary(gain_low: float, count: float, found: str) -> Judgement:
    if gain_low > 0.0:
        return Judgement(VariantState.LIVE, f"provably better: {found}")
    if count >= CANARY_ENOUGH:
        return Judgement(VariantState.ROLLED_BACK, f"not found better: {found}")
    return Judgement(VariantState.CANARY, f"still on trial: {found}")


def _compared(mine: Sums, other: Sums) -> tuple[float, float]:
    return mine.mean - other.mean, radius(mine.tally) + radius(other.tally)

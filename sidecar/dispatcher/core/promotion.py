"""Whether a new ranker may take the next step towards going live, or has to go back."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dispatcher.core.evidence import Evidence, Guardrail, Shadow, Tally, radius

EFFECTIVE_MIN = 200.0  # effective sample size below which nothing is said
UNSUPPORTED_MAX = 0.2  # share of choices of which the log can't know what would have come of them
SHADOW_MIN = 100  # dispatches watched without a say
CANARY_MIN = 50  # dispatches answered on trial
CANARY_SHARE = 0.1
_WATCHED = 100  # dispatches of the one before, by which a new one is watched
_CANARY_ENOUGH = 400  # on trial for so long and no worse: nothing more to wait for
_TOLERANCE = 0.01  # of utility: a difference nobody notices


class Stage(StrEnum):
    """Where a ranker stands."""

    CANDIDATE = "candidate"  # trained, not yet judged
    SHADOW = "shadow"  # forecasts beside the live one, and has no say
    CANARY = "canary"  # chooses for one dispatch in ten
    LIVE = "live"
    RETIRED = "retired"  # was live, and may be again
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"  # was on trial or live, and did worse


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a ranker goes from here; its present stage when it is too early to say."""

    stage: Stage
    why: str


def after_evaluation(evidence: Evidence) -> Verdict:
    """Judge a candidate by the log: on to watch it beside the live one, or not enough evidence, or no."""
    if evidence.effective < EFFECTIVE_MIN:
        return Verdict(
            Stage.CANDIDATE,
            f"not enough evidence: {evidence.effective:.0f} effective dispatches, {EFFECTIVE_MIN:.0f} are needed",
        )
    if evidence.unsupported > UNSUPPORTED_MAX:
        return Verdict(
            Stage.CANDIDATE,
            f"not enough evidence: in {evidence.unsupported:.0%} of dispatches it would do what was never tried",
        )
    broken = _broken(evidence.guardrails)
    if broken:
        return Verdict(Stage.REJECTED, broken)
    gained = f"{evidence.gain:+.4f} utility per dispatch, at least {evidence.gain_low95:+.4f} with 95 % confidence"
    if evidence.gain_low95 <= 0.0:
        return Verdict(Stage.REJECTED, f"not provably better: {gained}")
    return Verdict(Stage.SHADOW, f"provably better on the log: {gained}")


def after_shadow(shadow: Shadow) -> Verdict:
    """Judge a ranker by how well it foretold what others chose."""
    if shadow.dispatches < SHADOW_MIN:
        return Verdict(Stage.SHADOW, f"watched on {shadow.dispatches} of {SHADOW_MIN} dispatches")
    if shadow.error > shadow.live_error * 1.05 + 0.002:
        return Verdict(
            Stage.REJECTED, f"foretells worse: error {shadow.error:.4f}, the live one's {shadow.live_error:.4f}"
        )
    return Verdict(
        Stage.CANARY, f"foretells as well or better: error {shadow.error:.4f}, the live one's {shadow.live_error:.4f}"
    )


def after_canary(canary: Tally, live: Tally) -> Verdict:
    """Judge a ranker by what its choices brought. The bounds hold at all times at once: look as often as you like."""
    if canary.dispatches < CANARY_MIN or live.dispatches < CANARY_MIN:
        return Verdict(Stage.CANARY, f"on trial with {canary.dispatches} of {CANARY_MIN} dispatches")
    difference = canary.mean - live.mean
    doubt = radius(canary) + radius(live)
    found = f"{difference:+.4f} ± {doubt:.4f} utility per dispatch against the live one"
    if difference + doubt < 0.0:
        return Verdict(Stage.ROLLED_BACK, f"provably worse on trial: {found}")
    if difference - doubt > -_TOLERANCE:
        return Verdict(Stage.LIVE, f"no worse on trial: {found}")
    if canary.dispatches < _CANARY_ENOUGH:
        return Verdict(Stage.CANARY, f"still on trial: {found}")
    if difference > -_TOLERANCE:
        return Verdict(Stage.LIVE, f"on trial for {canary.dispatches} dispatches and not found worse: {found}")
    return Verdict(Stage.ROLLED_BACK, f"on trial for {canary.dispatches} dispatches and not found as good: {found}")


def after_probation(new: Tally, old: Tally) -> Verdict:
    """Judge a ranker that has gone live, while the one before it still chooses for one dispatch in ten.

    Returns: ROLLED_BACK for the new one, RETIRED for the old one when enough was seen, LIVE until then.
    """
    difference = new.mean - old.mean
    doubt = radius(new) + radius(old)
    found = f"{difference:+.4f} ± {doubt:.4f} utility per dispatch against the one before"
    if min(new.dispatches, old.dispatches) >= CANARY_MIN and difference + doubt < 0.0:
        return Verdict(Stage.ROLLED_BACK, f"provably worse since it is live: {found}")
    if old.dispatches >= _WATCHED:
        return Verdict(Stage.RETIRED, f"no longer needed to watch the new one: {found}")
    return Verdict(Stage.LIVE, found)


def _broken(guardrails: Sequence[Guardrail]) -> str | None:
    for one in guardrails:
        if not one.holds:
            return f"{one.name} would go from {one.before:.1%} to {one.after:.1%}"
    return None

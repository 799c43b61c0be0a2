"""Which prospect to take: the best utility among those that keep the deadline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dispatcher.core.decision import Option, Refusal, RefusalReason, Terms, Way
from dispatcher.core.prospects import Prospect
from dispatcher.core.seconds import chance_within, percentile
from dispatcher.core.task import ModelId, Objective


@dataclass(frozen=True, slots=True)
class Weights:
    """What a second of waiting, a dollar, and a second of regretted loading cost, in quality (0..1)."""

    time_per_s: float
    cost_per_usd: float
    eviction_per_s: float


PRESETS: dict[Objective, Weights] = {
    Objective.BALANCED: Weights(time_per_s=0.004, cost_per_usd=20.0, eviction_per_s=0.004),
    Objective.FASTEST: Weights(time_per_s=1.0, cost_per_usd=5.0, eviction_per_s=0.004),
    Objective.BEST: Weights(time_per_s=0.0002, cost_per_usd=1.0, eviction_per_s=0.0005),
    Objective.CHEAPEST: Weights(time_per_s=0.001, cost_per_usd=10_000.0, eviction_per_s=0.01),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller wants of the choice.

    Args:
        timeout_s: seconds until the answer must be whole.
        confidence: chance, 0..1, with which a model must keep that to be chosen.
        is_best_effort: when none does, take whichever comes nearest.
    """

    objective: Objective
    timeout_s: float
    confidence: float
    min_quality: float = 0.0
    max_cost_usd: float | None = None
    is_best_effort: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """The options that keep every limit, best first, and a refusal for each prospect that doesn't.

    Args:
        feasible_s: the shortest timeout with which some prospect would have been taken; None when options exist or
            when time isn't what is missing.
        again_in_s: when asking the same again may succeed, because waiting for others is what takes too long; None
            when it won't.
    """

    options: tuple[Option, ...]
    refused: tuple[Refusal, ...]
    feasible_s: float | None
    again_in_s: float | None = None


def rank(prospects: Sequence[Prospect], wish: Wish) -> Ranking:
    """Weigh the prospects and put those within the limits in order; ties go by model id, then way.

    Utility = P(success, in time) × quality − λ_time × median seconds − λ_cost × USD − λ_evict × regretted seconds.
    With best effort, when none is likely to be in time, those that are only late are options, the likeliest first.
    """
    options: list[Option] = []
    refused: list[Refusal] = []
    late: list[Prospect] = []
    for prospect in prospects:
        no = _limit_broken(prospect, wish)
        if no is not None:
            refused.append(no)
        elif (chance := chance_within(prospect.finish, wish.timeout_s)) < wish.confidence:
            late.append(prospect)
        else:
            options.append(_option(prospect, wish, chance))
    if not options and wish.is_best_effort:
        tries = sorted(
            (_option(one, wish, chance_within(one.finish, wish.timeout_s)) for one in late), key=_nearest_first
        )
        return Ranking(tuple(tries), tuple(refused), None)
    options.sort(key=lambda option: (-option.utility, option.model_id, option.way))
    refused.extend(_slow(prospect, wish) for prospect in late)
    if options:
        return Ranking(tuple(options), tuple(refused), None)
    feasible_s = min((percentile(prospect.finish, wish.confidence) for prospect in late), default=None)
    return Ranking((), tuple(refused), feasible_s, min(_again_in_s(late, wish), default=None))


def _nearest_first(option: Option) -> tuple[float, float, ModelId, Way]:
    return -option.chance_in_time, option.finish.p50, option.model_id, option.way


def _again_in_s(late: Sequence[Prospect], wish: Wish) -> Iterator[float]:
    """For each prospect that would be in time had it nothing to wait for, how long until that may be so."""
    for prospect in late:
        if chance_within(prospect.forecast.run, wish.timeout_s) >= wish.confidence:
            yield percentile(prospect.finish, wish.confidence) - wish.timeout_s


def _option(prospect: Prospect, wish: Wish, chance: float) -> Option:
    weights = PRESETS[wish.objective]
    forecast = prospect.forecast
    terms = Terms(
        quality=chance * forecast.success * forecast.quality,
        time=-weights.time_per_s * prospect.finish.p50,
        cost=-weights.cost_per_usd * forecast.cost_usd,
        eviction=-weights.eviction_per_s * prospect.regret_s,
    )
    return Option(
        prospect.model_id,
        prospect.way,
        prospect.replica_id,
        prospect.evicts,
        forecast,
        prospect.finish,
        chance,
        terms,
    )


def _limit_broken(prospect: Prospect, wish: Wish) -> Refusal | None:
    expected = prospect.forecast
    if expected.quality < wish.min_quality:
        message = f"its expected quality {expected.quality:.2f} is below min_quality {wish.min_quality:.2f}"
        return Refusal(prospect.model_id, RefusalReason.QUALITY, message)
    if wish.max_cost_usd is not None and expected.cost_usd > wish.max_cost_usd:
        message = f"its expected cost {expected.cost_usd:.2g} USD is above max_cost {wish.max_cost_usd:.2g}"
        return Refusal(prospect.model_id, RefusalReason.COST, message)
    return None


def _slow(prospect: Prospect, wish: Wish) -> Refusal:
    needs_s = percentile(prospect.finish, wish.confidence)
    message = f"it would need about {needs_s:.1f} s and requirements.timeout leaves {wish.timeout_s:.3g} s"
    return Refusal(prospect.model_id, RefusalReason.DEADLINE, message)

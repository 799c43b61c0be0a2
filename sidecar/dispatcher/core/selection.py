"""Which prospect to take: the best utility among those that keep the deadline."""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.decision import Option, Refusal, RefusalReason, Terms
from dispatcher.core.prospects import Prospect
from dispatcher.core.seconds import chance_within, percentile
from dispatcher.core.task import Objective


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
    """

    objective: Objective
    timeout_s: float
    confidence: float
    min_quality: float = 0.0
    max_cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The options that keep every limit, best first, and a refusal for each prospect that doesn't.

    `feasible_s` is the shortest timeout with which some prospect would have been taken; None when options exist or
    when time isn't what is missing.
    """

    options: tuple[Option, ...]
    refused: tuple[Refusal, ...]
    feasible_s: float | None


def rank(prospects: Sequence[Prospect], wish: Wish) -> Ranking:
    """Weigh the prospects and put those within the limits in order; ties go by model id, then way.

    Utility = P(success, in time) × quality − λ_time × median seconds − λ_cost × USD − λ_evict × regretted seconds.
    """
    options: list[Option] = []
    refused: list[Refusal] = []
    too_slow_s: list[float] = []
    for prospect in prospects:
        no = _limit_broken(prospect, wish)
        option = None if no else _option(prospect, wish)
        if option is None:
            refused.append(no or _slow(prospect, wish))
            if no is None:
                too_slow_s.append(percentile(prospect.finish, wish.confidence))
        else:
            options.append(option)
    options.sort(key=lambda option: (-option.utility, option.model_id, option.way))
    return Ranking(tuple(options), tuple(refused), min(too_slow_s, default=None) if not options else None)


def _option(prospect: Prospect, wish: Wish) -> Option | None:
    chance = chance_within(prospect.finish, wish.timeout_s)
    if chance < wish.confidence:
        return None
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

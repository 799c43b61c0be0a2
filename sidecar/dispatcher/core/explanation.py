"""A decision in words: why this model, what decided it, and the smallest change that would have chosen the other."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from dispatcher.core.decision import Decision, Explanation, Option, Way
from dispatcher.core.prospects import Situation, prospects
from dispatcher.core.replica import ReplicaId, ReplicaState, Resident
from dispatcher.core.selection import Wish, rank
from dispatcher.core.task import ModelId, Objective

_TIMEOUT_MAX_S = 3600.0
_TIMEOUT_STEP = 1.3  # search grid; the found edge is then narrowed down
_NARROWINGS = 8

_WAY_WORDS = {
    Way.WARM: "already loaded",
    Way.JOIN: "being loaded right now",
    Way.LOAD: "loaded for this",
    Way.EVICT: "loaded in place of another model",
}
_TERM_WORDS = {
    "quality": "better expected answers",
    "time": "sooner finished",
    "cost": "cheaper",
    "eviction": "keeps more models loaded",
}


def explain(situation: Situation, wish: Wish, decision: Decision) -> Explanation:
    """Put a decision into words. Every flip it names was tried: with that change the runner-up really wins."""
    chosen, other = decision.chosen, decision.runner_up
    if other is None:
        alone = "the request asks for it" if situation.request.model else "no other model can take this"
        return Explanation(f"{_portrait(chosen)}; {alone}", None, _flip_of_refused(decision))
    if decision.explored:
        tried = f"tried to learn how it does here, at odds of {decision.propensity:.1%}"
        return Explanation(f"{_portrait(chosen)}; {tried}: {other.model_id} was expected to be better", None, None)
    term = _deciding_term(chosen, other)
    why = f"{_portrait(chosen)}; {_TERM_WORDS[term]} than {other.model_id} ({_seconds(other.finish.p50)})"
    return Explanation(why, term, _flip(situation, wish, decision, other))


def _portrait(option: Option) -> str:
    return (
        f"{option.model_id} is {_WAY_WORDS[option.way]}: about {_seconds(option.finish.p50)}, "
        f"expected quality {option.forecast.quality:.2f}"
    )


def _deciding_term(chosen: Option, other: Option) -> str:
    differences = {name: getattr(chosen.terms, name) - getattr(other.terms, name) for name in _TERM_WORDS}
    return max(differences, key=lambda name: differences[name])


def _flip_of_refused(decision: Decision) -> str | None:
    for refusal in decision.refused:
        if refusal.reason not in _UNFLIPPABLE:
            return f"{refusal.model_id} was left out because {refusal.message}"
    return None


_UNFLIPPABLE = frozenset({"not_pinned", "disabled", "task", "capability"})


def _flip(situation: Situation, wish: Wish, decision: Decision, other: Option) -> str | None:
    found, _ = prospects(situation)

    def wins(changed: Wish) -> bool:
        options = rank(found, changed).options
        return bool(options) and options[0].model_id == other.model_id

    changes = list(_changes(situation, wish, decision, other, wins))
    return f"{other.model_id} wins {', or '.join(changes)}" if changes else None


def _changes(
    situation: Situation, wish: Wish, decision: Decision, other: Option, wins: Callable[[Wish], bool]
) -> Iterator[str]:
    """The changes that really flip the choice, smallest first; of the caller's settings only the first that does."""
    if other.way is not Way.WARM and _wins_if_loaded(situation, wish, other.model_id):
        yield "were it loaded"
    edge_s = _timeout_edge(wish, wins)
    if edge_s is not None:
        yield f"if requirements.timeout is {'≥' if edge_s > wish.timeout_s else '≤'} {edge_s:.1f}".removesuffix(".0")
        return
    quality = round(decision.chosen.forecast.quality + 0.01, 2)
    if wins(replace(wish, min_quality=quality)):
        yield f"if requirements.min_quality is ≥ {quality:.2f}"
        return
    for objective in Objective:
        if wins(replace(wish, objective=objective)):
            yield f"if objective is {objective}"
            return


def _wins_if_loaded(situation: Situation, wish: Wish, model_id: ModelId) -> bool:
    candidate = next(known for known in situation.candidates if known.spec.id == model_id)
    loaded = Resident(
        replica_id=ReplicaId("imagined"),
        model_id=model_id,
        state=ReplicaState.READY,
        is_condemned=False,
        is_pinned=False,
        in_flight=0,
        slots=1,
        threads=candidate.threads,
        footprint_mib=candidate.footprint_mib,
        queue_s=0.0,
        drain_s=0.0,
        ready_in_s=0.0,
        reload_s=0.0,
        uses_per_s=0.0,
        idle_s=0.0,
    )
    found, _ = prospects(replace(situation, residents=(*situation.residents, loaded)))
    options = rank(found, wish).options
    return bool(options) and options[0].model_id == model_id


def _timeout_edge(wish: Wish, wins: Callable[[Wish], bool]) -> float | None:
    """The timeout nearest to the asked one with which the other model wins; longer ones first."""
    for factor in (_TIMEOUT_STEP, 1 / _TIMEOUT_STEP):
        losing_s, trial_s = wish.timeout_s, wish.timeout_s * factor
        while 1.0 <= trial_s <= _TIMEOUT_MAX_S:
            if wins(replace(wish, timeout_s=trial_s)):
                return _narrowed(wish, wins, losing_s, trial_s)
            losing_s, trial_s = trial_s, trial_s * factor
    return None


def _narrowed(wish: Wish, wins: Callable[[Wish], bool], losing_s: float, winning_s: float) -> float:
    for _ in range(_NARROWINGS):
        middle_s = (losing_s + winning_s) / 2
        if wins(replace(wish, timeout_s=middle_s)):
            winning_s = middle_s
        else:
            losing_s = middle_s
    # Rounded away from the losing side, so that the words stay true.
    up = winning_s > losing_s
    rounded_s = (int(winning_s * 10) + (1 if up else 0)) / 10
    return rounded_s if wins(replace(wish, timeout_s=rounded_s)) else winning_s


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"

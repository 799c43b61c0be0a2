"""Every way in which each eligible model could be run now: warm, joined, loaded, or loaded after an eviction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dispatcher.core.decision import Forecast, Refusal, RefusalReason, Seconds, Way
from dispatcher.core.eligibility import Candidate, refusal
from dispatcher.core.features import TextFeatures
from dispatcher.core.forecast import Question, Work, forecast
from dispatcher.core.placement import Placement, place
from dispatcher.core.replica import STARTING, ReplicaId, ReplicaState, Resident
from dispatcher.core.scheduling import Incumbent, Side, turn_within_s
from dispatcher.core.seconds import sure, total
from dispatcher.core.task import Complexity, DispatchRequest, ModelId, TaskType
from dispatcher.core.waiting import Waiter

_WAIT_DOUBT = 1.5  # P90 ÷ P50 of a wait for others
_FETCH_DOUBT = 3.0  # the same of a download, before its speed is seen


@dataclass(frozen=True, slots=True)
class Hall:
    """Those who wait for a model that isn't in memory.

    Args:
        ahead_s: expected seconds of work for those who go before whoever asks.
        turn_s: what the model's whole turn takes, its load included.
    """

    model_id: ModelId
    ahead_s: float
    turn_s: float


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a choice depends on: the work, the models, who is resident, and the memory lent to them (MiB).

    `halls` are the models that others wait for already, and that must have memory given up for them; `sides` these and
    those in memory with whoever waits for them, and `newcomer` the request as one who would wait too: by both, those in
    memory may be seen to give way for its deadline. `forecasts` are by model and CPU threads; what isn't among them is
    forecast from the catalogue. `ineligible` are those that can't take it at all, when that has been found out.
    """

    request: DispatchRequest
    task_type: TaskType
    complexity: Complexity
    text: TextFeatures
    max_tokens: int
    candidates: tuple[Candidate, ...]
    residents: tuple[Resident, ...]
    budget_mib: int
    halls: tuple[Hall, ...] = ()
    sides: Mapping[ModelId, Side] = field(default_factory=dict)
    newcomer: Waiter | None = None
    forecasts: Mapping[tuple[ModelId, int], Forecast] = field(default_factory=dict)
    ineligible: Mapping[ModelId, Refusal] | None = None


@dataclass(frozen=True, slots=True)
class Prospect:
    """One model run in one way, before its worth is judged. `regret_s` is what its evictions cost later."""

    model_id: ModelId
    way: Way
    replica_id: ReplicaId | None
    evicts: tuple[ReplicaId, ...]
    forecast: Forecast
    finish: Seconds
    regret_s: float


def placement_for(candidate: Candidate, residents: Sequence[Resident], budget_mib: int) -> Placement | None:
    """Where the memory for one more replica would come from; None when it can't be had."""
    if not candidate.spec.is_local:
        return Placement((), 0.0, 0.0)
    return place(candidate.footprint_mib, residents, budget_mib)


def no_room(candidate: Candidate, budget_mib: int) -> str:
    """Why there is no placement, in words."""
    return f"no {candidate.footprint_mib} MiB of the {budget_mib} MiB for models can be freed for it"


def prospects(situation: Situation) -> tuple[tuple[Prospect, ...], tuple[Refusal, ...]]:
    """List what could be done, and who can't do anything and why. Both in the order of the candidates."""
    found: list[Prospect] = []
    refused: list[Refusal] = []
    ineligible = ineligible_in(situation) if situation.ineligible is None else situation.ineligible
    replicas: dict[ModelId, list[Resident]] = {}
    for resident in situation.residents:
        if not resident.is_condemned:
            replicas.setdefault(resident.model_id, []).append(resident)
    for candidate in situation.candidates:
        no = ineligible.get(candidate.spec.id)
        ways = [] if no else _ways(candidate, replicas.get(candidate.spec.id, ()), situation)
        if ways:
            found.extend(ways)
        else:
            refused.append(no or _not_startable(candidate, situation.budget_mib))
    return tuple(found), tuple(refused)


def _not_startable(candidate: Candidate, budget_mib: int) -> Refusal:
    if candidate.unstartable is not None:
        return Refusal(candidate.spec.id, RefusalReason.HOST, candidate.unstartable)
    return Refusal(candidate.spec.id, RefusalReason.MEMORY, no_room(candidate, budget_mib))


def _ways(candidate: Candidate, mine: Sequence[Resident], situation: Situation) -> list[Prospect]:
    if not mine:
        return _by_starting(candidate, situation)
    ready = [resident for resident in mine if resident.state is ReplicaState.READY and _can_wake(resident, candidate)]
    starting = [resident for resident in mine if resident.state in STARTING]
    if well := [resident for resident in ready if not resident.is_shunned]:
        return [_on_replica(Way.WARM, candidate, min(well, key=_wait_key), situation)]
    if starting:
        return [_on_replica(Way.JOIN, candidate, min(starting, key=_wait_key), situation)]
    if ready:  # the last there is: it is asked, however sick
        return [_on_replica(Way.WARM, candidate, min(ready, key=_wait_key), situation)]
    return _by_starting(candidate, situation)


def _can_wake(resident: Resident, candidate: Candidate) -> bool:
    return not resident.is_paused or candidate.unstartable is None


def _wait_key(resident: Resident) -> tuple[float, bool, str]:
    return resident.wait_s, resident.is_paused, resident.replica_id


def _on_replica(way: Way, candidate: Candidate, resident: Resident, situation: Situation) -> Prospect:
    expected = _forecast(candidate, resident.threads, situation)
    finish = total(_for_others(resident.wait_s), expected.run)
    return Prospect(candidate.spec.id, way, resident.replica_id, (), expected, finish, regret_s=0.0)


def _for_others(wait_s: float) -> Seconds:
    return Seconds(wait_s, wait_s * _WAIT_DOUBT)


def _fetch(candidate: Candidate) -> Seconds:
    return Seconds(candidate.fetch_s, candidate.fetch_s * _FETCH_DOUBT)


def _ahead_s(model_id: ModelId, situation: Situation) -> float:
    """What waits for memory already: other models take their turns, and of this one's own some go first."""
    return sum(hall.ahead_s if hall.model_id == model_id else hall.turn_s for hall in situation.halls)


def _by_starting(candidate: Candidate, situation: Situation) -> list[Prospect]:
    placement = placement_for(candidate, situation.residents, situation.budget_mib)
    if placement is None or candidate.unstartable is not None:
        return []
    expected = _forecast(candidate, candidate.threads, situation)
    waits = _for_others(placement.wait_s + _ahead_s(candidate.spec.id, situation))
    turn_s = _turn_within_s(candidate, expected.run.p50, placement, situation)
    if turn_s is not None and turn_s < waits.p50:
        waits = sure(turn_s)
    return [
        Prospect(
            candidate.spec.id,
            Way.EVICT if placement.evicts else Way.LOAD,
            None,
            placement.evicts,
            expected,
            total(waits, _fetch(candidate), expected.load, expected.run),
            placement.regret_s,
        )
    ]


def _turn_within_s(candidate: Candidate, run_s: float, placement: Placement, situation: Situation) -> float | None:
    """When those in memory give way at the latest, for this deadline; None when they don't."""
    if situation.newcomer is None or not placement.evicts:
        return None
    spec = candidate.spec
    newcomer = replace(situation.newcomer, model_id=spec.id, run_s=run_s)
    side = situation.sides.get(spec.id) or Side(spec.id, (), spec.load_s, spec.slots, candidate.footprint_mib)
    leaving = [one for one in situation.residents if one.replica_id in placement.evicts]
    incumbents = [Incumbent.of(one, situation.sides) for one in leaving]
    return turn_within_s(newcomer, side, incumbents, newcomer.arrived_s)


def _forecast(candidate: Candidate, threads: int, situation: Situation) -> Forecast:
    known = situation.forecasts.get((candidate.spec.id, threads))
    if known is not None:
        return known
    question = _question(candidate, threads, situation)
    return forecast(candidate.spec, question.of(work_of(situation)), threads, candidate.footprint_mib)


def work_of(situation: Situation) -> Work:
    """What there is to do, whichever model does it."""
    return Work(
        situation.task_type,
        situation.complexity,
        situation.text.prompt_tokens,
        situation.max_tokens,
        situation.request.requirements.output,
        situation.text,
        situation.request.context,
    )


def ineligible_in(situation: Situation) -> dict[ModelId, Refusal]:
    """The models that can't take it at all, whatever is in memory."""
    found = {
        candidate.spec.id: refusal(
            candidate, situation.request, situation.task_type, situation.text, situation.budget_mib
        )
        for candidate in situation.candidates
    }
    return {model_id: no for model_id, no in found.items() if no is not None}


def questions_of(situation: Situation, ineligible: Mapping[ModelId, Refusal]) -> tuple[Question, ...]:
    """What has to be foretold for the choice: each model that may be used, on the threads its replicas have."""
    running: dict[ModelId, set[int]] = {}
    for resident in situation.residents:
        running.setdefault(resident.model_id, set()).add(resident.threads)
    return tuple(
        _question(candidate, threads, situation)
        for candidate in situation.candidates
        if candidate.spec.id not in ineligible
        for threads in sorted(running.get(candidate.spec.id, set()) | {candidate.threads})
    )


def _question(candidate: Candidate, threads: int, situation: Situation) -> Question:
    room = candidate.spec.context_tokens - situation.text.prompt_tokens
    return Question(
        candidate.spec, threads, candidate.footprint_mib, min(situation.max_tokens, room), candidate.pick.tokens
    )

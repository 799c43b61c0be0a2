"""The words of a choice: forecast, option, refusal, decision, explanation."""

from dataclasses import dataclass
from enum import StrEnum

from dispatcher.core.features import RequestFeatures
from dispatcher.core.replica import ReplicaId
from dispatcher.core.task import Complexity, ModelId, Objective, TaskType
from dispatcher.core.variants import VariantUse


class Way(StrEnum):
    """How a model would be run for this dispatch."""

    WARM = "warm"  # a replica is up
    JOIN = "join"  # a replica is starting: wait for it with the others
    LOAD = "load"  # memory is free: start one
    EVICT = "evict"  # stop idle replicas first, then start one


class RefusalReason(StrEnum):
    """Why a model can't take this dispatch at all."""

    NOT_PINNED = "not_pinned"
    DISABLED = "disabled"
    WEIGHTS = "weights"
    QUARANTINED = "quarantined"
    TASK = "task"
    CAPABILITY = "capability"
    CONTEXT_LENGTH = "context_length"
    PRIVACY = "privacy"
    QUALITY = "quality"
    COST = "cost"
    MEMORY = "memory"
    HOST = "host"
    RATE_LIMIT = "rate_limit"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Seconds:
    """A duration not yet known: its median, and the time it stays under nine times in ten."""

    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one model would do with this prompt once it is up, before it is asked.

    Args:
        run: reading the prompt and writing the answer.
        load: starting the replica, when it has to be started.
        success: chance of a usable answer, 0..1.
        quality: how good that answer would be, 0..1.
        output_tokens: expected length of the answer.
        cost_usd: price of the answer, or of the memory and time it takes here.
        tries: how many judged answers of this model are known here; 0 when all is from the catalogue.
        doubt: standard deviation of `quality`: of what could be learned, without one answer's luck.
    """

    run: Seconds
    load: Seconds
    success: float
    quality: float
    output_tokens: int
    cost_usd: float
    tries: int = 0
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a utility is made of; it is their sum."""

    quality: float
    time: float
    cost: float
    eviction: float

    @property
    def utility(self) -> float:
        """The sum of the terms: larger is better."""
        return self.quality + self.time + self.cost + self.eviction


@dataclass(frozen=True, slots=True)
class Option:
    """One model, run in one way.

    Args:
        finish: time until the answer is whole: queue, load, prefill and decode.
        chance_in_time: probability that it finishes before the deadline, 0..1.
        evicts: idle replicas that must stop first.
    """

    model_id: ModelId
    way: Way
    replica_id: ReplicaId | None
    evicts: tuple[ReplicaId, ...]
    forecast: Forecast
    finish: Seconds
    chance_in_time: float
    terms: Terms

    @property
    def utility(self) -> float:
        """How much this option is worth under the asked objective."""
        return self.terms.utility


@dataclass(frozen=True, slots=True)
class Refusal:
    """A model that can't be used, and why, in words that name the fix; `again_in_s` where it is known when it can."""

    model_id: ModelId
    reason: RefusalReason
    message: str
    again_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The choice: the best option, the others in falling order, and who was refused.

    `propensity` is the chance with which this option was chosen: 1 where nothing else could have been; `explored` says
    that another was expected to be better. `features` are the request as the ranker saw it; None of one that looks at
    none. `variant` is how the prompt is put to the chosen model; None where no variant is meant for such work.
    """

    chosen: Option
    ranked: tuple[Option, ...]
    refused: tuple[Refusal, ...]
    task_type: TaskType
    complexity: Complexity
    objective: Objective
    propensity: float
    ranker: str
    explored: bool = False
    features: RequestFeatures | None = None
    variant: VariantUse | None = None

    @property
    def runner_up(self) -> Option | None:
        """The best option of another model, or None when there is no other."""
        return next((option for option in self.ranked if option.model_id != self.chosen.model_id), None)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision in words: why this one, which term decided, and the smallest change that would flip it."""

    why: str
    deciding_term: str | None
    flip: str | None

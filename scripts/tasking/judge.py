"""How often task types are told rightly: by the rules, by the table alone, and by both as they serve."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from dispatcher.core.task import TaskType
from dispatcher.learning.task_guess import KINDS, TaskWeights
from scripts.tasking.examples import Example
from scripts.tasking.fit import fit

FOLDS = 5
_TOLERATED = 0.005
_THRESHOLDS = (0.0, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of examples, 0..1, by weight. `decided`: of those where the table was sure enough to be asked."""

    examples: int
    rules: float
    table: float
    served: float
    decided: float


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of an example by a table that had never seen it: the likeliest, and how likely."""

    example: Example
    likeliest: str
    probability: float

    def served(self, sure_from: float) -> str:
        """What a dispatch would get."""
        return self.likeliest if self.probability >= sure_from else self.example.ruled


def told_by(weights: TaskWeights, examples: Iterable[Example]) -> list[Told]:
    """Ask a table, by the very methods that serve."""
    return [Told(one, *weights.guess(weights.logits(one.rows, one.scores, one.ruled))) for one in examples]


def blind(example: Example) -> Example:
    """The same with nothing told by the rules: what words alone are good for."""
    return replace(example, scores={}, ruled=TaskType.TEXT_GENERATION)


def cross_validated(examples: Sequence[Example]) -> list[Told]:
    """Ask of each fifth a table that is fitted to the others; an instruction's variants stay together."""
    found = []
    for fold in range(FOLDS):
        inside = [one for one in examples if _fold(one) != fold]
        found += told_by(fit(inside), [one for one in examples if _fold(one) == fold])
    return found


def best_threshold(told: Sequence[Told]) -> float:
    """Choose when to be sure: the most careful of those that serve as well as any, but for half a percent.

    Own instructions and public prompts count the same.
    """
    parts = [[one for one in told if one.example.is_own is is_own] for is_own in (True, False)]
    served = {one: sum(accuracy(part, one).served for part in parts) / len(parts) for one in _THRESHOLDS}
    return max(one for one in _THRESHOLDS if served[one] >= max(served.values()) - _TOLERATED)


def accuracy(told: Sequence[Told], sure_from: float) -> Accuracy:
    """Count, each task type with the same weight."""
    kinds: dict[str, list[Told]] = {}
    for one in told:
        kinds.setdefault(one.example.task_type, []).append(one)

    def mean(right: Iterable[tuple[Told, bool]]) -> float:
        shares: dict[str, list[float]] = {kind: [0.0, 0.0] for kind in kinds}
        for one, is_right in right:
            share = shares[one.example.task_type]
            share[0] += one.example.weight * is_right
            share[1] += one.example.weight
        return round(sum(right / whole for right, whole in shares.values()) / max(1, len(shares)), 4)

    return Accuracy(
        examples=len({one.example.place for one in told}),
        rules=mean((one, one.example.ruled == one.example.task_type) for one in told),
        table=mean((one, one.likeliest == one.example.task_type) for one in told),
        served=mean((one, one.served(sure_from) == one.example.task_type) for one in told),
        decided=mean((one, one.probability >= sure_from) for one in told),
    )


def by_kind(told: Sequence[Told], sure_from: float) -> dict[str, dict[str, float]]:
    """The same for each task type alone."""
    found = {}
    for kind in KINDS:
        if part := [one for one in told if one.example.task_type is kind]:
            found[str(kind)] = asdict(accuracy(part, sure_from))
    return found


def _fold(example: Example) -> int:
    return int(example.place * 1e6) % FOLDS

"""The JSON bodies of the routes of the optimizer: what it found, what it suggests, what came of that."""

from pydantic import Field

from dispatcher.api.schemas import Body, Reply
from dispatcher.core.advice.findings import Flaw
from dispatcher.core.advice.rule import Author, ChangeKind, RuleState
from dispatcher.core.task import Complexity, TaskType
from dispatcher.service.optimize import Verb


class OptimizeBody(Body):
    """What the optimizer is to do."""

    verbs: frozenset[Verb] = Field(
        frozenset(Verb) - {Verb.TRAIN_RANKER}, min_length=1, description="All but train_ranker if absent."
    )


class RuleBody(Body):
    """A change of a model, to be applied and measured like the optimizer's own."""

    kind: ChangeKind = Field(description="Which number of the model.")
    model: str = Field(min_length=1, max_length=100)
    value: float = Field(description="In the unit that the kind's name ends with; a pin is 1 or 0.")


class NumbersReply(Reply):
    """How dispatches went. Times in seconds, of those that succeeded."""

    dispatches: int
    success: float | None = Field(description="Share of usable answers among those that say anything.")
    quality: float | None
    quality_weight: float = Field(description="How much evidence of the quality there is.")
    p50_s: float | None
    p90_s: float | None
    p90_kept: float | None = Field(description="Share that came within the P90 that was foretold.")
    load_s: float


class FindingReply(Reply):
    """A model that does badly at some work, and which would do better."""

    model: str
    task_type: TaskType
    complexity: Complexity
    flaw: Flaw
    value: float
    dispatches: int
    alternative: str | None
    alternative_value: float
    message: str


class RankingReply(Reply):
    """A model's place at one kind of work; 1 is the best."""

    model: str
    task_type: TaskType
    complexity: Complexity
    place: int
    numbers: NumbersReply


class RuleReply(Reply):
    """A suggestion, and what came of it."""

    id: int
    kind: ChangeKind
    model: str
    before: float
    after: float
    state: RuleState
    author: Author
    why: str
    verdict: str | None
    saves_gb_s: float = Field(description="Memory × time it frees in a day, in GB·s; negative when it costs some.")
    numbers_before: NumbersReply | None
    numbers_after: NumbersReply | None
    created_at: str
    applied_at: str | None
    changed_at: str


class RulesReply(Reply):
    """All rules, the newest first, and the rankings they rest on, as update_model_rankings left them."""

    rules: list[RuleReply]
    rankings: list[RankingReply]


class OptimizedReply(Reply):
    """What the optimizer found and suggests; nothing is applied by it."""

    since: str
    findings: list[FindingReply]
    rankings: list[RankingReply]
    rules: list[RuleReply]
    saves_gb_s: float = Field(description="What all suggestions together free in a day.")
    trained: str | None

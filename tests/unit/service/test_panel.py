"""Which ranker forecasts, and how one on trial becomes the live one or has to go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from dispatcher.core.features import RequestFeatures
from dispatcher.core.forecast import Foretelling, Question, Work
from dispatcher.core.lesson import Foreseen, Lesson
from dispatcher.core.model import ModelSpec
from dispatcher.core.promotion import SHADOW_MIN, Stage, Verdict
from dispatcher.service.panel import Panel, Trial
from tests.unit.core.builders import spec
from tests.unit.core.lessons import lesson


@dataclass
class Oracle:
    """A ranker that expects the same of everybody."""

    name: str
    worth: float = 0.5
    learned: list[Lesson] = field(default_factory=list)
    forgot: list[str] = field(default_factory=list)
    charged: int = 0

    def take_charge(self) -> None:
        self.charged += 1

    def foretell(self, work: Work, questions: Sequence[Question]) -> Foretelling:
        return Foretelling(())

    def reason(self, work: Work, features: RequestFeatures | None, chosen: ModelSpec, other: ModelSpec) -> str | None:
        return None

    def foresee(self, lesson: Lesson) -> Foreseen:
        return Foreseen(self.worth)

    def learn(self, lesson: Lesson) -> None:
        self.learned.append(lesson)

    def reset(self, model_id: str) -> None:
        self.forgot.append(model_id)


class Heard:
    """The verdicts that were told."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []

    def __call__(self, trial: Trial, verdict: Verdict) -> None:
        self.verdicts.append(verdict)


def panel(live: Oracle) -> tuple[Panel, Heard]:
    heard = Heard()
    board = Panel(live, Random(1))
    board.on_verdict = heard
    return board, heard


def test_a_shadow_has_no_say_and_a_canary_has_one_in_ten() -> None:
    old, new = Oracle("old"), Oracle("new")
    board, _ = panel(old)
    board.try_out(new, Stage.SHADOW)
    assert {board.forecaster().name for _ in range(300)} == {"old"}
    board.try_out(new, Stage.CANARY)
    share = sum(board.forecaster() is new for _ in range(2000)) / 2000
    assert 0.07 < share < 0.13


def test_everybody_on_the_panel_learns_everything() -> None:
    old, new = Oracle("old"), Oracle("new")
    board, _ = panel(old)
    board.try_out(new, Stage.SHADOW)
    board.learn(lesson(spec(), 1.0), "old", 0.5)
    board.reset("small")
    assert len(old.learned) == len(new.learned) == 1
    assert old.forgot == new.forgot == ["small"]


def test_a_shadow_that_foretells_better_is_to_go_on_trial() -> None:
    old, new = Oracle("old", worth=0.2), Oracle("new", worth=0.9)
    board, heard = panel(old)
    board.try_out(new, Stage.SHADOW)
    for _ in range(SHADOW_MIN):
        board.learn(lesson(spec(), 1.0), "old", 0.5)
    assert [one.stage for one in heard.verdicts] == [Stage.CANARY]


def test_a_shadow_that_foretells_worse_is_rejected() -> None:
    old, new = Oracle("old", worth=0.9), Oracle("new", worth=0.2)
    board, heard = panel(old)
    board.try_out(new, Stage.SHADOW)
    for _ in range(SHADOW_MIN):
        board.learn(lesson(spec(), 1.0), "old", 0.5)
    assert [one.stage for one in heard.verdicts] == [Stage.REJECTED]


def test_a_canary_is_judged_by_what_its_own_choices_brought() -> None:
    old, new = Oracle("old"), Oracle("new")
    board, heard = panel(old)
    board.try_out(new, Stage.CANARY)
    rng = Random(2)
    while not heard.verdicts:
        board.learn(lesson(spec()), "old", rng.gauss(0.6, 0.1))
        board.learn(lesson(spec()), "new", rng.gauss(0.1, 0.1))
    assert heard.verdicts[0].stage is Stage.ROLLED_BACK


def test_the_one_before_watches_over_a_new_live_one() -> None:
    old, new = Oracle("old"), Oracle("new")
    board, heard = panel(old)
    board.go_live(new)
    assert board.live is new
    assert board.trial is not None
    assert any(board.forecaster() is old for _ in range(200))
    rng = Random(3)
    while not heard.verdicts:
        board.learn(lesson(spec()), "old", rng.gauss(0.6, 0.1))
        board.learn(lesson(spec()), "new", rng.gauss(0.2, 0.1))
    assert heard.verdicts[0].stage is Stage.ROLLED_BACK
    board.go_back(old)
    assert board.live is old
    assert board.trial is None
    assert old.charged == new.charged == 1

"""All that stands between a request and its model, by the very parts that serve."""

import random
from collections.abc import Callable
from dataclasses import replace

from dispatcher.core.classification import Classification
from dispatcher.core.decision import Option, Way
from dispatcher.core.exploration import Contender, Exploration, Explorer
from dispatcher.core.features import features_of
from dispatcher.core.lesson import Lesson
from dispatcher.core.prospects import Situation, ineligible_in, prospects, questions_of, work_of
from dispatcher.core.reward import Label
from dispatcher.core.selection import Wish, rank
from dispatcher.core.task import Complexity, Context, DispatchRequest, Message, Objective, Requirements, Role, TaskType
from dispatcher.learning.assemble import Assembler
from dispatcher.learning.prior_base import load_prior_base
from dispatcher.learning.ranker import Experience, Ranker
from scripts.bench.ten_models import MODELS, PROMPTS, RESIDENTS

_WISH = Wish(Objective.BALANCED, 120.0, 0.7)
_HERE = Context("mails", "sort")
Classify = Callable[[str], Classification]


class AsServed:
    """A ranker that has learned a little, and an explorer: chooses one of ten models for a prompt."""

    def __init__(self) -> None:
        experience = Experience()
        self._ranker = Assembler(experience, load_prior_base()).prior_ranker()
        self._explorer = Explorer(Exploration())
        self._rng = random.Random(1)  # noqa: S311 - repeatable on purpose
        for _ in range(20):
            for prompt in PROMPTS:
                _teach(self._ranker, prompt)

    def choose(self, prompt: str, found: Classification) -> Option:
        """Features, eligibility, forecasts, utilities, exploration."""
        messages = (Message(Role.USER, prompt),)
        request = DispatchRequest(messages, Requirements(timeout_s=120.0), context=_HERE)
        situation = _situation(request, found)
        ineligible = ineligible_in(situation)
        questions = questions_of(situation, ineligible)
        foretold = self._ranker.foretell(work_of(situation), questions)
        known = {(one.spec.id, one.threads): told for one, told in zip(questions, foretold.forecasts, strict=True)}
        weighed, _ = prospects(replace(situation, forecasts=known, ineligible=ineligible))
        options = rank(weighed, _WISH).options
        return options[self._explorer.pick([_contender(option) for option in options], self._rng).index]


def _situation(request: DispatchRequest, found: Classification) -> Situation:
    text = features_of(request.messages)
    return Situation(request, found.task_type, found.complexity, text, 1024, MODELS, RESIDENTS, budget_mib=8192)


def _contender(option: Option) -> Contender:
    expected = option.forecast
    doubt = option.chance_in_time * expected.success * expected.doubt
    return Contender(option.model_id, option.utility, doubt, expected.tries, option.way is not Way.EVICT)


def _teach(ranker: Ranker, prompt: str) -> None:
    request = DispatchRequest((Message(Role.USER, prompt),), Requirements(timeout_s=120.0), context=_HERE)
    situation = _situation(request, Classification(TaskType.REASONING, Complexity.HIGH))
    work = work_of(situation)
    features = ranker.foretell(work, questions_of(situation, {})).features
    for place, candidate in enumerate(MODELS):
        label = Label(1.0, place / len(MODELS), 1.0)
        ranker.learn(
            Lesson(
                candidate.spec,
                work.task_type,
                work.complexity,
                _HERE,
                work.output.kind,
                work.prompt_tokens,
                features,
                None,
                label,
                label,
            )
        )

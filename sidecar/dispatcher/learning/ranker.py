"""What a forecast is put together from: times, success and quality of each model for one dispatch."""

from collections.abc import Sequence
from typing import Protocol

from dispatcher.core.decision import Forecast
from dispatcher.core.features import RequestFeatures
from dispatcher.core.forecast import Foretelling, Question, Work, cost_usd_of, success_of
from dispatcher.core.lesson import Foreseen, Lesson
from dispatcher.core.model import ModelSpec
from dispatcher.core.task import OutputFormat
from dispatcher.core.timed_outcome import node_key
from dispatcher.learning.expected import Expected
from dispatcher.learning.heads import Heads
from dispatcher.learning.paces import work_key
from dispatcher.learning.successes import Successes
from dispatcher.learning.times import TimeForecaster, Times


class Quality(Protocol):
    """Foretells how good each model's answer would be, and learns from each that was judged."""

    def features(self, work: Work) -> RequestFeatures | None:
        """The request as it is looked at; None when it isn't."""

    def expect(self, features: RequestFeatures | None, work: Work, specs: Sequence[ModelSpec]) -> tuple[Expected, ...]:
        """For each model the quality, 0..1, how sure that is, and how many judged answers stand behind it."""

    def reason(self, work: Work, features: RequestFeatures | None, pair: tuple[ModelSpec, ModelSpec]) -> str | None:
        """What speaks for the first model's answers, in words; None when there is no more to say."""

    def learn(self, lesson: Lesson) -> None:
        """Take in one answer whose quality is known."""

    def reset(self, model_id: str) -> None:
        """Forget a model whose weights or template have changed."""


class Experience:
    """What this installation knows of its models, whichever ranker is asked."""

    def __init__(self) -> None:
        self.times = TimeForecaster()
        self.successes = Successes()

    def learn(self, lesson: Lesson) -> None:
        """Take in one dispatch."""
        if lesson.timed is not None:
            self.times.learn(lesson.timed)
        label = lesson.label
        if label.success is not None:
            expected = success_of(lesson.output)
            work = work_key(lesson.task_type, lesson.complexity)
            self.successes.learn(lesson.spec.id, work, lesson.node, expected, label.success, 1.0)

    def learn_load(self, spec: ModelSpec, took_s: float) -> None:
        """Take in how long a replica took to load."""
        self.times.learn_load(spec.id, spec.load_s, took_s)

    def reset(self, model_id: str) -> None:
        """Forget a model whose weights or template have changed."""
        self.times.reset(model_id)
        self.successes.reset(model_id)


class Ranker:
    """Foretells from experience and a quality of its own.

    Args:
        name: as it stands in the log.
        heads: LightGBM's word on times, from when this one is live; None for none.
    """

    def __init__(self, name: str, experience: Experience, quality: Quality, heads: Heads | None = None) -> None:
        self._name = name
        self._experience = experience
        self._quality = quality
        self._heads = heads

    @property
    def name(self) -> str:
        """The ranker's name, as it stands in the log."""
        return self._name

    def take_charge(self) -> None:
        """Be the live one from now on: times, which all share, are corrected by what came with this one."""
        self._experience.times.use(self._heads)

    def foretell(self, work: Work, questions: Sequence[Question]) -> Foretelling:
        """Answer all questions about one dispatch at once."""
        features = self._quality.features(work)
        return Foretelling(self.foretell_from(features, work, questions), features)

    def foretell_from(
        self, features: RequestFeatures | None, work: Work, questions: Sequence[Question]
    ) -> tuple[Forecast, ...]:
        """The same of a request that was looked at before."""
        times = self._experience.times.times(work, questions)
        specs = tuple({question.spec.id: question.spec for question in questions}.values())
        qualities = dict(zip((spec.id for spec in specs), self._quality.expect(features, work, specs), strict=True))
        key, node = work_key(work.task_type, work.complexity), node_key(work.context)
        return tuple(
            self._forecast(work, question, one, qualities[question.spec.id], key, node)
            for question, one in zip(questions, times, strict=True)
        )

    def reason(self, work: Work, features: RequestFeatures | None, chosen: ModelSpec, other: ModelSpec) -> str | None:
        """Why better answers are expected of the first model, in words; None when there is no more to say."""
        return self._quality.reason(work, features, (chosen, other))

    def foresee(self, lesson: Lesson) -> Foreseen:
        """What it expects of the model of a lesson that it hasn't learned yet."""
        work = _work_of(lesson)
        (expected,) = self._quality.expect(lesson.features, work, (lesson.spec,))
        key = work_key(lesson.task_type, lesson.complexity)
        success, _ = self._experience.successes.chance(lesson.spec.id, key, lesson.node, success_of(lesson.output))
        return Foreseen(success * expected.quality)

    def learn(self, lesson: Lesson) -> None:
        """Take in one dispatch. Its times and success are learned by experience, which rankers share."""
        label = lesson.label
        if label.weight > 0 and (label.quality is not None or label.success == 1.0):
            self._quality.learn(lesson)

    def reset(self, model_id: str) -> None:
        """Forget a model whose weights or template have changed."""
        self._quality.reset(model_id)

    def _forecast(
        self, work: Work, question: Question, times: Times, quality: Expected, key: str, node: str
    ) -> Forecast:
        spec = question.spec
        success, _ = self._experience.successes.chance(spec.id, key, node, success_of(work.output.kind))
        tokens = work.prompt_tokens + question.extra_tokens + times.output_tokens
        return Forecast(
            run=times.run,
            load=times.load,
            success=success,
            quality=quality.quality,
            output_tokens=times.output_tokens,
            cost_usd=cost_usd_of(spec, tokens, times.run.p50, question.footprint_mib),
            tries=quality.tries,
            doubt=quality.doubt,
        )


def _work_of(lesson: Lesson) -> Work:
    return Work(
        lesson.task_type,
        lesson.complexity,
        lesson.prompt_tokens,
        max_tokens=lesson.prompt_tokens,
        output=OutputFormat(lesson.output),
        context=lesson.context,
    )

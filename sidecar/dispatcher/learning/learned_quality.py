"""Quality from a fitted model, corrected by each answer that was judged here since."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from dispatcher.core.features import FEATURES_VERSION, RequestFeatures, numbers
from dispatcher.core.forecast import Work
from dispatcher.core.lesson import Lesson
from dispatcher.core.model import ModelSpec
from dispatcher.core.node_quality import NodeQuality
from dispatcher.core.task import Complexity, TaskType
from dispatcher.core.timed_outcome import node_key
from dispatcher.learning.examples import Floats, ModelFacts
from dispatcher.learning.expected import Expected
from dispatcher.learning.landmarks import Landmarks
from dispatcher.learning.online import OnlineQuality
from dispatcher.learning.quality import QualityModel
from dispatcher.learning.reasons import in_words, reasons
from dispatcher.learning.text import TextEncoder

_MODELS_MAX = 256
_KNOWN_MAX = 256
_FAMILIAR_TRIES = 100.0  # of a model whose answers the base was fitted on: nothing to try out any more


class Base(Protocol):
    """What was fitted on many outcomes: public ones, or those of this installation."""

    @property
    def landmarks(self) -> Landmarks:
        """By which requests are placed."""

    def place(self, request: RequestFeatures) -> Floats:
        """Where one request lies among typical ones. Shape (landmarks,)."""

    def predict_at(self, request: RequestFeatures, place: Floats, facts: Sequence[ModelFacts]) -> Floats:
        """Expected quality, 0 to 1, of each candidate. Shape (candidates,)."""


class LearnedQuality:
    """Looks at the request's text and numbers, and learns at once.

    Args:
        base: fitted on many outcomes.
        online: what was learned since, around that base.
    """

    def __init__(self, encoder: TextEncoder, base: Base, online: OnlineQuality) -> None:
        self._encoder = encoder
        self._fitted = base
        self._online = online
        self._nodes = NodeQuality()
        self._tries: OrderedDict[str, float] = OrderedDict(dict.fromkeys(online.familiar, _FAMILIAR_TRIES))
        self._facts: dict[tuple[object, ...], tuple[tuple[ModelSpec, ...], tuple[ModelFacts, ...]]] = {}

    def features(self, work: Work) -> RequestFeatures | None:
        """The request as numbers and as a vector; its text goes no further."""
        vector = self._encoder.encode(work.text.sample)
        row = numbers(work.text, work.task_type, work.complexity)
        return RequestFeatures(FEATURES_VERSION, row, tuple(vector.tolist()))

    def expect(self, features: RequestFeatures | None, work: Work, specs: Sequence[ModelSpec]) -> tuple[Expected, ...]:
        """For each model the quality, 0..1, how sure that is, and how many judged answers stand behind it."""
        if features is None or features.version != FEATURES_VERSION:
            return tuple(Expected(spec.quality.of(work.task_type, work.complexity), 0.0, 0) for spec in specs)
        place = self._fitted.place(features)
        base = self._base(features, place, work.task_type, work.complexity, specs)
        names = [spec.id for spec in specs]
        mean, doubt = self._online.predict(place, work.task_type, names, base)
        node, qualities = node_key(work.context), mean.tolist()
        if node:
            qualities = self._nodes.blend(node, names, qualities)
        tries = self._tries
        return tuple(
            Expected(quality, sure, int(tries.get(name, 0.0)))
            for quality, sure, name in zip(qualities, doubt.tolist(), names, strict=True)
        )

    def reason(self, work: Work, features: RequestFeatures | None, pair: tuple[ModelSpec, ModelSpec]) -> str | None:
        """What speaks for the first model's answers, in words, of a model that was fitted here; else None."""
        if features is None or not isinstance(self._fitted, QualityModel):
            return None
        place = self._fitted.place(features)
        base = self._base(features, place, work.task_type, work.complexity, pair)
        names, node = [spec.id for spec in pair], node_key(work.context)
        mean, _ = self._online.predict(place, work.task_type, names, base)
        here = mean - base
        at_node = np.array(self._nodes.blend(node, names, mean.tolist())) - mean if node else np.zeros(2)
        facts = [facts_of(spec, work.task_type, work.complexity) for spec in pair]
        found = reasons(self._fitted, features, (facts[0], facts[1]), (here[0], here[1]), (at_node[0], at_node[1]))
        return in_words(found, pair[1].id) or None

    def learn(self, lesson: Lesson) -> None:
        """Take in one answer: in full at its node, elsewhere as far as it counts for others."""
        features, model_id = lesson.features, lesson.spec.id
        if lesson.label.quality is not None:
            self._tries[model_id] = self._tries.pop(model_id, 0.0) + lesson.label.weight
            if lesson.node:
                self._nodes.learn(lesson.node, model_id, lesson.label.quality, lesson.label.weight)
            if len(self._tries) > _MODELS_MAX:
                self._tries.popitem(last=False)
        if features is None or features.version != FEATURES_VERSION:
            return
        place = self._fitted.place(features)
        base = self._base(features, place, lesson.task_type, lesson.complexity, (lesson.spec,))
        expected, quality = float(base[0]), lesson.shared.quality
        if quality is None:  # as expected
            quality = float(self._online.predict(place, lesson.task_type, (model_id,), base)[0][0])
        self._online.learn(place, lesson.task_type, model_id, expected, quality, lesson.shared.weight)

    def reset(self, model_id: str) -> None:
        """Forget a model whose weights or template have changed."""
        self._online.reset(model_id)
        self._nodes.forget(model_id)
        self._tries.pop(model_id, None)

    def _base(
        self,
        features: RequestFeatures,
        place: Floats,
        task_type: TaskType,
        complexity: Complexity,
        specs: Sequence[ModelSpec],
    ) -> Floats:
        facts = self._known_facts(specs, task_type, complexity)
        return np.asarray(self._fitted.predict_at(features, place, facts))

    def _known_facts(
        self, specs: Sequence[ModelSpec], task_type: TaskType, complexity: Complexity
    ) -> tuple[ModelFacts, ...]:
        """The same models are asked about again and again; entered anew, one is another object."""
        key = (task_type, complexity, *map(id, specs))
        known = self._facts.get(key)
        if known is None:
            if len(self._facts) >= _KNOWN_MAX:
                self._facts.clear()
            known = self._facts[key] = tuple(specs), tuple(facts_of(spec, task_type, complexity) for spec in specs)
        return known[1]


def facts_of(spec: ModelSpec, task_type: TaskType, complexity: Complexity) -> ModelFacts:
    """What is known of a model before it has answered anything."""
    return ModelFacts(
        spec.id,
        spec.parameters_b,
        spec.parameters_b,
        spec.usd_per_mtok,
        spec.quality.of(task_type, complexity),
    )

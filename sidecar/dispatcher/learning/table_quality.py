"""Quality from the catalogue, corrected by what was said of each model's answers: by kind of work, then by node."""

from collections.abc import Sequence

from dispatcher.core.features import RequestFeatures
from dispatcher.core.forecast import Work
from dispatcher.core.lesson import Lesson
from dispatcher.core.model import ModelSpec
from dispatcher.core.shrinkage import Shrinkage
from dispatcher.core.timed_outcome import node_key
from dispatcher.learning.expected import Expected
from dispatcher.learning.paces import work_key

_SD = 0.3  # of quality about what the catalogue expects
_HALF_LIFE = 300.0  # judged answers
_TRIES_TOLD = 3
_DOUBT = 0.2  # of what the catalogue says
_DOUBT_TRIES = 4.0  # judged answers that the catalogue is worth


class TableQuality:
    """Learns by how much quality differs from the catalogue's; the text of a prompt says nothing to it.

    A node whose answers by one model turned out good is taken as easy for others too, until they are judged there.
    """

    def __init__(self) -> None:
        self._shared = Shrinkage(_SD, _HALF_LIFE)
        self._nodes = Shrinkage(_SD, _HALF_LIFE)

    def features(self, work: Work) -> RequestFeatures | None:
        """None: it doesn't look at the request."""
        return None

    def expect(self, features: RequestFeatures | None, work: Work, specs: Sequence[ModelSpec]) -> tuple[Expected, ...]:
        """For each model the quality, 0..1, how sure that is, and how many judged answers stand behind it."""
        key, node = work_key(work.task_type, work.complexity), node_key(work.context)
        return tuple(self._expect(spec, work, key, node) for spec in specs)

    def reason(self, work: Work, features: RequestFeatures | None, pair: tuple[ModelSpec, ModelSpec]) -> str | None:
        """What was said of the first model's answers, in words; None when little was."""
        key, node = work_key(work.task_type, work.complexity), node_key(work.context)
        one, other = (self._expect(spec, work, key, node) for spec in pair)
        if max(one.tries, other.tries) < _TRIES_TOLD:
            return None
        return f"by {one.tries} judged answers of it and {other.tries} of {pair[1].id}"

    def learn(self, lesson: Lesson) -> None:
        """Take in one answer: in full at its node, elsewhere as far as it counts for others."""
        model_id, key = lesson.spec.id, work_key(lesson.task_type, lesson.complexity)
        catalogue = lesson.spec.quality.of(lesson.task_type, lesson.complexity)
        shared, _ = self._shared.mean((model_id, key))
        if lesson.node and lesson.label.quality is not None:
            self._nodes.learn((lesson.node, model_id), lesson.label.quality - catalogue - shared, lesson.label.weight)
        if lesson.shared.weight > 0:
            off = shared if lesson.shared.quality is None else lesson.shared.quality - catalogue
            self._shared.learn((model_id, key), off, lesson.shared.weight)

    def reset(self, model_id: str) -> None:
        """Forget a model whose weights or template have changed."""
        self._shared.reset(model_id)
        self._nodes.reset(model_id)

    def _expect(self, spec: ModelSpec, work: Work, key: str, node: str) -> Expected:
        off, tries = self._shared.mean((spec.id, key))
        if node:
            more, here = self._nodes.mean((node, spec.id))
            off, tries = off + more, tries + here
        quality = spec.quality.of(work.task_type, work.complexity) + off
        doubt = _DOUBT / (1.0 + tries / _DOUBT_TRIES) ** 0.5
        return Expected(max(0.0, min(1.0, quality)), doubt, int(tries))

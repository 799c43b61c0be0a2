"""How much of one caller's word counts where others rely on it too, as it comes in."""

from collections import OrderedDict
from dataclasses import dataclass, field

from dispatcher.core.feedback import SHARE_MAX
from dispatcher.core.task import Complexity, ModelId, TaskType

_LEVELS_MAX = 2048
_HALF_LIFE = 300.0  # hints: rankers forget old evidence, so it weighs nothing against a new word either

Level = tuple[ModelId, TaskType, Complexity]


@dataclass(slots=True)
class _Held:
    """What is known of a model at a kind of work: without anybody's word, and by each token and day."""

    hints: float = 0.0
    by_token: dict[str, float] = field(default_factory=dict)
    by_day: dict[tuple[str, int], float] = field(default_factory=dict)


class SharedEvidence:
    """Lets each token's word of one day be at most `SHARE_MAX` of all evidence on a model at a kind of work."""

    def __init__(self) -> None:
        self._levels: OrderedDict[Level, _Held] = OrderedDict()

    def note_hint(self, level: Level, weight: float) -> None:
        """Take in evidence that is nobody's word."""
        held, fading = self._held(level), 0.5 ** (1.0 / _HALF_LIFE)
        held.hints = held.hints * fading + weight
        held.by_token = {whose: said * fading for whose, said in held.by_token.items()}

    def admit(self, level: Level, token: str, day: int, weight: float) -> float:
        """How much of a word of this weight counts for others, 0..weight."""
        held = self._held(level)
        others = held.hints + sum(said for whose, said in held.by_token.items() if whose != token)
        said_today = held.by_day.get((token, day), 0.0)
        room = SHARE_MAX / (1 - SHARE_MAX) * others
        counted = max(0.0, min(weight, room - said_today))
        held.by_token[token] = held.by_token.get(token, 0.0) + counted
        held.by_day = {key: said for key, said in held.by_day.items() if key[1] >= day - 1}
        held.by_day[token, day] = said_today + counted
        return counted

    def _held(self, level: Level) -> _Held:
        held = self._levels.setdefault(level, _Held())
        self._levels.move_to_end(level)
        if len(self._levels) > _LEVELS_MAX:
            self._levels.popitem(last=False)
        return held

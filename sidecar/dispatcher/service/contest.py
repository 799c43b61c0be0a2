"""The prompt variants of one key side by side: which one a dispatch gets, how each did, and what follows for it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from dispatcher.core.arms import Arm, chances, drawn
from dispatcher.core.duel import Score, judge
from dispatcher.core.reward import Label
from dispatcher.core.task import DispatchRequest
from dispatcher.core.variants import IN_PLAY, Variant, VariantKey, VariantPick, VariantState, VariantUse
from dispatcher.core.wording import PLAIN, Wording, fitting, tokens_of

_PLAIN_VERSION = 0
_KNOWN_MIN = 5.0  # evidence below which a gain is noise

Fitting = Mapping[int, tuple[Wording, int]]
"""By version what it says to a dispatch, and how many tokens that adds."""


class Contest:
    """Each version's score is kept against each other version that might have been used in its place.

    So two are only ever compared on dispatches that both were fit for, at the times when both were in play.
    """

    def __init__(self, key: VariantKey) -> None:
        self.key = key
        self._variants: dict[int, Variant] = {}
        self._scores: dict[tuple[int, int], Score] = defaultdict(Score)
        self._chances: dict[tuple[int, tuple[int, ...], float], Mapping[int, float]] = {}

    def __iter__(self) -> Iterator[Variant]:
        return iter(tuple(self._variants.values()))

    @property
    def in_play(self) -> tuple[Variant, ...]:
        """Those that may be used now."""
        return tuple(variant for variant in self._variants.values() if variant.state in IN_PLAY)

    def get(self, version: int) -> Variant | None:
        """One version, or None when there is no such."""
        return self._variants.get(version)

    def put(self, variant: Variant) -> None:
        """Add a version, or replace what is known of it."""
        self._variants[variant.version] = variant
        self._chances.clear()

    def remove(self, version: int) -> None:
        """Forget a version that was never said."""
        self._variants.pop(version, None)
        self._chances.clear()

    def scores(self, version: int) -> tuple[Score, Score]:
        """How a version did, and how what it is judged against did: the live one, or the plain prompt for that."""
        other = self._in_state(VariantState.LIVE)
        rival = _PLAIN_VERSION if other is None or other == version else other
        return self._scores[version, rival], self._scores[rival, version]

    def fit(self, request: DispatchRequest) -> Fitting:
        """The versions in play that have something to say to this dispatch."""
        output = request.requirements.output
        found: dict[int, tuple[Wording, int]] = {}
        for variant in self.in_play:
            wording = fitting(variant.wording, request.messages, output)
            if wording != PLAIN:
                found[variant.version] = wording, tokens_of(wording, output)
        return found

    def pick(self, fit: Fitting, share: float, draw: Callable[[], float]) -> VariantPick | None:
        """Draw a version for a dispatch; None when none but the plain prompt is in question.

        Args:
            fit: those that may be used.
            share: of dispatches that may be used to explore.
        """
        live = self._in_state(VariantState.LIVE)
        usual = live if live is not None and live in fit else _PLAIN_VERSION
        others = (*(version for version in fit if version != usual), *([_PLAIN_VERSION] if usual else []))
        if not usual and (not others or share <= 0.0):
            return None
        chance_of = self._chances_of(usual, others, share)
        version = drawn(chance_of, draw())
        wording, tokens = fit.get(version, (PLAIN, 0))
        return VariantPick(wording, tokens, VariantUse(self.key, version, chance_of[version], tuple(sorted(chance_of))))

    def learn(self, use: VariantUse, label: Label, at: float, times: float = 1.0) -> None:
        """Take in how a dispatch went that began at this Unix time; with `times` -1 take it out again."""
        for other in use.arms:
            if other != use.version and at >= max(self._since(other), self._since(use.version)):
                self._scores[use.version, other] = self._scores[use.version, other].plus(label, times)
        self._chances.clear()

    def verdicts(self, at: float) -> tuple[Variant, ...]:
        """Move what has to move by what is known now; returns what has moved, in the order to write it down."""
        moved: list[Variant] = []
        for variant in self.in_play:
            judgement = judge(variant.state, *self.scores(variant.version))
            waits = judgement.state is VariantState.CANARY and self._in_state(VariantState.CANARY) is not None
            if judgement.state is not variant.state and not waits:
                moved.extend(self.move(variant, judgement.state, judgement.why, at))
        return tuple(moved)

    def move(self, variant: Variant, state: VariantState, why: str, at: float) -> tuple[Variant, ...]:
        """Put a version into a state, and whoever was there before out of it.

        One that comes back into play begins anew: what spoke against it before counts no longer.
        """
        moved: list[Variant] = []
        if variant.state not in IN_PLAY and state in IN_PLAY:
            variant = replace(variant, since=at)
            self._scores = defaultdict(
                Score, {pair: s for pair, s in self._scores.items() if variant.version not in pair}
            )
        before = self._in_state(state) if state in (VariantState.LIVE, VariantState.CANARY) else None
        if before is not None and before != variant.version:
            out = VariantState.RETIRED if state is VariantState.LIVE else VariantState.CANDIDATE
            moved.append(_moved(self._variants[before], out, f"version {variant.version} took its place", at))
        moved.append(_moved(variant, state, why, at))
        for one in moved:
            self.put(one)
        return tuple(moved)

    def _since(self, version: int) -> float:
        variant = self._variants.get(version)
        return variant.since if variant else 0.0

    def _in_state(self, state: VariantState) -> int | None:
        return next((version for version, variant in self._variants.items() if variant.state is state), None)

    def _chances_of(self, usual: int, others: tuple[int, ...], share: float) -> Mapping[int, float]:
        known = self._chances.get((usual, others, share))
        if known is None:
            arms = [Arm(version, self._gain(version, usual), self._is_canary(version)) for version in others]
            known = self._chances[usual, others, share] = chances(usual, arms, share)
        return known

    def _gain(self, version: int, usual: int) -> float:
        mine, theirs = self._scores[version, usual].reward, self._scores[usual, version].reward
        return mine.mean - theirs.mean if min(mine.weight, theirs.weight) >= _KNOWN_MIN else 0.0

    def _is_canary(self, version: int) -> bool:
        return version == self._in_state(VariantState.CANARY)


def _moved(variant: Variant, state: VariantState, why: str, at: float) -> Variant:
    return replace(variant, state=state, why=why, changed_at=at)

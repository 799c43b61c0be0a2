"""How one dispatch is put to each model: worked out once, however many models there are."""

from collections.abc import Callable, Sequence

from dispatcher.core.model import ModelSpec
from dispatcher.core.task import DispatchRequest
from dispatcher.core.variants import AS_EVER, VariantPick
from dispatcher.service.contest import Contest, Fitting


class Picker:
    """Models to which the same versions could be said share one draw: only one of them is chosen.

    Args:
        contests_for: those in which models of a family take part with such work, the most specific first.
        tokens: what a context has to hold anyhow, the prompt and the answer.
        share: of dispatches that may be used to explore.
    """

    def __init__(
        self,
        contests_for: Callable[[str], Sequence[Contest]],
        request: DispatchRequest,
        tokens: int,
        share: float,
        draw: Callable[[], float],
    ) -> None:
        self._contests_for = contests_for
        self._request = request
        self._tokens = tokens
        self._share = share
        self._draw = draw
        self._fits: dict[Contest, Fitting] = {}
        self._picks: dict[tuple[Contest, tuple[int, ...]], VariantPick | None] = {}

    def pick(self, spec: ModelSpec) -> VariantPick:
        """What is said to a model: by the most specific key that has something to say."""
        room = spec.context_tokens - self._tokens
        for contest in self._contests_for(spec.family):
            pick = self._pick(contest, room)
            if pick is not None:
                return pick
        return AS_EVER

    def _pick(self, contest: Contest, room: int) -> VariantPick | None:
        fit = self._fits.get(contest)
        if fit is None:
            fit = self._fits[contest] = contest.fit(self._request)
        versions = tuple([version for version, (_, tokens) in fit.items() if tokens <= room])
        if (contest, versions) not in self._picks:
            roomy = {version: fit[version] for version in versions}
            self._picks[contest, versions] = contest.pick(roomy, self._share, self._draw)
        return self._picks[contest, versions]

"""Which prompt variant each dispatch gets; what its outcome says of it; what an admin says of it."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

import structlog

from dispatcher.core.duel import Score
from dispatcher.core.record import DispatchRecord
from dispatcher.core.reward import Label
from dispatcher.core.task import DispatchId, DispatchRequest, Source, TaskType
from dispatcher.core.variants import IN_PLAY, Variant, VariantKey, VariantState, keys_for
from dispatcher.core.wording import Wording
from dispatcher.errors import DispatcherError, PromptVariantConflict, PromptVariantNotFound
from dispatcher.service.contest import Contest
from dispatcher.service.pick_variant import Picker
from dispatcher.store.database import Database
from dispatcher.store.prompt_variants import add_variants, post_moves, write_moves

IN_PLAY_MAX = 6
"""Variants of one key that may be candidates, on trial or live at once: more would share too few tries."""

VARIANTS_MAX = 500
"""Variants there may be in all, those out of use included."""

_LEARNED_MAX = 10_000  # dispatches of which what was learned can be taken back

_LOG = structlog.get_logger(__name__)


class Variants:
    """All prompt variants, in memory: the database is only written to.

    Args:
        share: of dispatches that may be used to explore, 0..1.
        draw: a number drawn evenly from 0..1.
        wall: Unix time in seconds.
    """

    def __init__(
        self,
        database: Database,
        entered: Sequence[Variant],
        share: float,
        draw: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._database = database
        self._share = share
        self._draw = draw
        self._wall = wall
        self._contests: dict[VariantKey, Contest] = {}
        self._found: dict[tuple[str, TaskType], tuple[Contest, ...]] = {}
        self._learned: OrderedDict[DispatchId, Label] = OrderedDict()
        for variant in entered:
            self._contest(variant.key).put(variant)

    def __iter__(self) -> Iterator[Variant]:
        return (variant for contest in tuple(self._contests.values()) for variant in contest)

    def scores(self, variant: Variant) -> tuple[Score, Score]:
        """How a variant did, and how what it is judged against did."""
        return self._contests[variant.key].scores(variant.version)

    def picker(self, request: DispatchRequest, task_type: TaskType, tokens: int) -> Picker:
        """Who says how one dispatch is put to each model, whose context must hold so many tokens anyhow."""
        if request.source is not Source.CALLER:
            return Picker(lambda _: (), request, tokens, 0.0, self._draw)
        share = self._share if request.explore else 0.0
        return Picker(lambda family: self._contests_for(family, task_type), request, tokens, share, self._draw)

    def learn(self, record: DispatchRecord, label: Label) -> None:
        """Take in what a dispatch taught, in place of what it was thought to teach before; judge who took part."""
        use = record.decision.variant if record.decision else None
        contest = self._contests.get(use.key) if use else None
        if use is None or contest is None or len(use.arms) < 2:
            return
        known = self._learned.pop(record.dispatch_id, None)
        if known is not None:
            contest.learn(use, known, record.started_at, times=-1.0)
        contest.learn(use, label, record.started_at)
        self._learned[record.dispatch_id] = label
        if len(self._learned) > _LEARNED_MAX:
            self._learned.popitem(last=False)
        if moved := contest.verdicts(self._wall()):
            self._tell(moved)
            post_moves(self._database, moved)

    async def add(self, key: VariantKey, wording: Wording) -> Variant:
        """Enter a new version, as a candidate.

        Raises: PromptVariantConflict when there are as many as may be; StoreError.
        """
        contest = self._contest(key)
        if sum(1 for _ in self) >= VARIANTS_MAX:
            raise PromptVariantConflict(f"there are {VARIANTS_MAX} prompt variants already, and no more are kept")
        if len(contest.in_play) >= IN_PLAY_MAX:
            raise PromptVariantConflict(f"{key}: {IN_PLAY_MAX} of its variants are in play already; retire one first")
        now = self._wall()
        version = 1 + max((variant.version for variant in contest), default=0)
        variant = Variant(key, version, wording, VariantState.CANDIDATE, "entered by an admin", now, now, now)
        contest.put(variant)
        self._found.clear()
        try:
            await add_variants(self._database, [variant])
        except DispatcherError:  # not on disk: it never was
            contest.remove(version)
            self._found.clear()
            raise
        return variant

    async def promote(self, key: VariantKey, version: int) -> Variant:
        """Move a variant a step on: to a trial, and from trial to live.

        Raises: PromptVariantNotFound; PromptVariantConflict when it is live.
        """
        variant = self._named(key, version)
        if variant.state is VariantState.LIVE:
            raise PromptVariantConflict(f"{key}/{version} is live already")
        is_on_trial = variant.state is VariantState.CANARY
        state = VariantState.LIVE if is_on_trial else VariantState.CANARY
        return await self._by_admin(variant, state, "promoted by an admin")

    async def retire(self, key: VariantKey, version: int) -> Variant:
        """Take a variant out; when it was live, prompts are plain again.

        Raises: PromptVariantNotFound; PromptVariantConflict when it isn't in play.
        """
        variant = self._named(key, version)
        if variant.state not in IN_PLAY:
            raise PromptVariantConflict(f"{key}/{version} is {variant.state} and not in use")
        return await self._by_admin(variant, VariantState.RETIRED, "retired by an admin")

    async def _by_admin(self, variant: Variant, state: VariantState, why: str) -> Variant:
        moved = self._contest(variant.key).move(variant, state, why, self._wall())
        self._tell(moved)
        await write_moves(self._database, moved)
        return moved[-1]

    def _tell(self, moved: Sequence[Variant]) -> None:
        self._found.clear()
        for one in moved:
            _LOG.info("prompt_variant_moved", variant=f"{one.key}/{one.version}", state=one.state, why=one.why)

    def _named(self, key: VariantKey, version: int) -> Variant:
        contest = self._contests.get(key)
        variant = contest.get(version) if contest else None
        if variant is None:
            raise PromptVariantNotFound(
                f"there is no prompt variant {key}/{version}; GET /api/prompt-variants lists all"
            )
        return variant

    def _contest(self, key: VariantKey) -> Contest:
        return self._contests.setdefault(key, Contest(key))

    def _contests_for(self, family: str, task_type: TaskType) -> tuple[Contest, ...]:
        found = self._found.get((family, task_type))
        if found is None:
            keys = (self._contests.get(key) for key in keys_for(family, task_type))
            found = tuple(contest for contest in keys if contest is not None and contest.in_play)
            self._found[family, task_type] = found
        return found

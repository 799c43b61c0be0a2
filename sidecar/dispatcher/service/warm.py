"""Starting, in the background, a better model that callers missed because it wasn't in memory."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from dispatcher.core.decision import Option
from dispatcher.core.eligibility import missing_weights
from dispatcher.core.placement import Placement
from dispatcher.core.prospects import Situation, placement_for
from dispatcher.core.selection import Wish
from dispatcher.core.task import ModelId
from dispatcher.core.warming import Account, missed
from dispatcher.errors import ModelNotFound
from dispatcher.service.fleet import Fleet
from dispatcher.service.registry import Registry
from dispatcher.service.start import Starter

_LOG = structlog.get_logger(__name__)
_EVERY_S = 1.0
_NOTED_MAX = 32  # between two looks; more of the same say nothing new


@dataclass(frozen=True, slots=True)
class _Noted:
    situation: Situation
    wish: Wish
    chosen: Option | None


class Warmer:
    """Keeps an account of what the absence of each model has cost, off the path of any dispatch.

    Args:
        now: the monotonic clock, in seconds.
    """

    def __init__(
        self, fleet: Fleet, registry: Registry, starter: Starter, budget_mib: int, now: Callable[[], float]
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._starter = starter
        self._budget_mib = budget_mib
        self._now = now
        self._noted: deque[_Noted] = deque(maxlen=_NOTED_MAX)
        self._accounts: dict[ModelId, Account] = {}

    def note(self, situation: Situation, wish: Wish, chosen: Option | None) -> None:
        """Remember a choice until the next look; `chosen` is None when the dispatch was refused."""
        self._noted.append(_Noted(situation, wish, chosen))

    async def run(self) -> None:
        """Look once a second, for ever."""
        while True:
            self._look()
            await asyncio.sleep(_EVERY_S)

    def _look(self) -> None:
        now_s = self._now()
        while self._noted:
            noted = self._noted.popleft()
            for one in missed(noted.situation, noted.wish, noted.chosen):
                account = self._accounts.get(one.model_id, Account())
                self._accounts[one.model_id] = account.with_loss(one.loss, now_s)
        for model_id, account in tuple(self._accounts.items()):
            if self._started(model_id, account, now_s):
                del self._accounts[model_id]

    def _started(self, model_id: ModelId, account: Account, now_s: float) -> bool:
        """Start a model if that pays by now; True also when it is there already, and the account is closed."""
        if any(replica.model_id == model_id for replica in self._fleet):
            return True
        try:
            spec = self._registry.spec(model_id)
        except ModelNotFound:
            return True
        candidate = self._registry.candidate(spec)
        if candidate.quarantine or candidate.unstartable or missing_weights(candidate) or not spec.is_enabled:
            return False
        placement = placement_for(candidate, self._fleet.residents(), self._budget_mib)
        if placement is None or not self._is_idle(placement):
            return False
        if not account.pays(spec.load_s + candidate.fetch_s, placement.regret_s, now_s):
            return False
        _LOG.info("warming_up", model=model_id, evicts=placement.evicts)
        self._starter.start(spec, placement.evicts)
        return True

    def _is_idle(self, placement: Placement) -> bool:
        """Whether it takes memory from nobody who has something to do."""
        evicted = [replica for replica in self._fleet if replica.id in placement.evicts]
        return all(self._fleet.is_done(replica) and not self._fleet.waiters(replica.model_id) for replica in evicted)

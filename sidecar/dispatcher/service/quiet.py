"""Making sure that no replica still works on what an earlier run of the sidecar had asked of it."""

import asyncio
from collections.abc import Callable

import structlog

from dispatcher.core.deadline import Deadline
from dispatcher.core.outcome import Ask, Piece
from dispatcher.core.replica import Endpoint, ReplicaState
from dispatcher.core.task import Message, Role
from dispatcher.errors import DispatcherError, RuntimeRefused, RuntimeUnreachable
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.leftover import has_leftover
from dispatcher.service.replica import Replica

_LOG = structlog.get_logger(__name__)
_PATIENCE_S = 120.0
_AGAIN_S = 0.5
_EVERY_S = 0.1
_PROMPT = "Count from one to a thousand, in words."  # so long an answer that all slots are ours at the same time
_TOKENS_MAX = 512


class Quiet:
    """Asks every adopted replica until it works on nothing that nobody waits for.

    A server notices only at its next token, or later, that a caller is gone. One that doesn't say what it works on has
    every slot taken at once: then nobody else has one. A replica that is gone, or isn't quiet within two minutes, is
    left to the watcher and to the next dispatch.
    """

    def __init__(self, fleet: Fleet, equipment: Equipment, now: Callable[[], float]) -> None:
        self._adopted = [replica for replica in fleet if replica.state is ReplicaState.READY]
        self._equipment = equipment
        self._now = now

    async def wait(self) -> None:
        """Return when all of them are done with the past."""
        await asyncio.gather(*(self._done_with_the_past(replica) for replica in self._adopted))

    async def _done_with_the_past(self, replica: Replica) -> None:
        give_up_s = self._now() + _PATIENCE_S
        while replica.state is ReplicaState.READY and self._now() < give_up_s:
            match await has_leftover(replica, self._equipment.runtime_of(replica.spec)):
                case False:
                    return
                case None:
                    await self._taken(replica)
                    return
                case True:
                    await asyncio.sleep(_EVERY_S)

    async def _taken(self, replica: Replica) -> None:
        if replica.endpoint is None:
            return
        slots = Slots(replica.order.slots)
        takers = [
            asyncio.create_task(self._take(replica, replica.endpoint, slots, slot), name=f"quiet {replica.id} {slot}")
            for slot in range(replica.order.slots)
        ]
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await slots.are_ours.wait()
        except TimeoutError:
            _LOG.warning("replica_not_quiet", replica=replica.id, reason=f"not within {_PATIENCE_S:.0f} s")
        finally:
            for taker in takers:
                taker.cancel()
            await asyncio.gather(*takers, return_exceptions=True)

    async def _take(self, replica: Replica, endpoint: Endpoint, slots: "Slots", slot: int) -> None:
        runtime = self._equipment.runtime_of(replica.spec)
        ask = Ask(replica.model_id, (Message(Role.USER, _PROMPT),), max_tokens=_TOKENS_MAX)

        async def on_piece(_piece: Piece) -> None:
            slots.spoke(slot)

        while True:
            try:
                await runtime.complete(endpoint, ask, Deadline.after(self._now(), _PATIENCE_S), on_piece)
            except (RuntimeUnreachable, RuntimeRefused) as error:  # it is gone, or can't be asked at all
                _LOG.warning("replica_not_quiet", replica=replica.id, reason=error.message)
                slots.are_ours.set()
                return
            except DispatcherError:  # busy, or slow: for as long as there is patience
                await asyncio.sleep(_AGAIN_S)
            slots.ended(slot)


class Slots:
    """The slots of one replica: ours when each spoke to us, and then each spoke once more without having ended."""

    def __init__(self, count: int) -> None:
        self.are_ours = asyncio.Event()
        self._count = count
        self._speaking: set[int] = set()
        self._left: set[int] | None = None

    def spoke(self, slot: int) -> None:
        """A piece of an answer came from this slot."""
        if self._left is not None:
            self._left.discard(slot)
            if not self._left:
                self.are_ours.set()
        self._speaking.add(slot)
        if self._left is None and len(self._speaking) == self._count:
            self._left = set(self._speaking)

    def ended(self, slot: int) -> None:
        """An answer was whole: who has that slot next isn't known."""
        self._speaking.discard(slot)
        self._left = None

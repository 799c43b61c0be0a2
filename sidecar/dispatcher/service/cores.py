"""Who may compute now: the threads of the busy replicas together never exceed the cores."""

import asyncio
import contextlib
from collections import deque


class CoreGate:
    """Lends cores, first come first served; a request for more than all cores is lent all of them."""

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._free = cores
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, threads: int) -> None:
        """Wait until `threads` cores are free, and take them."""
        wanted = min(threads, self._cores)
        if wanted == 0:
            return  # it computes elsewhere
        if not self._waiting and self._free >= wanted:
            self._free -= wanted
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(wanted)  # it was our turn at the moment we left
            else:
                # Whoever left a moment before us may have passed over our turn already.
                with contextlib.suppress(ValueError):
                    self._waiting.remove((wanted, turn))
                self._wake()
            raise

    def release(self, threads: int) -> None:
        """Give back what was taken."""
        self._free += min(threads, self._cores)
        self._wake()

    def _wake(self) -> None:
        while self._waiting and self._free >= self._waiting[0][0]:
            wanted, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= wanted
                turn.set_result(None)

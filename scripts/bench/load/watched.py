"""A process and what it takes while it is under load."""

import threading
import time
from dataclasses import dataclass

import psutil

_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Seen:
    """Memory, and CPU time since its start, at a moment on the monotonic clock."""

    at_s: float
    rss_mib: float
    cpu_s: float


class Watched:
    """Looks at a process five times a second, inside the block."""

    def __init__(self, pid: int) -> None:
        self.seen: list[Seen] = []
        self._process = psutil.Process(pid)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def between(self, begin_s: float, end_s: float) -> list[Seen]:
        """What was seen between two moments."""
        return [one for one in self.seen if begin_s <= one.at_s <= end_s]

    def cores(self, begin_s: float, end_s: float) -> float:
        """How many cores it kept busy between two moments."""
        some = self.between(begin_s, end_s)
        return (some[-1].cpu_s - some[0].cpu_s) / (some[-1].at_s - some[0].at_s)

    def _watch(self) -> None:
        while not self._is_over.wait(_EVERY_S):
            with self._process.oneshot():
                times = self._process.cpu_times()
                rss_mib = self._process.memory_info().rss / 2**20
            self.seen.append(Seen(time.monotonic(), rss_mib, times.user + times.system))

"""Which models the stand-in for Ollama has loaded: loads, loads anew for other options, unloads, and queues."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.ollama_engine import Engine, StartEngine
from tests.fakes.ollama_switches import ApiError, Switches

BUSY = "server busy, please try again.  maximum pending requests exceeded"
_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Limits:
    """What Ollama takes from its environment."""

    parallel: int = 1
    queue_max: int = 512
    loaded_max: int = 0  # 0: as many as there are
    context_tokens: int = 4096
    keep_alive: str = "5m"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a load is for; Ollama loads anew when a request wants another one."""

    name: str
    context_tokens: int
    threads: int


@dataclass(slots=True, eq=False)
class Runner:
    """One loaded model. `expires_at_s` is None for ever, or while it is used."""

    shape: Shape
    engine: Engine
    users: int = 0
    expires_at_s: float | None = None
    size: int = 0


@dataclass(slots=True, eq=False)
class Scheduler:
    """Lends runners' slots. `loads` tells every load there was, in order; `waiting` how many wait for a slot now."""

    start: StartEngine
    limits: Limits
    loads: list[Shape] = field(default_factory=list)
    switches: Switches = field(default_factory=Switches)
    _runners: dict[str, Runner] = field(default_factory=dict)
    waiting: int = 0
    _is_stopped: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def running(self) -> list[Runner]:
        """The loaded models."""
        with self._changed:
            self._unload_expired()
            return list(self._runners.values())

    @contextmanager
    def lent(
        self, name: str, weights: Path, options: dict[str, Any], keep_alive: object
    ) -> Iterator[tuple[Runner, int]]:
        """A slot of a runner of the wanted shape, and the nanoseconds it took to get it."""
        keep_s = seconds(self.limits.keep_alive if keep_alive is None else keep_alive)
        shape = Shape(
            name, int(options.get("num_ctx") or self.limits.context_tokens), int(options.get("num_thread") or 1)
        )
        begun_ns = time.monotonic_ns()
        runner = self._lend(shape, weights)
        try:
            yield runner, time.monotonic_ns() - begun_ns
        finally:
            with self._changed:
                runner.users -= 1
                runner.expires_at_s = None if keep_s is None else time.monotonic() + keep_s
                self._changed.notify_all()
            if keep_s is not None:
                timer = threading.Timer(keep_s, self.running)
                timer.daemon = True
                timer.start()

    def unload(self, name: str) -> None:
        """Free a model; who is just leaving it gets a moment to."""
        with self._changed:
            if runner := self._runners.get(name):
                self._changed.wait_for(lambda: not runner.users, 1.0)
                runner.expires_at_s = time.monotonic()
            self._unload_expired()

    def stop(self) -> None:
        """Free all, and turn away those who wait."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
            for name in list(self._runners):
                self._runners.pop(name).engine.stop()

    def _lend(self, shape: Shape, weights: Path) -> Runner:
        with self._changed:
            if self.switches.is_busy or self.waiting >= self.limits.queue_max:
                raise ApiError(503, BUSY)
            self.waiting += 1
            try:
                while (blocker := self._in_the_way(shape)) is not None:
                    if blocker.users:
                        self._changed.wait()
                    else:
                        self._runners.pop(blocker.shape.name).engine.stop()
                if self._is_stopped:
                    raise ApiError(503, "server is shutting down")
                runner = self._runners.get(shape.name)
                if runner is None:
                    runner = self._runners[shape.name] = self._load(shape, weights)
                runner.users += 1
                runner.expires_at_s = None
                return runner
            finally:
                self.waiting -= 1

    def _in_the_way(self, shape: Shape) -> Runner | None:
        """A runner that must go, or have a free slot, before this shape can be lent."""
        self._unload_expired()
        own = self._runners.get(shape.name)
        if own is not None:
            is_free = own.shape == shape and own.users < self.limits.parallel
            return None if is_free else own
        if not self.limits.loaded_max or len(self._runners) < self.limits.loaded_max:
            return None
        return min(self._runners.values(), key=lambda runner: runner.users)

    def _load(self, shape: Shape, weights: Path) -> Runner:
        self.loads.append(shape)
        time.sleep(self.switches.load_s)
        if self.switches.load_error is not None:
            raise ApiError(500, self.switches.load_error)
        engine = self.start(weights, shape.context_tokens, shape.threads, self.limits.parallel)
        return Runner(shape, engine, size=weights.stat().st_size)

    def _unload_expired(self) -> None:
        now_s = time.monotonic()
        for name, runner in list(self._runners.items()):
            if not runner.users and runner.expires_at_s is not None and runner.expires_at_s <= now_s:
                self._runners.pop(name).engine.stop()
                self._changed.notify_all()


def seconds(keep_alive: object) -> float | None:
    """A number of seconds, or a duration as Go writes it; None for ever, which is what any negative one means."""
    if isinstance(keep_alive, int | float) and not isinstance(keep_alive, bool):
        return None if keep_alive < 0 else float(keep_alive)
    found = re.fullmatch(r"(-?)((?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+|0)", str(keep_alive))
    if not found:
        raise ApiError(400, f'time: invalid duration "{keep_alive}"')
    parts = re.findall(r"([\d.]+)(ns|us|µs|ms|s|m|h)", found[2])
    return None if found[1] else sum(float(number) * _UNITS_S[unit] for number, unit in parts)

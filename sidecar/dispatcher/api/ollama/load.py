"""Requests that ask for nothing, by which clients of Ollama have a model loaded, or unloaded."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from dispatcher.api.ollama.schemas import KeepAlive
from dispatcher.core.model import ModelSpec
from dispatcher.errors import DeadlineExceeded, NoEligibleModel
from dispatcher.service.manage import Manager
from dispatcher.service.registry import Registry

_NO_TIME = re.compile(r"-?0+(\.0+)?(ns|us|µs|ms|s|m|h)?")


def is_unload(keep_alive: KeepAlive | None) -> bool:
    """Whether a request says that the model need not stay. It stays all the same, for others may want it."""
    if isinstance(keep_alive, str):
        return _NO_TIME.fullmatch(keep_alive.strip()) is not None
    return keep_alive == 0


@dataclass(frozen=True, slots=True)
class OllamaLoader:
    """Brings a model into memory. `now` is the monotonic clock, in seconds."""

    registry: Registry
    manager: Manager
    now: Callable[[], float]

    async def load(self, spec: ModelSpec, timeout_s: float) -> float:
        """Have a replica of the model up; returns how long that took, in seconds.

        A caller who leaves doesn't stop it.

        Raises: NoEligibleModel, HostUnreachable, ReplicaStartFailed, DeadlineExceeded.
        """
        self._check(spec)
        begun_s = self.now()
        replica = self.manager.start(spec.id)
        await asyncio.wait((replica.came_up,), timeout=timeout_s)
        if not replica.came_up.done():
            raise DeadlineExceeded(f"{spec.id} wasn't up within {timeout_s:g} s; it goes on loading")
        replica.came_up.result()
        return self.now() - begun_s

    def _check(self, spec: ModelSpec) -> None:
        if not spec.is_enabled:
            raise NoEligibleModel(f"{spec.id} can't be loaded: it is disabled in the registry")
        if (quarantine := self.registry.candidate(spec).quarantine) is not None:
            raise NoEligibleModel(f"{spec.id} can't be loaded: {quarantine}")

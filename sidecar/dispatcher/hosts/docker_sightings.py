"""What is known now of each replica's container. Lives on the event loop: threads hand over what they saw."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dispatcher.core.replica import Look, ReplicaId
from dispatcher.hosts.docker_sighting import REMOVED, Sighting
from dispatcher.hosts.docker_usage import Usage

_UNMEASURED = Usage(None, None)
_UNKNOWN = Look(None, None, "it was stopped")


@dataclass(slots=True)
class _Known:
    """One replica. `known_at_s` is when it was first seen, by the clock of whoever sweeps."""

    sighting: Sighting | None = None
    known_at_s: float = 0.0
    usage: Usage = _UNMEASURED
    is_asleep: bool = False  # we have paused it, or are about to
    sighted_at_s: float = 0.0
    had_oom: bool = False
    is_removed: bool = False

    def look(self) -> Look | None:
        if self.is_removed:
            return Look(None, None, REMOVED)
        if self.sighting is None:
            return None
        ended = self.sighting.ended(self.had_oom, is_asleep=self.is_asleep)
        if ended is None:
            return Look(self.usage.memory_mib, self.sighting.pid, None, cpu_s=self.usage.cpu_s)
        return Look(None, None, ended, is_out_of_memory=self.sighting.is_for_memory(self.had_oom))


class Sightings:
    """The last sight of every replica that was started or adopted here and not stopped since."""

    def __init__(self) -> None:
        self._known: dict[ReplicaId, _Known] = {}
        self._blind = asyncio.Event()
        self._blind.set()  # until the engine has answered once
        self.running: tuple[Sighting, ...] = ()  # replaced whole, so that a thread may read it

    @property
    def is_blind(self) -> bool:
        """Whether the engine doesn't answer."""
        return self._blind.is_set()

    @property
    def replica_ids(self) -> frozenset[ReplicaId]:
        """All that are expected, seen or not."""
        return frozenset(self._known)

    async def blindness(self) -> None:
        """Wait until the engine doesn't answer."""
        await self._blind.wait()

    def expect(self, replica_id: ReplicaId) -> None:
        """Begin to take in what is seen of a replica."""
        self._known.setdefault(replica_id, _Known())

    def forget(self, replica_id: ReplicaId) -> None:
        """A replica was stopped: it has ended for good."""
        self._known.pop(replica_id, None)
        self._refresh()

    def looks(self) -> Mapping[ReplicaId, Look]:
        """Every replica that has been seen; nobody while the engine can't be."""
        if self.is_blind:
            return {}
        looks = {replica_id: known.look() for replica_id, known in self._known.items()}
        return {replica_id: look for replica_id, look in looks.items() if look is not None}

    def look(self, replica_id: ReplicaId) -> Look:
        """The last sight of one replica; one that isn't expected has ended."""
        known = self._known.get(replica_id)
        return _UNKNOWN if known is None else known.look() or Look(None, None, None)

    def saw(self, sighting: Sighting, at_s: float) -> None:
        """One container, as it was at `at_s`."""
        known = self._known.get(sighting.replica_id)
        if known is None or at_s < known.sighted_at_s:
            return  # nobody of ours, or seen later already
        if known.sighting is None:
            known.known_at_s = at_s
        known.sighting, known.sighted_at_s, known.is_removed = sighting, at_s, False
        self._refresh()

    def saw_all(self, sightings: Iterable[Sighting], from_s: float) -> None:
        """All containers there are; what was known before `from_s` and isn't among them is gone."""
        self.sees()
        present = set()
        for sighting in sightings:
            present.add(sighting.replica_id)
            self.saw(sighting, from_s)
        for replica_id, known in self._known.items():
            if replica_id not in present and known.sighting is not None and known.known_at_s < from_s:
                known.is_removed = True
        self._refresh()

    def saw_one(self, replica_id: ReplicaId, sightings: Sequence[Sighting], at_s: float) -> None:
        """All containers of one replica, as they were at `at_s`; there is one, or none."""
        for sighting in sightings:
            self.saw(sighting, at_s)
        if not sightings:
            self.saw_none(replica_id)

    def saw_none(self, replica_id: ReplicaId) -> None:
        """A replica's container isn't there any more."""
        if (known := self._known.get(replica_id)) is not None and known.sighting is not None:
            known.is_removed = True
            self._refresh()

    def had_oom(self, replica_id: ReplicaId) -> None:
        """The kernel killed something in a replica's container, maybe not its first process, for lack of memory."""
        if (known := self._known.get(replica_id)) is not None:
            known.had_oom = True

    def sees(self) -> None:
        """The engine answers."""
        self._blind.clear()

    def measured(self, usages: Mapping[ReplicaId, Usage]) -> None:
        """The engine answers, and this is what replicas use."""
        self.sees()
        for replica_id, used in usages.items():
            if (known := self._known.get(replica_id)) is not None:
                known.usage = used

    def falls_asleep(self, replica_id: ReplicaId) -> None:
        """We are about to pause a replica: from now on that is no end."""
        if (known := self._known.get(replica_id)) is not None:
            known.is_asleep = True

    def woke_up(self, replica_id: ReplicaId, sightings: Sequence[Sighting], at_s: float) -> None:
        """We have let it go on, and this is how it looked after that."""
        if (known := self._known.get(replica_id)) is not None:
            self.saw_one(replica_id, sightings, at_s)
            known.is_asleep = False
            self._refresh()

    def blind(self) -> None:
        """The engine doesn't answer: nothing is known until it does."""
        self._blind.set()

    def _refresh(self) -> None:
        states = ((known.sighting, known.look()) for known in self._known.values())
        self.running = tuple(seen for seen, look in states if seen is not None and look is not None and not look.ended)

"""Two threads that watch the engine: one follows its events, one feels its pulse and measures memory.

Events alone aren't trusted: each time the stream ends, or has been silent for half a minute, everything is listed anew.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import docker
import structlog
from docker.errors import APIError

from dispatcher.core.replica import ReplicaId
from dispatcher.hosts.docker_client import FAULTS, DockerClient, EngineFault
from dispatcher.hosts.docker_labels import filters_of, replica_of
from dispatcher.hosts.docker_sighting import Sighting, inspected, sighting_of, sightings
from dispatcher.hosts.docker_sightings import Sightings
from dispatcher.hosts.docker_usage import Usage, usage

_LOG = structlog.get_logger(__name__)
_SWEEP_S = 30.0
_BEAT_S = 1.0
_SILENCE_S = 2.0
_BACK_OFF_S = 0.5
_EVENTS = ["oom", "die", "destroy", "pause", "unpause"]


class DockerWatch:
    """Keeps `known` true to what the engine says, from threads that end with the program or with `close`.

    Args:
        on_sweep: told of every container of ours, on the event loop, after each full list.
    """

    def __init__(
        self, client: DockerClient, install_id: str, known: Sightings, on_sweep: Callable[[Sequence[Sighting]], None]
    ) -> None:
        self._client = client
        self._install_id = install_id
        self._known = known
        self._on_sweep = on_sweep
        self._loop = asyncio.get_running_loop()
        self._closed = threading.Event()
        self._is_sweep_due = threading.Event()
        self._stream: Any = None
        for run in (self._follow, self._feel):
            threading.Thread(target=run, name=f"docker {run.__name__.strip('_')}", daemon=True).start()

    def sweep(self) -> None:
        """List everything anew as soon as the engine answers."""
        self._is_sweep_due.set()

    def close(self) -> None:
        """End both threads soon."""
        self._closed.set()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(AttributeError, *FAULTS):  # the stream may be ending by itself
                self._stream.close()

    def _follow(self) -> None:
        while not self._closed.is_set():
            try:
                self._client.work(self._sweep_and_listen, _SWEEP_S)
            except EngineFault:
                pass  # also after a time without any event; the other thread tells whether the engine lives
            except Exception:  # noqa: BLE001 - something unheard of; go on watching
                _LOG.exception("docker_events_failed")
            self._closed.wait(_BACK_OFF_S)

    def _sweep_and_listen(self, client: docker.APIClient) -> None:
        """Events from before the list are told twice, never missed."""
        filters = {**filters_of(self._install_id), "type": ["container"], "event": _EVENTS}
        self._stream = client.events(filters=filters, decode=True)
        from_s = time.monotonic()
        seen = sightings(client, self._install_id)
        self._tell(self._known.saw_all, seen, from_s)
        self._tell(self._on_sweep, seen)
        for event in self._stream:
            self._take_in(client, event)

    def _take_in(self, client: docker.APIClient, event: Mapping[str, Any]) -> None:
        replica_id = replica_of(event["Actor"]["Attributes"])
        if event["Action"] == "oom":
            self._tell(self._known.had_oom, replica_id)
        if event["Action"] == "destroy":
            self._tell(self._known.saw_none, replica_id)
        else:
            at_s = time.monotonic()
            if (attributes := inspected(client, event["Actor"]["ID"], self._install_id)) is not None:
                self._tell(self._known.saw, sighting_of(client, attributes), at_s)

    def _feel(self) -> None:
        while not self._closed.wait(_BEAT_S):
            try:
                usages = self._client.work(self._measured, _SILENCE_S)
            except EngineFault:
                self._lose_sight()
            except Exception:  # noqa: BLE001 - something unheard of; go on watching
                _LOG.exception("docker_pulse_failed")
                self._lose_sight()
            else:
                self._tell(self._known.measured, usages)
                if self._is_sweep_due.is_set():
                    self._is_sweep_due.clear()
                    self._hang_up()

    def _lose_sight(self) -> None:
        self._tell(self._known.blind)
        self._is_sweep_due.set()

    def _measured(self, client: docker.APIClient) -> Mapping[ReplicaId, Usage]:
        client.ping()
        found = {}
        for seen in self._known.running:
            with contextlib.suppress(APIError):  # it is ending, say; the engine lives
                found[seen.replica_id] = usage(client, seen.container_id, seen.pid)
        return {replica_id: used for replica_id, used in found.items() if used.memory_mib is not None}

    def _tell(self, take: Callable[..., None], *what: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended; so will this thread
            self._loop.call_soon_threadsafe(take, *what)

"""What one look at a container of ours shows, and its end in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError, NotFound

from dispatcher.core.replica import ReplicaId
from dispatcher.hosts.docker_labels import filters_of, is_ours, replica_of

REMOVED = "its container was removed"
_KILLED = 137
_EMBEDDED_OUT_OF_MEMORY = 5  # the embedded server's exit code when its engine got no memory
_LINE_MAX = 300
_RUNNING = frozenset({"created", "running", "restarting"})


@dataclass(frozen=True, slots=True)
class Sighting:
    """A container as the engine described it."""

    container_id: str
    replica_id: ReplicaId
    status: str
    pid: int | None
    exit_code: int
    is_oom_killed: bool
    error: str
    limit_mib: int
    last_line: str

    def is_for_memory(self, had_oom: bool) -> bool:
        """Whether it ended for want of memory. `had_oom`: something in it was killed for that."""
        return self.is_oom_killed or had_oom or self.exit_code == _EMBEDDED_OUT_OF_MEMORY

    def ended(self, had_oom: bool, *, is_asleep: bool = False) -> str | None:
        """Why it can't answer any more, None while it can.

        Args:
            had_oom: something in it was killed for memory. Ollama runs on then, but the model has gone with its child.
            is_asleep: that it is paused is our doing.
        """
        if had_oom:
            return self._out_of_memory
        if self.status in _RUNNING or (self.status == "paused" and is_asleep):
            return None
        if self.status == "paused":
            return "its container was paused by someone else"
        if self.is_for_memory(had_oom):
            return self._out_of_memory
        how = (
            "it was killed (exit code 137)"
            if self.exit_code == _KILLED
            else f"it ended with exit code {self.exit_code}"
        )
        said = self.error or self.last_line
        return f"{how}: {said}" if said else how

    @property
    def _out_of_memory(self) -> str:
        return f"out of memory: its limit of {self.limit_mib} MiB is too little"


def sightings(client: docker.APIClient, install_id: str, replica_id: ReplicaId | None = None) -> list[Sighting]:
    """Every container of this installation, or those of one replica."""
    found = (inspected(client, item["Id"], install_id) for item in listed(client, install_id, replica_id))
    return [sighting_of(client, attributes) for attributes in found if attributes is not None]


def listed(
    client: docker.APIClient, install_id: str, replica_id: ReplicaId | None = None
) -> Sequence[Mapping[str, Any]]:
    """The engine's short list of what may be ours; `inspected` decides."""
    found: Sequence[Mapping[str, Any]] = client.containers(all=True, filters=filters_of(install_id, replica_id))
    return found


def inspected(client: docker.APIClient, container_id: str, install_id: str) -> Mapping[str, Any] | None:
    """All the engine knows of a container, asked now; None when it is gone or isn't ours."""
    try:
        attributes: Mapping[str, Any] = client.inspect_container(container_id)
    except NotFound:
        return None
    return attributes if is_ours(labels_in(attributes), install_id) else None


def labels_in(attributes: Mapping[str, Any]) -> Mapping[str, str]:
    """A container's labels."""
    return attributes["Config"].get("Labels") or {}


def sighting_of(client: docker.APIClient, attributes: Mapping[str, Any]) -> Sighting:
    """What `attributes` show."""
    state = attributes["State"]
    is_over = state["Status"] in ("exited", "dead")
    return Sighting(
        container_id=attributes["Id"],
        replica_id=replica_of(labels_in(attributes)),
        status=state["Status"],
        pid=state["Pid"] or None,
        exit_code=state["ExitCode"],
        is_oom_killed=state["OOMKilled"],
        error=state["Error"],
        limit_mib=attributes["HostConfig"]["Memory"] // 2**20,
        last_line=_last_line(client, attributes["Id"]) if is_over else "",
    )


def _last_line(client: docker.APIClient, container_id: str) -> str:
    try:
        said: bytes = client.logs(container_id, tail=1)
    except APIError:  # its log went with it, or can't be read
        return ""
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1][:_LINE_MAX] if lines else ""

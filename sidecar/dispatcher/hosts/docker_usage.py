"""What a container uses: memory, less file pages that may be dropped, and CPU time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """Working set in MiB, and CPU seconds since its start; None where it isn't known."""

    memory_mib: int | None
    cpu_s: float | None


def usage(client: docker.APIClient, container_id: str, pid: int | None) -> Usage:
    """Read from the control group's files where they can be seen (microseconds), else asked of the engine."""
    if pid is not None and (read := read_usage(container_id, pid)) is not None:
        return read
    try:
        stats: Mapping[str, Any] = client.stats(container_id, stream=False, one_shot=True)
    except ValueError:  # of a container that is ending the engine says nothing at all, which isn't JSON
        return Usage(None, None)
    memory = stats.get("memory_stats") or {}
    cpu_ns = ((stats.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage")
    cpu_s = cpu_ns / 1e9 if cpu_ns else None
    if "usage" not in memory:
        return Usage(None, cpu_s)
    detail = memory.get("stats") or {}
    reclaimable = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    return Usage(int(max(0, memory["usage"] - reclaimable)) // 2**20, cpu_s)


def read_usage(container_id: str, pid: int, proc: Path = _PROC, cgroups: Path = _CGROUPS) -> Usage | None:
    """What the control group's files say; None when its memory can't be seen from here.

    `pid` may belong to another name space, where it is someone else: the group must carry the container's id.
    """
    memory_bytes: int | None = None
    cpu_s: float | None = None
    for controllers, path in _groups(container_id, pid, proc):
        if controllers == frozenset({""}):
            folder = cgroups / path
            memory_bytes = _working_set(folder, "memory.current", "inactive_file")
            cpu_s = _number(folder / "cpu.stat", "usage_usec", 1e-6)
        elif "memory" in controllers:
            memory_bytes = _working_set(cgroups / "memory" / path, "memory.usage_in_bytes", "total_inactive_file")
        elif "cpuacct" in controllers:
            cpu_s = _number(cgroups / "cpuacct" / path / "cpuacct.usage", None, 1e-9)
    return None if memory_bytes is None else Usage(memory_bytes // 2**20, cpu_s)


def _groups(container_id: str, pid: int, proc: Path) -> Iterator[tuple[frozenset[str], str]]:
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if container_id in path:
            yield frozenset(controllers.split(",")), path.lstrip("/")


def _working_set(folder: Path, total: str, cache: str) -> int | None:
    used, dropped = _number(folder / total, None, 1), _number(folder / "memory.stat", cache, 1)
    return None if used is None or dropped is None else max(0, int(used - dropped))


def _number(file: Path, key: str | None, unit: float) -> float | None:
    """The number in a file, or after a key in it."""
    try:
        text = file.read_text()
        if key is not None:
            text = dict(line.split(" ", 1) for line in text.splitlines())[key]
        return int(text) * unit
    except (OSError, ValueError, KeyError):
        return None

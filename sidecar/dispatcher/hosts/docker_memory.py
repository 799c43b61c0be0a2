"""Memory a container really needs, in MiB: what its control group is charged, less file pages that may be dropped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker

_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")


def memory_mib(client: docker.APIClient, container_id: str, pid: int | None) -> int | None:
    """Read from the control group's files where they can be seen (microseconds), else asked of the engine."""
    if pid is not None and (read := read_memory_mib(container_id, pid)) is not None:
        return read
    stats: Mapping[str, Any] = client.stats(container_id, stream=False, one_shot=True)
    memory = stats.get("memory_stats") or {}
    if "usage" not in memory:
        return None
    detail = memory.get("stats") or {}
    reclaimable = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    return int(max(0, memory["usage"] - reclaimable)) // 2**20


def read_memory_mib(container_id: str, pid: int, proc: Path = _PROC, cgroups: Path = _CGROUPS) -> int | None:
    """The container's working set; None when its files can't be seen from here.

    `pid` may belong to another name space, where it is someone else: the group must carry the container's id.
    """
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if container_id not in path:
            continue
        if controllers == "":
            folder, usage, cache = cgroups / path.lstrip("/"), "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            folder, usage, cache = cgroups / "memory" / path.lstrip("/"), "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        if (read := _working_set(folder, usage, cache)) is not None:
            return read // 2**20
    return None


def _working_set(folder: Path, usage: str, cache: str) -> int | None:
    try:
        used = int((folder / usage).read_text())
        detail = dict(line.split(" ", 1) for line in (folder / "memory.stat").read_text().splitlines())
        return max(0, used - int(detail[cache]))
    except (OSError, ValueError, KeyError):
        return None

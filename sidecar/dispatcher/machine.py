"""What this machine, or the container around us, can lend to models."""

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

_SHARE = 0.7  # the rest is for n8n, the system and this sidecar
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def lent_cores(configured: int | None) -> int:
    """CPU cores for models: as set, else those this process may use."""
    if configured is not None:
        return configured
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def lent_memory_mib(configured_mib: int | None, hosts_mib: Sequence[int | None] = ()) -> int:
    """Memory for models, in MiB: as set, else a share; never more than the machine or its container has.

    Args:
        hosts_mib: what each host says its machine has; None says nothing.
    """
    here_mib = min(psutil.virtual_memory().total, _cgroup_limit_bytes()) // 2**20
    there_mib = min([here_mib, *(mib for mib in hosts_mib if mib is not None)])
    return min(configured_mib or round(there_mib * _SHARE), there_mib)


def _cgroup_limit_bytes() -> int:
    for path in _CGROUP_LIMITS:  # version 2, version 1
        with contextlib.suppress(OSError, ValueError):  # "max" is no number: there is no limit
            return int(path.read_text())
    return sys.maxsize

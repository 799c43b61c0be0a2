"""Lets the process that calls it use only so much, and end with whoever started it. For child processes alone."""

import contextlib
import os
import resource
import sys
import threading
from dataclasses import dataclass

THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""What a child's environment says before it imports anything that makes threads of its own."""

_NICE = 19


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a child may use: address space in bytes, seconds of CPU, and seconds on the clock."""

    memory_bytes: int
    cpu_s: int
    wall_s: float


def confine(memory_bytes: int, cpu_s: int) -> None:
    """Take no more memory and CPU than this, yield to everyone else, and end when standard input does."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
    with contextlib.suppress(ValueError, OSError):  # not every system knows this limit
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that dies, however it dies, lets go of the pipe."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(1)

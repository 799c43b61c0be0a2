"""How many CPU threads a replica gets, so that busy ones together never exceed the cores.

llama.cpp waits at its barriers by spinning: two replicas with two threads each on two cores fall to a tenth of their
speed, while one thread each costs little. So a replica takes half the cores, and two may be busy at once.
"""

_SHARE = 2
_THREADS_MAX = 8  # decoding is bound by memory; more threads add nothing


def threads_for(cores: int) -> int:
    """CPU threads for each replica on a machine with this many cores lent to models."""
    return max(1, min(cores // _SHARE, _THREADS_MAX))

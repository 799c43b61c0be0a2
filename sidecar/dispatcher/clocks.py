"""Clocks made from others."""

from collections.abc import Callable


def steady_wall(now: Callable[[], float], wall: Callable[[], float]) -> Callable[[], float]:
    """Unix time in seconds, as it was at first and then as the monotonic clock goes on.

    Setting the machine's clock while the sidecar runs neither expires what isn't due nor keeps what is.
    """
    ahead_s = wall() - now()
    return lambda: now() + ahead_s

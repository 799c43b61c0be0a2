"""Moments, by name, at which a test may have the process end as if the power had gone.

Only a test's own program arms one, by calling `arm` before it builds the sidecar: no setting does. The hook is this
module's, not an argument, because the moments lie in rooms that share nothing else.
"""

from collections.abc import Callable

_hook: Callable[[str], None] | None = None


def crash_point(name: str) -> None:
    """Mark a moment; nothing happens here unless a test has armed it."""
    if _hook is not None:
        _hook(name)


def arm(hook: Callable[[str], None]) -> None:
    """Have `hook` told of every moment from now on."""
    global _hook
    _hook = hook

"""What a replica is fetching, in words."""

from dispatcher.api.schemas import ContainerReply, FetchingReply
from dispatcher.core.replica import ReplicaState

_FETCHES_IN = frozenset({ReplicaState.CREATING, ReplicaState.PULLING})


def fetching_of(container: ContainerReply) -> FetchingReply | None:
    """How far its download is; None when there is none, or none any more."""
    fetching = container.fetching
    if fetching is None or container.state not in _FETCHES_IN:
        return None
    return None if fetching.total_bytes and fetching.done_bytes >= fetching.total_bytes else fetching


def share(fetching: FetchingReply) -> str:
    """How much has come: a percentage when the whole is known, else an amount."""
    percent = percent_of(fetching)
    return _mb(fetching.done_bytes) if percent is None else f"{percent}%"


def amount(fetching: FetchingReply) -> str:
    """How many megabytes have come, and of how many."""
    done = _mb(fetching.done_bytes)
    return f"{done.removesuffix(' MB')} of {_mb(fetching.total_bytes)}" if fetching.total_bytes else done


def percent_of(fetching: FetchingReply) -> int | None:
    """Whole percents that have come; None while the whole isn't known."""
    return 100 * fetching.done_bytes // fetching.total_bytes if fetching.total_bytes else None


def _mb(count_bytes: int) -> str:
    return f"{count_bytes / 1e6:.0f} MB"

"""Times on the wire: ISO 8601 in UTC, and ages such as `7d`."""

import re
from datetime import UTC, datetime

from dispatcher.errors import InvalidRequest

_AGE = re.compile(r"(\d{1,6})([smhd])")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def iso(unix_s: float) -> str:
    """Unix seconds as a UTC time."""
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def since(text: str, now_s: float) -> float:
    """The Unix time that `7d`, `24h`, `30m` ago or an ISO 8601 time means.

    Raises: InvalidRequest.
    """
    age = _AGE.fullmatch(text)
    if age is not None:
        return now_s - int(age[1]) * _UNIT_S[age[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest(
            "since: say an age such as 7d, 24h or 30m, or a time such as 2026-11-23T08:00:00Z"
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

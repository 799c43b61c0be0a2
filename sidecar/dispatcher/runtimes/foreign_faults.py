"""What statuses of a server that an admin entered mean: it is well, but we are to come later, or aren't let in."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from dispatcher.core.task import ModelId
from dispatcher.errors import RuntimeDenied, RuntimeFault, RuntimeRateLimited

_LATER_S = 10.0  # when it doesn't say
_LATER_MAX_S = 3600.0  # and however much it says: it may be wrong
_DENIED_S = 60.0
_DENIALS = {
    401: "doesn't accept the key it was called with",
    402: "wants to be paid first",
    403: "doesn't let this key in",
    404: "doesn't know the model or the chat route; look at the reference and the URL of its entry",
}


def raise_foreign_fault(status: int, headers: Mapping[str, str], model_id: ModelId) -> None:
    """Raise the error for such a status, if it is one. Raises: RuntimeRateLimited, RuntimeDenied."""
    if (fault := foreign_fault(status, headers, model_id)) is not None:
        raise fault


def foreign_fault(status: int, headers: Mapping[str, str], model_id: ModelId) -> RuntimeFault | None:
    """The error for such a status; None when it means the same as from any server."""
    if status == 429 or (status == 503 and "Retry-After" in headers):
        again_s = retry_after_s(headers)
        told = f"{model_id} mustn't be asked for {again_s:.0f} s: its server answered {status}"
        return RuntimeRateLimited(told, retry_after_s=again_s)
    if status in _DENIALS:
        told = f"the server of {model_id} {_DENIALS[status]} ({status})"
        return RuntimeDenied(told, retry_after_s=_DENIED_S)
    if 300 <= status < 400:
        told = f"the server of {model_id} sends us elsewhere ({status}), which isn't followed; enter that URL"
        return RuntimeDenied(told, retry_after_s=_DENIED_S)
    return None


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Seconds until it wants to be asked again: a number, or a date, by its own clock where it tells it."""
    text = headers.get("Retry-After", "").strip()
    try:
        wanted_s = float(text) if text.replace(".", "", 1).isdecimal() else _until_s(text, headers.get("Date", ""))
    except (TypeError, ValueError):
        wanted_s = _LATER_S
    return min(max(wanted_s, 1.0), _LATER_MAX_S)


def _until_s(date: str, now: str) -> float:
    asked_at = parsedate_to_datetime(now) if now else datetime.now(UTC)
    return (parsedate_to_datetime(date) - asked_at).total_seconds()

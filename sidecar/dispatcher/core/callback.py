"""Which addresses a job may call back: those on hosts that the admin named."""

import re
from urllib.parse import urlsplit

# Nothing that two parsers could read in two ways: no user, backslash, space or fragment.
_ADDRESS = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:[/?][!-~]*)?")
_FORBIDDEN = re.compile(r"[\\#\"<>^`{|}]")
_PORTS = {"http": 80, "https": 443}


def allowed_hosts(text: str) -> frozenset[str]:
    """The hosts of a setting: `host` or `host:port`, separated by commas."""
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())


def is_address(url: str) -> bool:
    """Whether this is a plain HTTP address at all."""
    if _ADDRESS.fullmatch(url) is None or _FORBIDDEN.search(url):
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port beyond 65535
        return False


def may_call_back(url: str, hosts: frozenset[str]) -> bool:
    """Whether an address is on one of these hosts. A host without a port allows any port."""
    if not is_address(url):
        return False
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    named = f"[{host}]" if ":" in host else host
    return named in hosts or f"{named}:{parts.port or _PORTS[parts.scheme]}" in hosts

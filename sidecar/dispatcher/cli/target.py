"""Which sidecar a command talks to, and with which token."""

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dispatcher.cli.faults import BadUsage
from dispatcher.settings import load_settings

TOKEN_VARIABLE = "AI_DISPATCH_TOKEN"  # noqa: S105 - a variable's name


@dataclass(frozen=True, slots=True)
class Target:
    """One sidecar. `token_from` says where the token came from, or why there is none."""

    url: str
    token: str | None = field(repr=False)
    token_from: str


def find_target(url: str) -> Target:
    """Find the token for a sidecar: the environment's, else the admin token file of this machine's settings.

    The file's token is sent to this machine only: it belongs to the sidecar that runs here.

    Raises: BadUsage for an address that isn't one; SettingsError when the settings can't be read.
    """
    base = _base_url(url)
    given = os.environ.get(TOKEN_VARIABLE, "").strip()
    if given:
        return Target(base, checked_token(given, TOKEN_VARIABLE), f"the token in {TOKEN_VARIABLE}")
    if not _is_this_machine(base):
        return Target(base, None, f"no token was sent: set {TOKEN_VARIABLE} to a token of that sidecar")
    path = load_settings().admin_token_path
    token = read_token(path)
    if token is None:
        return Target(base, None, f"no token was sent: set {TOKEN_VARIABLE}, or make {path} readable")
    return Target(base, token, f"the token in {path}")


def read_token(path: Path) -> str | None:
    """The token a file holds; None when it can't be read or is empty."""
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return checked_token(token, str(path)) if token else None


def checked_token(token: str, source: str) -> str:
    """The token itself, when an HTTP header can hold it."""
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise BadUsage(f"{source} doesn't hold a token: tokens have neither spaces nor special characters")
    return token


def _base_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that isn't a number, a bracket left open
        is_address = False
    if not is_address:
        raise BadUsage(f"--url is {url!r}; it must look like http://127.0.0.1:3000")
    return url.rstrip("/")


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

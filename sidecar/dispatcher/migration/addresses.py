"""Addresses of an Ollama as they stand in a node: recognised and changed, never evaluated.

An address may be a literal (`http://ollama:11434/api/chat`) or an expression of n8n, which begins with `=` and has code
in double braces. Only its literal parts are read; code stays as it is.
"""

import re
from dataclasses import dataclass

from dispatcher.migration.json_parts import Text
from dispatcher.migration.splice import Edit

SERVED = frozenset(
    {
        "/api/generate", "/api/chat", "/api/embed", "/api/embeddings", "/api/tags", "/api/show", "/api/ps",
        "/api/version", "/api/pull", "/",
        "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/models",
    }
)  # fmt: skip
"""The routes of Ollama and OpenAI that a sidecar has."""

_UNSERVED = ("/api/create", "/api/push", "/api/copy", "/api/delete")
_PATHS = sorted((*(SERVED - {"/"}), *_UNSERVED), key=len, reverse=True)
_PATH = re.compile(f"(?:{'|'.join(map(re.escape, _PATHS))})(?![\\w/-])")
_HINT = re.compile(r"(?i)ollama|:11434(?!\d)")
_AUTHORITY = re.compile(r"(?i)https?://(?:[^\s/'\"`{}?#\\@]+@)?([^\s/'\"`{}?#\\@]+)")
_CLOUD = re.compile(r"(?i)https?://(?:[\w-]+\.)*ollama\.(?:com|ai)\b")


@dataclass(frozen=True, slots=True)
class Address:
    """An address whose `path` is one of Ollama's. `edit` leads it to the sidecar; None without a literal host."""

    path: str
    edit: Edit | None

    @property
    def is_served(self) -> bool:
        """Whether the sidecar has this route."""
        return self.path in SERVED


def says_ollama(text: str) -> bool:
    """Whether a text names Ollama or its port."""
    return _HINT.search(text) is not None


def holds_host(text: Text) -> bool:
    """Whether a text holds the literal address of an Ollama."""
    return any(says_ollama(found[0]) for found in _AUTHORITY.finditer(text.value))


def read_address(text: str, url: str) -> Address | None:
    """The address of an Ollama that a text holds, or of the sidecar at `url`; None for any other.

    Returns: an address with an edit that changes nothing when it leads to the sidecar already.
    """
    paths = list(_PATH.finditer(text))
    if paths and re.search(re.escape(url) + r"(?![\w.:-])", text):
        return Address(paths[-1][0], Edit(0, 0, ""))
    if not says_ollama(text) or _CLOUD.search(text):
        return None
    if paths:
        return Address(paths[-1][0], _edit(text, paths[-1].start(), url))
    return _somewhere(text, url)


def read_base(text: str, url: str) -> Edit | None:
    """The edit that leads a client's base URL from an Ollama to the sidecar; None if it can't be done."""
    if not says_ollama(text):
        return None
    places = list(_AUTHORITY.finditer(text))
    return Edit(places[0].start(), places[0].end(), url) if len(places) == 1 else None


def _somewhere(text: str, url: str) -> Address | None:
    """The address of an Ollama's front page, or of a route that only the running workflow knows."""
    hosts = [found for found in _AUTHORITY.finditer(text) if says_ollama(found[0])]
    if len(hosts) != 1:
        return None
    rest = text[hosts[0].end() :]
    is_open = text.startswith("=") and "{{" in text
    return Address("/", Edit(hosts[0].start(), hosts[0].end(), url)) if is_open or rest.strip() in ("", "/") else None


def _edit(text: str, path_start: int, url: str) -> Edit | None:
    """The literal in front of the path becomes the sidecar's address; inside code, only a quoted host does."""
    start = 1 if text.startswith("=") else 0
    start += len(text[start:]) - len(text[start:].lstrip())
    front = text[start:path_start]
    is_code = text.startswith("=") and "{{" in front
    if not is_code:
        return Edit(start, path_start, url) if _AUTHORITY.match(front) else None
    hosts = [found for found in _AUTHORITY.finditer(text) if says_ollama(found[0])]
    return Edit(hosts[0].start(), hosts[0].end(), url) if len(hosts) == 1 else None

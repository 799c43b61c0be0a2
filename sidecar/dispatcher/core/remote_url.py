"""The URL of a server that someone else runs, as an admin enters it: understood in one way only, or refused."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

_LENGTH_MAX = 500
_PORTS = {"http": 80, "https": 443}
_SHAPE = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]\\%]+)(?::(\d{1,5}))?(/[!-~]*)?", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
# What people paste along with the base: the protocol's own routes.
_ROUTES = re.compile(r"/(chat/completions|completions|embeddings|models|responses)$")
_OLLAMA_ROUTES = re.compile(r"/(api(/(chat|generate|tags|embed|embeddings|show))?|v1)$")


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a secret is for. `host` is lower case, a name or a plain address."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class RemoteUrl:
    """A server's base: everything before the protocol's own paths, without a slash at its end."""

    origin: Origin
    path: str

    def __str__(self) -> str:
        """As it is written down: a port only where it isn't the usual one."""
        one = self.origin
        host = f"[{one.host}]" if ":" in one.host else one.host
        port = "" if one.port == _PORTS[one.scheme] else f":{one.port}"
        return f"{one.scheme}://{host}{port}{self.path}"


def openai_url(text: str) -> RemoteUrl:
    """The base of an OpenAI-compatible server; `/v1` when only the host is named. ValueError saying what is wrong."""
    found = _parsed(text)
    return RemoteUrl(found.origin, _ROUTES.sub("", found.path) or "/v1")


def ollama_url(text: str) -> RemoteUrl:
    """The base of an Ollama. ValueError likewise."""
    found = _parsed(text)
    return RemoteUrl(found.origin, _OLLAMA_ROUTES.sub("", found.path))


def origin_of(text: str) -> Origin:
    """Whom the secret of a stored URL is for."""
    return _parsed(text).origin


def _parsed(text: str) -> RemoteUrl:
    if len(text) > _LENGTH_MAX:
        raise ValueError(f"it is longer than {_LENGTH_MAX} characters")
    found = _SHAPE.fullmatch(text.strip(" "))
    if found is None:
        raise ValueError(
            "it looks like https://api.example.com/v1 or http://192.168.1.20:11434, "
            "without a user, a password, a query or a fragment"
        )
    scheme, host, port, path = found[1].lower(), _host(found[2]), int(found[3] or 0), (found[4] or "").rstrip("/")
    if found[3] is not None and not 1 <= port <= 65_535:
        raise ValueError("its port isn't one of 1 to 65535")
    if not _PATH.fullmatch(path) or any(part in (".", "..") for part in path.split("/")):
        raise ValueError("its path may hold letters, digits, and the signs . _ ~ -")
    return RemoteUrl(Origin(scheme, host, port or _PORTS[scheme]), path)


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1]))
        except AddressValueError as error:
            raise ValueError("what is in brackets is no IPv6 address") from error
    name = _ascii(text.removesuffix("."))
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("its host is no name and no address")
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):  # the last label of a name is never a number
        try:
            return str(IPv4Address(name))
        except AddressValueError as error:
            raise ValueError("its host is a number: write an IPv4 address as four decimal numbers") from error
    return name


def _ascii(name: str) -> str:
    """The name as DNS knows it; one that looks like another, or holds signs of another form, is refused."""
    if name.isascii():
        return name.lower()
    try:
        known = name.encode("idna")
        reads_back = known.decode("idna")
    except UnicodeError as error:
        raise ValueError("its host is no name that DNS knows") from error
    if reads_back != name.lower():
        raise ValueError("its host holds signs that stand for others; write it in plain letters")
    return known.decode("ascii").lower()

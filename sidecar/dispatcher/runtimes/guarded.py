"""The HTTP client for servers that an admin entered: it connects to allowed addresses only, whatever DNS says."""

import socket
from collections.abc import Sequence

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from dispatcher.core.addresses import Network, why_denied
from dispatcher.runtimes.session import new_session

_CONNECTIONS_MAX = 256
_AddrInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


class AddressDenied(OSError):
    """A server's name leads where nothing may be sent."""


class GuardedResolver(AbstractResolver):
    """Resolves a name once for each connection. One bad address among several spoils them all: it is a trick."""

    def __init__(self, inner: AbstractResolver, allowed: Sequence[Network]) -> None:
        self._inner = inner
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name. AddressDenied when it has one that isn't allowed."""
        found = await self._inner.resolve(host, port, family)
        for one in found:
            if (no := why_denied(one["host"], self._allowed)) is not None:
                raise AddressDenied(no)
        return found

    async def close(self) -> None:
        """Let go of the resolver behind."""
        await self._inner.close()


def new_guarded_session(allowed: Sequence[Network], resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """A session whose connections go to public addresses, and to the networks that are allowed.

    Addresses are looked at twice: when a name is resolved, and again when the socket is made for the very address that
    is connected to, so that neither a second answer of DNS nor an address in the URL gets by.

    Args:
        resolver: who resolves names; the system if absent.
    """

    def checked_socket(info: _AddrInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        if family not in (socket.AF_INET, socket.AF_INET6):
            raise AddressDenied("it is no Internet address")
        if (no := why_denied(str(address[0]), allowed)) is not None:
            raise AddressDenied(no)
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(
        limit=_CONNECTIONS_MAX,
        force_close=True,
        use_dns_cache=False,
        resolver=GuardedResolver(resolver or aiohttp.ThreadedResolver(), allowed),
        socket_factory=checked_socket,
    )
    return new_session(connector)


def denial_in(error: BaseException) -> str | None:
    """Why a connection was refused here, when that is what an error of aiohttp tells of."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        if isinstance(one, AddressDenied):
            return str(one)
        seen.add(id(one))
        left += [one.__cause__, one.__context__, getattr(one, "os_error", None)]
    return None

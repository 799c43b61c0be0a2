"""Posts a finished job to the address that its caller gave."""

from enum import StrEnum

import aiohttp

_TOTAL_S = 15.0
_CONNECT_S = 5.0
_CONNECTIONS_MAX = 16


class Delivery(StrEnum):
    """How a callback went."""

    DELIVERED = "delivered"
    FAILED = "failed"  # another try may do better
    REFUSED = "refused"  # another try won't: it sends us elsewhere, and we don't follow


def new_callback_session() -> aiohttp.ClientSession:
    """A small pool of connections that nothing else uses: no proxies, cookies or kept connections."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS_MAX, force_close=True),
        timeout=aiohttp.ClientTimeout(total=_TOTAL_S, sock_connect=_CONNECT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "ai-dispatch", "Content-Type": "application/json", "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
    )


class CallbackClient:
    """Posts JSON to addresses that were checked before. What they answer beyond a status is never read."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post(self, url: str, body: bytes) -> Delivery:
        """Post once; it has ended within seconds, one way or another."""
        try:
            async with self._session.post(url, data=body, allow_redirects=False) as response:
                status = response.status
        except (aiohttp.ClientError, OSError, ValueError):  # TimeoutError is an OSError
            return Delivery.FAILED
        if 200 <= status < 300:
            return Delivery.DELIVERED
        return Delivery.REFUSED if 300 <= status < 400 else Delivery.FAILED

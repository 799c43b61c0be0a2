"""The HTTP client that all inference servers share."""

import aiohttp

_CONNECTIONS_MAX = 512


def new_session(connector: aiohttp.TCPConnector | None = None) -> aiohttp.ClientSession:
    """A bounded pool of connections that adds nothing of its own: no proxies, cookies, decompression or time limits.

    Limits of time come with each call; build it in a running loop, and close it last.

    No connection is kept for a next call. To open one costs half a millisecond here, while an idle one holds a thread
    of llama.cpp's, and a server may hang up on it just as it is used again: that would look like a server that is gone.

    Args:
        connector: who opens connections; one that goes anywhere if absent.
    """
    return aiohttp.ClientSession(
        connector=connector or aiohttp.TCPConnector(limit=_CONNECTIONS_MAX, force_close=True),
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "ai-dispatch", "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
    )

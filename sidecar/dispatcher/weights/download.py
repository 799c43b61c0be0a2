"""The source that is an address: downloads a file, from where an earlier try stopped."""

import asyncio
from collections.abc import Callable

import aiohttp
from yarl import URL

from dispatcher.weights.part import PartialFile
from dispatcher.weights.weightfile import Patience, SourceFailed, UrlSource, WeightFile

_BLOCK_BYTES = 1024 * 1024
_REDIRECTS_MAX = 5
_TRIES_MAX = 4


def new_download_session() -> aiohttp.ClientSession:
    """The HTTP client for downloads: it goes through the proxy of the environment, if there is one."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "ai-dispatch", "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=True,
    )


async def download(
    session: aiohttp.ClientSession,
    source: UrlSource,
    file: WeightFile,
    part: PartialFile,
    on_progress: Callable[[int], None],
    patience: Patience,
) -> None:
    """Fill `part` from the source; SourceFailed says why it couldn't.

    A connection that breaks after it brought bytes is taken up again.
    """
    for _ in range(_TRIES_MAX):
        before_bytes = part.size_bytes
        on_progress(before_bytes)
        try:
            if await _fill(session, source, file, part, on_progress, patience):
                return
        except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if part.size_bytes > before_bytes:
                continue
            raise SourceFailed(_reason(error)) from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SourceFailed(_reason(error, patience)) from error
    raise SourceFailed(f"broke off {_TRIES_MAX} times, last after {part.size_bytes} bytes")


async def _fill(
    session: aiohttp.ClientSession,
    source: UrlSource,
    file: WeightFile,
    part: PartialFile,
    on_progress: Callable[[int], None],
    patience: Patience,
) -> bool:
    """Take one answer to its end; False when the server can't go on from here and `part` starts over."""
    async with await _open(session, URL(source.url), part.size_bytes, patience) as response:
        if response.status == 416:
            await asyncio.to_thread(part.restart)
            return False
        await _agree_on_start(response, file, part)
        async for block in response.content.iter_chunked(_BLOCK_BYTES):
            await asyncio.to_thread(part.append, block)
            on_progress(part.size_bytes)
    return True


async def _open(session: aiohttp.ClientSession, url: URL, offset: int, patience: Patience) -> aiohttp.ClientResponse:
    """The answer to a GET from `offset` on, redirects followed."""
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    timeout = aiohttp.ClientTimeout(total=None, connect=patience.connect_s, sock_read=patience.stall_s)
    for _ in range(_REDIRECTS_MAX + 1):
        response = await session.get(url, headers=headers, timeout=timeout, allow_redirects=False)
        if response.status not in (301, 302, 303, 307, 308):
            return response
        response.release()
        url = redirect_target(url, response.headers.get("Location", ""))
    raise SourceFailed(f"redirected more than {_REDIRECTS_MAX} times")


def redirect_target(asked: URL, location: str) -> URL:
    """Where a redirect leads: over https, or within the same server."""
    target = asked.join(URL(location))
    if target.scheme == "https" or (target.scheme, target.authority) == (asked.scheme, asked.authority):
        return target
    raise SourceFailed(f"redirected to {target.scheme or 'nowhere'}, only https is followed")


async def _agree_on_start(response: aiohttp.ClientResponse, file: WeightFile, part: PartialFile) -> None:
    """Make `part` stand where the body begins; refuse answers that can't be the file."""
    if response.status not in (200, 206):
        raise SourceFailed(f"answered {response.status} {response.reason or ''}".rstrip())
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise SourceFailed("sent the file encoded")
    if response.status == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {part.size_bytes}-"):
        raise SourceFailed("sent another range than asked for")
    if response.status == 200 and part.size_bytes:
        await asyncio.to_thread(part.restart)
    if response.content_length not in (None, file.size_bytes - part.size_bytes):
        raise SourceFailed(
            f"offers {response.content_length} bytes, not the {file.size_bytes - part.size_bytes} missing"
        )


def _reason(error: BaseException, patience: Patience | None = None) -> str:
    match error:
        case aiohttp.ConnectionTimeoutError() if patience:
            return f"no connection within {patience.connect_s:g} s"
        case TimeoutError() if patience:
            return f"sent nothing for {patience.stall_s:g} s"
        case aiohttp.ClientConnectorError():
            return f"can't connect: {error.os_error.strerror or error.os_error}"
        case _:
            return str(error) or type(error).__name__

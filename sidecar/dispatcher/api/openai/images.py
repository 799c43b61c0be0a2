"""Pictures in requests of OpenAI's protocol: only their bytes, for an address would have this sidecar fetch it."""

import re

from dispatcher.core.task import Image
from dispatcher.errors import InvalidRequest

_DATA_URL = re.compile(r"data:(image/[a-z0-9.+-]+);base64,([A-Za-z0-9+/\s]+={0,2})\s*", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def image_of(url: object, place: str) -> Image:
    """The picture of a data URL.

    Raises: InvalidRequest naming the place.
    """
    if not isinstance(url, str) or not url:
        raise InvalidRequest(f"{place}: give the picture as a data URL, such as data:image/png;base64,…")
    if found := _DATA_URL.fullmatch(url):
        return Image(found[1].lower(), "".join(found[2].split()))
    if _ADDRESS.match(url):
        raise InvalidRequest(
            f"{place}: pictures aren't fetched from addresses; send the picture itself as data:image/png;base64,…"
        )
    raise InvalidRequest(f"{place}: this is no picture in base64; write data:image/png;base64,…")

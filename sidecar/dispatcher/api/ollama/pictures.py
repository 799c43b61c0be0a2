"""Pictures as Ollama's clients send them: base64 without a word on what they are."""

import base64
import binascii
from collections.abc import Sequence

from dispatcher.core.task import Image
from dispatcher.errors import InvalidRequest

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)
_HEAD_CHARS = 16  # of base64: twelve bytes, enough to tell


def pictures(told: Sequence[str] | None, field: str) -> tuple[Image, ...]:
    """The pictures of a field; InvalidRequest when one is none."""
    return tuple(_picture(text, f"{field}.{index}") for index, text in enumerate(told or ()))


def _picture(text: str, field: str) -> Image:
    plain = text.partition(",")[2] if text.startswith("data:") else text
    try:
        base64.b64decode(plain, validate=True)
        kind = _kind(base64.b64decode(plain[:_HEAD_CHARS]))
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(f"{field}: send the picture's bytes in base64") from error
    if kind is None:
        raise InvalidRequest(f"{field}: this is no PNG, JPEG, WebP, GIF or BMP")
    return Image(kind, plain)


def _kind(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _KINDS if head.startswith(start)), None)

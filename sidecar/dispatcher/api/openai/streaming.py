"""Streaming an answer in a form of OpenAI's protocol: until the first byte an error is an HTTP status."""

from typing import Protocol

from aiohttp import web

from dispatcher.api.heartbeat import AFTER_S, Heartbeat
from dispatcher.api.middleware import error_reply
from dispatcher.api.openai.desk import OpenAIDesk, Taken
from dispatcher.api.streams import ReplyStream
from dispatcher.api.told import Told, headers_of
from dispatcher.api.voices import openai_error
from dispatcher.core.outcome import Piece
from dispatcher.core.task import DispatchRequest, FormatKind, ToolUse
from dispatcher.errors import CallerGone, DispatcherError, InvalidAnswer
from dispatcher.service.dispatch import Answer

_SIGN = b": waiting\n\n"  # a comment, which readers of server-sent events pass over
_TYPE = "text/event-stream; charset=utf-8"


class Teller(Protocol):
    """Words the parts of one streamed answer."""

    def piece(self, piece: Piece, model: str) -> bytes:
        """What to send for a piece that `model` has just written."""
        ...

    def end(self, answer: Answer) -> bytes:
        """What to send once the answer is whole; all of it, when it came in no pieces."""
        ...

    def fault(self, error: dict[str, object]) -> bytes:
        """What to send when it can't be ended; `error` is OpenAI's error object."""
        ...


async def streamed(
    desk: OpenAIDesk,
    request: web.Request,
    taken: Taken,
    teller: Teller,
    after_s: float = AFTER_S,
) -> web.StreamResponse:
    """Dispatch, and send the answer while it is written.

    Raises: what a dispatch raises, as long as nothing was sent.
    """
    stream, told = ReplyStream(request, desk.write_timeout_s, _TYPE), Told(taken.dispatch_id)
    stream.tell(taken.recall.headers)
    heartbeat = Heartbeat(stream, _SIGN, told.headers, after_s)
    has_begun = False

    async def on_piece(piece: Piece) -> None:
        nonlocal has_begun
        if not has_begun:
            heartbeat.is_over = has_begun = True
            stream.tell(told.headers())
        await stream.write(teller.piece(piece, told.model or ""))

    try:
        async with heartbeat:
            answer = await desk.answer(taken, None if is_held_back(taken.asked) else on_piece, told.on_choice)
    except DispatcherError as error:
        if not stream.is_open or isinstance(error, CallerGone):
            raise
        reply = error_reply(error, taken.dispatch_id, is_incomplete=has_begun and not isinstance(error, InvalidAnswer))
        await stream.write(teller.fault(openai_error(error, reply)))
    else:
        stream.tell(headers_of(answer))
        await stream.write(teller.end(answer))
    return await stream.end()


def is_held_back(asked: DispatchRequest) -> bool:
    """Whether the answer is sent only once it is known to be as asked: a bad one is then asked for once more."""
    must_call = asked.toolbox.use is ToolUse.REQUIRED or asked.toolbox.only is not None
    return must_call or asked.requirements.output.kind is not FormatKind.TEXT

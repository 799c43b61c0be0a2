"""POST /api/chat and POST /api/generate: a dispatch, asked for and answered in Ollama's protocol."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import orjson
from aiohttp import web

from dispatcher.api.dropin_request import DropinLimits, dropin_request, timeout_of
from dispatcher.api.heartbeat import Heartbeat
from dispatcher.api.hints import Hints, hints_of
from dispatcher.api.middleware import DISPATCH_ID
from dispatcher.api.ollama.lines import CHAT, GENERATE, Form, Lines
from dispatcher.api.ollama.load import OllamaLoader, is_unload
from dispatcher.api.ollama.names import OllamaNames
from dispatcher.api.ollama.replies import NDJSON, beside, ollama_json, read_ollama
from dispatcher.api.ollama.schemas import OllamaAnswerBody, OllamaChatBody, OllamaGenerateBody
from dispatcher.api.ollama.wish import OllamaWish, chat_wish, generate_wish
from dispatcher.api.recall import Recall
from dispatcher.api.routes import Voice
from dispatcher.api.streams import ReplyStream
from dispatcher.api.told import Told, headers_of
from dispatcher.api.voices import in_words_of
from dispatcher.core.model import ModelSpec
from dispatcher.core.outcome import Piece
from dispatcher.core.task import DispatchId, DispatchRequest, FormatKind
from dispatcher.errors import CallerGone, DispatcherError
from dispatcher.service.dispatch import Answer, Dispatcher
from dispatcher.service.response_cache import ResponseCache
from dispatcher.service.room import Room

_NOTHING = Piece()
# LangChain's client looks whether it was told to stop only when a line comes, and so does n8n's Stop.
_AFTER_S, _EVERY_S = 5.0, 2.0


@dataclass(frozen=True, slots=True)
class OllamaAnswers:
    """Answers chats and completions. `wall` is Unix time, in seconds."""

    dispatcher: Dispatcher
    room: Room
    names: OllamaNames
    loader: OllamaLoader
    cache: ResponseCache
    limits: DropinLimits
    wall: Callable[[], float]
    write_timeout_s: float

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """The next turn of a chat."""
        self._begin(request)
        body = await read_ollama(request, OllamaChatBody)
        return await self._answered(request, body, chat_wish(body), CHAT)

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """The answer to one prompt."""
        self._begin(request)
        body = await read_ollama(request, OllamaGenerateBody)
        return await self._answered(request, body, generate_wish(body), GENERATE)

    def _begin(self, request: web.Request) -> None:
        request[DISPATCH_ID] = f"d_{secrets.token_hex(16)}"
        self.room.check()  # before the body is read: refusing must stay cheap when much comes

    async def _answered(
        self, request: web.Request, body: OllamaAnswerBody, wish: OllamaWish, form: Form
    ) -> web.StreamResponse:
        named = self.names.of(body.model)
        spec = self.names.spec(named)
        hints = hints_of(request.headers, None, body.dispatch)
        if wish.is_load:
            return await self._loaded(body, spec, form, hints, wish)
        wish = self.names.suited(wish, spec)
        asked = dropin_request(wish.wish, named, hints, self.limits)
        self.room.check_share(asked.share)
        recall = Recall(self.cache, request, asked, is_wanted=hints.cache is True)
        headers = beside(wish.ignored) | recall.headers
        if body.stream is False:
            return await self._whole(request, asked, form, recall, headers)
        return await _Streamed(self, request, asked, form, recall, headers, body.model).reply()

    async def _whole(
        self, request: web.Request, asked: DispatchRequest, form: Form, recall: Recall, headers: dict[str, str]
    ) -> web.StreamResponse:
        answer = recall.answer or await self.dispatcher.dispatch(DispatchId(request[DISPATCH_ID]), asked)
        recall.keep(answer)
        lines = Lines(form, answer.decision.chosen.model_id, self.wall)
        return ollama_json(lines.whole(answer), headers_of(answer) | headers)

    async def _loaded(
        self, body: OllamaAnswerBody, spec: ModelSpec | None, form: Form, hints: Hints, wish: OllamaWish
    ) -> web.StreamResponse:
        """Nothing is unloaded on demand; and where the choice is free, there is nothing to load yet."""
        lines = Lines(form, spec.id if spec else body.model, self.wall)
        if is_unload(body.keep_alive):
            return ollama_json(lines.loaded("unload", 0.0, 0.0), beside(wish.ignored))
        timeout_s = timeout_of(hints, self.limits)
        load_s = await self.loader.load(spec, timeout_s) if spec else 0.0
        return ollama_json(lines.loaded("load", load_s, load_s), beside(wish.ignored))


class _Streamed:
    """One answer that is handed out while it is written, unless its shape must be looked at first.

    Until the first line an error is an HTTP status; after it, the last line.
    """

    def __init__(
        self,
        answers: OllamaAnswers,
        request: web.Request,
        asked: DispatchRequest,
        form: Form,
        recall: Recall,
        headers: dict[str, str],
        name: str,
    ) -> None:
        self._answers = answers
        self._asked = asked
        self._id = DispatchId(request[DISPATCH_ID])
        self._told = Told(self._id)
        self._stream = ReplyStream(request, answers.write_timeout_s, NDJSON)
        self._stream.tell(headers)
        self._recall = recall
        self._name = name
        self._lines_of = partial(Lines, form, wall=answers.wall)
        self._lines: Lines | None = None
        sign = self._lines_of(name).piece(_NOTHING)
        self._idle = Heartbeat(self._stream, sign, self._told.headers, _AFTER_S, _EVERY_S)

    async def reply(self) -> web.StreamResponse:
        """Answer."""
        try:
            answer = self._recall.answer or await self._dispatched()
        except DispatcherError as error:
            if not self._stream.is_open or isinstance(error, CallerGone):
                raise
            await self._stream.write(orjson.dumps({"error": in_words_of(Voice.OLLAMA, error.message)}) + b"\n")
        else:
            await self._end(answer)
        return await self._stream.end()

    async def _dispatched(self) -> Answer:
        is_free = self._asked.requirements.output.kind is FormatKind.TEXT
        on_piece = self._send if is_free else None
        async with self._idle:
            answer = await self._answers.dispatcher.dispatch(
                self._id, self._asked, on_piece, None, self._told.on_choice
            )
        self._recall.keep(answer)
        return answer

    async def _send(self, piece: Piece) -> None:
        if self._lines is None:
            self._idle.is_over = True
            self._stream.tell(self._told.headers())
            self._lines = self._lines_of(self._told.model or self._name)
        await self._stream.write(self._lines.piece(piece))

    async def _end(self, answer: Answer) -> None:
        """What wasn't sent in pieces, and what it took."""
        done = answer.completion
        lines = self._lines or self._lines_of(answer.decision.chosen.model_id)
        self._stream.tell(headers_of(answer))
        text = b""
        if self._lines is None and (done.text or done.thinking):
            text = lines.piece(Piece(done.text, done.thinking, done.logprobs))
        await self._stream.write(text + lines.calls(done.tool_calls) + lines.last(answer))

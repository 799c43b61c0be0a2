"""A fake inference server on a socket: speaks OpenAI's protocol as llama.cpp does, and misbehaves on demand.

In a test: `async with FakeInferenceServer() as fake: …`. As a process: see `process.py`. The contract tests run on it
and on the real one, so that it can't lie.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from dispatcher.core.replica import Endpoint
from tests.fakes.answers import answer_to, calls_in_words, pieces_of, prompt_tokens_of
from tests.fakes.behaviour import Behaviour, Fault, text_of
from tests.fakes.ledger import noted
from tests.fakes.stream import AnswerStream
from tests.fakes.vector_answer import VectorAnswer
from tests.fakes.vectors import tokens_of


class FakeInferenceServer:
    """Serves one model. `behaviour` may be set at any time; `asked` holds the request bodies, in order.

    `left` counts callers who hung up before their answer was whole, `busy` those who wait or are being answered now,
    `running` the slots that are taken.

    With `is_api` it is as what is sold over the internet: it has no paths of llama.cpp's, knows its model by one name,
    and refuses fields that aren't OpenAI's. `calls` holds the path and the Authorization of every request.
    """

    def __init__(
        self,
        behaviour: Behaviour = Behaviour(),  # noqa: B008 - frozen
        *,
        api_key: str = "fake-key",
        model: str = "fake-model",
        context_tokens: int = 4096,
        slots: int = 1,
        port: int = 0,
        is_api: bool = False,
    ) -> None:
        self.behaviour = behaviour
        self.asked: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str | None]] = []
        self.left = 0
        self.busy = 0
        self.running = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._api_key = api_key
        self._is_api = is_api
        self._model = model
        self._context_tokens = context_tokens
        self._slots = asyncio.Semaphore(behaviour.parallel or slots)
        self._slot_count = slots
        self._port = port
        self._ready_at_s = float("inf")
        self._runner: web.AppRunner | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens, and its key."""
        return Endpoint(f"http://127.0.0.1:{self._port}", self._api_key)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024, middlewares=[self._noting])
        if not self._is_api:
            app.router.add_get("/health", self._health)
            app.router.add_get("/slots", self._list_slots)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/embeddings", self._embed)
        app.router.add_post("/tokenize", self._tokenize)
        app.router.add_post("/fake/behaviour", self._set_behaviour)
        app.router.add_get("/fake/asked", self._asked)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._ready_at_s = time.monotonic() + self.behaviour.load_s
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def until_idle(self, timeout_s: float = 5.0) -> None:
        """Wait until nobody is being answered."""
        async with asyncio.timeout(timeout_s):
            await self._idle.wait()

    def load_again(self, load_s: float) -> None:
        """Be as if started now."""
        self._ready_at_s = time.monotonic() + load_s

    @web.middleware
    async def _noting(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.calls.append((request.path, request.headers.get("Authorization")))
        return await handler(request)

    @property
    def _is_loading(self) -> bool:
        return time.monotonic() < self._ready_at_s

    async def _health(self, _request: web.Request) -> web.Response:
        return _error(503, "unavailable_error", "Loading model") if self._is_loading else _json({"status": "ok"})

    async def _models(self, request: web.Request) -> web.Response:
        return self._refusal(request) or _json({"object": "list", "data": [{"id": self._model, "object": "model"}]})

    async def _list_slots(self, request: web.Request) -> web.Response:
        slots = [{"id": index, "is_processing": index < self.running} for index in range(self._slot_count)]
        return self._refusal(request) or _json(slots)

    async def _set_behaviour(self, request: web.Request) -> web.Response:
        self.behaviour = self.behaviour.but(await request.json())
        return _json({})

    async def _asked(self, _request: web.Request) -> web.Response:
        return _json(self.asked)

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self._is_loading:
            return _error(503, "unavailable_error", "Loading model")
        if request.headers.get("Authorization") != f"Bearer {self._api_key}":
            return _error(401, "authentication_error", "Invalid API Key")
        return None

    async def _tokenize(self, request: web.Request) -> web.Response:
        """One token for each word, and one before and after the text."""
        return self._refusal(request) or _json({"tokens": tokens_of((await request.json())["content"])})

    async def _embed(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._refusal(request):
            return refusal
        body = json.loads(await request.read())
        self.asked.append(body)
        inputs = [body["input"]] if isinstance(body["input"], str) else body["input"]
        tokens = [one if isinstance(one, list) else tokens_of(one) for one in inputs]
        longest = max(map(len, tokens), default=0)
        if longest > self._context_tokens:  # as llama.cpp says it
            words = f"input ({longest} tokens) is too large to process. increase the physical batch size"
            return _error(500, "server_error", words)
        behaviour = self.behaviour.as_asked(
            [{"role": "user", "content": one} for one in inputs if isinstance(one, str)][:1]
        )
        behaviour = behaviour.of(self._model)
        self.busy += 1
        self._idle.clear()
        try:
            async with self._slots:
                await asyncio.sleep(behaviour.token_delay_s * len(inputs))
                return await VectorAnswer(request, behaviour, body, tokens).send()
        except (asyncio.CancelledError, ConnectionResetError):
            self.left += 1
            raise
        finally:
            self.busy -= 1
            if not self.busy:
                self._idle.set()

    def _strict_refusal(self, body: dict[str, Any]) -> web.Response | None:
        if unknown := set(body) - _OPENAI_FIELDS:
            return _error(400, "invalid_request_error", f"Unrecognized request arguments: {sorted(unknown)}")
        if body["model"] != self._model:
            return _error(404, "invalid_request_error", f"The model {body['model']} does not exist")
        return None

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._refusal(request):
            return refusal
        body = json.loads(await request.read())
        self.asked.append(body)
        if self._is_api and (refusal := self._strict_refusal(body)):
            return refusal
        messages = body["messages"]
        prompt_tokens = prompt_tokens_of(messages)
        if prompt_tokens > self._context_tokens:
            words = f"request ({prompt_tokens} tokens) exceeds the available context size"
            return _error(
                400, "exceed_context_size_error", words, n_prompt_tokens=prompt_tokens, n_ctx=self._context_tokens
            )
        behaviour = self.behaviour.as_asked(messages).of(self._model)
        if behaviour.fault is Fault.STATUS:
            words = f"can't answer: {text_of(messages[-1])}"
            return _error(behaviour.status, "server_error", words, headers=behaviour.headers)
        asked_for = body.get("response_format")
        calls = calls_in_words(behaviour.calls, asked_for) if behaviour.calls else None
        text = calls or behaviour.answer or answer_to(messages, asked_for)
        self.busy += 1
        self._idle.clear()
        try:
            async with self._slots:
                self.running += 1
                try:
                    with noted(behaviour.ledger, text_of(messages[-1])):
                        try:
                            stream = AnswerStream(request, behaviour, self._model, body, prompt_tokens)
                            return await stream.send(pieces_of(text))
                        except (asyncio.CancelledError, ConnectionResetError):
                            await asyncio.sleep(behaviour.lingers_s)
                            raise
                finally:
                    self.running -= 1
        except (asyncio.CancelledError, ConnectionResetError):
            self.left += 1
            raise
        finally:
            self.busy -= 1
            if not self.busy:
                self._idle.set()


def _json(value: object) -> web.Response:
    return web.Response(text=json.dumps(value), content_type="application/json")


def _error(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None, **more: int) -> web.Response:
    error = {"code": status, "message": message, "type": kind, **more}
    text = json.dumps({"error": error})
    return web.Response(status=status, text=text, content_type="application/json", headers=headers)


# Those of a chat completion that this program may send.
_OPENAI_FIELDS = frozenset(
    {
        *("model", "messages", "max_tokens", "max_completion_tokens", "stream", "stream_options", "stop", "seed", "n"),
        *("temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "user"),
        *("tools", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort"),
    }
)

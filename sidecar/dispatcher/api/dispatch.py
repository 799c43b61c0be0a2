"""POST /api/dispatch and POST /api/explain."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response, read_body
from dispatcher.api.events import EventStream
from dispatcher.api.job_bodies import key_of
from dispatcher.api.keyed_dispatch import KeyedDispatch
from dispatcher.api.middleware import DISPATCH_ID, error_reply
from dispatcher.api.recall import Recall
from dispatcher.api.replies import decision_reply, dispatch_reply
from dispatcher.api.requests import RequestLimits, dispatch_request
from dispatcher.api.routes import Query, Route, Scope
from dispatcher.api.schemas import DispatchBody, DispatchReply, ErrorReply, ExplainReply, TextEvent, WaitingEvent
from dispatcher.api.waiting import Waiting
from dispatcher.core.outcome import Piece
from dispatcher.core.task import DispatchId, DispatchRequest
from dispatcher.errors import CallerGone, DispatcherError, InvalidAnswer
from dispatcher.service.dispatch import Dispatcher
from dispatcher.service.fleet import Fleet
from dispatcher.service.response_cache import ResponseCache
from dispatcher.service.room import Room


@dataclass(frozen=True, slots=True)
class DispatchApi:
    """Answers prompts."""

    dispatcher: Dispatcher
    room: Room
    fleet: Fleet
    limits: RequestLimits
    now: Callable[[], float]
    write_timeout_s: float
    keyed: KeyedDispatch
    cache: ResponseCache

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(
                "POST",
                "/api/dispatch",
                Scope.DISPATCH,
                "Choose a model for a prompt, run it, and answer",
                self.dispatch,
                body=DispatchBody,
                reply=DispatchReply,
                events=(
                    ("waiting", WaitingEvent),
                    ("text", TextEvent),
                    ("done", DispatchReply),
                    ("error", ErrorReply),
                ),
                headers=(
                    Query("Idempotency-Key", "The same key with the same body is one dispatch, and gives one answer."),
                ),
            ),
            Route(
                "POST",
                "/api/explain",
                Scope.DISPATCH,
                "Say which model would be chosen now, and why, without running anything",
                self.explain,
                body=DispatchBody,
                reply=ExplainReply,
            ),
        ]

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        """Answer one prompt, whole or as events."""
        dispatch_id = DispatchId(f"d_{secrets.token_hex(16)}")
        request[DISPATCH_ID] = dispatch_id
        key = key_of(request)
        if key is None:
            self.room.check()  # before the body is read: refusing must stay cheap when much comes
        body = await read_body(request, DispatchBody)
        if key is not None:
            return await self.keyed.answer(request, body, key)
        asked = dispatch_request(body, self.limits)
        self.room.check_share(asked.share)
        recall = Recall(self.cache, request, asked, is_wanted=body.cache)
        if body.stream:
            return await self._streamed(request, dispatch_id, asked, recall)
        answer = recall.answer or await self.dispatcher.dispatch(dispatch_id, asked)
        recall.keep(answer)
        response = json_response(dispatch_reply(answer))
        response.headers.update(recall.headers)
        return response

    async def explain(self, request: web.Request) -> web.StreamResponse:
        """Explain what would be chosen."""
        asked = dispatch_request(await read_body(request, DispatchBody), self.limits)
        decision, explanation = self.dispatcher.explain(asked)
        return json_response(
            ExplainReply(
                task_type=decision.task_type,
                complexity=decision.complexity,
                decision=decision_reply(decision, explanation),
            )
        )

    async def _streamed(
        self, request: web.Request, dispatch_id: DispatchId, asked: DispatchRequest, recall: Recall
    ) -> web.StreamResponse:
        """Until the first event an error is an HTTP status; after it, the last event."""
        stream = EventStream(request, self.write_timeout_s, recall.headers)
        waiting = Waiting(stream, self.fleet, self.now)

        has_text = False

        async def on_piece(piece: Piece) -> None:
            nonlocal has_text
            if piece.text:
                waiting.is_over = has_text = True
                await stream.send("text", TextEvent(text=piece.text))

        try:
            if recall.answer is not None:
                await on_piece(Piece(recall.answer.completion.text))
            async with waiting:
                answer = recall.answer or await self.dispatcher.dispatch(dispatch_id, asked, on_piece, waiting.on_wait)
            recall.keep(answer)
        except DispatcherError as error:
            if not stream.is_open or isinstance(error, CallerGone):
                raise
            # An answer of the wrong shape was handed out whole; whatever else goes wrong leaves a part of one.
            is_incomplete = has_text and not isinstance(error, InvalidAnswer)
            await stream.send("error", error_reply(error, dispatch_id, is_incomplete=is_incomplete))
        else:
            await stream.send("done", dispatch_reply(answer))
        return await stream.end()

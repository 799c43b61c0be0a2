"""What all routes of OpenAI's API that write text share: letting a request in, and putting it into core's words."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from dispatcher.api.dropin_request import DropinLimits, Wish, dropin_request
from dispatcher.api.hints import hints_of
from dispatcher.api.middleware import DISPATCH_ID
from dispatcher.api.openai.schemas import SamplingBody
from dispatcher.api.recall import Recall
from dispatcher.api.told import headers_of
from dispatcher.core.outcome import OnPiece
from dispatcher.core.task import Capability, DispatchId, DispatchRequest
from dispatcher.errors import Unsatisfiable
from dispatcher.service.dispatch import Answer, Dispatcher
from dispatcher.service.model_names import ModelNames
from dispatcher.service.response_cache import ResponseCache
from dispatcher.service.room import Room
from dispatcher.service.trail import OnChoice

_AT_ONCE = frozenset({"none", "minimal"})


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was let in: the dispatch it asks for, and whether it was answered before."""

    dispatch_id: DispatchId
    asked: DispatchRequest
    recall: Recall


@dataclass(frozen=True, slots=True)
class OpenAIDesk:
    """Takes requests. `wall` gives Unix time in seconds."""

    dispatcher: Dispatcher
    room: Room
    names: ModelNames
    cache: ResponseCache
    limits: DropinLimits
    wall: Callable[[], float]
    write_timeout_s: float

    def admit(self, request: web.Request) -> DispatchId:
        """Give a request its id, if there is room for one: before its body is read, so that refusing stays cheap.

        Raises: Overloaded, ShuttingDown.
        """
        dispatch_id = DispatchId(f"d_{secrets.token_hex(16)}")
        request[DISPATCH_ID] = dispatch_id
        self.room.check()
        return dispatch_id

    def take(self, request: web.Request, body: SamplingBody, wish: Wish) -> Taken:
        """The dispatch that a request asks for.

        Raises: ModelNotFound, Unsatisfiable, Overloaded, or InvalidRequest naming the field and the fix.
        """
        hints = hints_of(request.headers, body.metadata, body.dispatch)
        asked = dropin_request(wish, self.names.of(body.model), hints, self.limits)
        self._check_can(asked)
        self.room.check_share(asked.share)
        recall = Recall(self.cache, request, asked, is_wanted=hints.cache is True)
        return Taken(DispatchId(request[DISPATCH_ID]), asked, recall)

    async def answer(self, taken: Taken, on_piece: OnPiece | None = None, on_choice: OnChoice | None = None) -> Answer:
        """The answer: that of before, or a new one, which comes piece by piece too.

        Raises: what a dispatch raises.
        """
        if (known := taken.recall.answer) is not None:
            return known
        answer = await self.dispatcher.dispatch(taken.dispatch_id, taken.asked, on_piece, None, on_choice)
        taken.recall.keep(answer)
        return answer

    async def whole(self, taken: Taken, worded: Callable[[Answer], bytes]) -> web.Response:
        """Answer at once, in those words."""
        answer = await self.answer(taken)
        headers = headers_of(answer) | taken.recall.headers
        return web.Response(body=worded(answer), content_type="application/json", headers=headers)

    def thinks(self, model: str, effort: Any) -> bool | None:
        """Whether the model is to think first: not for little effort, and for more only where one of that name can."""
        if effort is None:
            return None
        if effort in _AT_ONCE:
            return False
        pinned = self.names.of(model).model
        able = (spec.id for spec in self.names.usable() if Capability.THINKING in spec.capabilities)
        return True if any(pinned in (None, model_id) for model_id in able) else None

    def _check_can(self, asked: DispatchRequest) -> None:
        """Say at once, and with names that can, what the pinned model can't do."""
        if asked.model is None:
            return
        lacks = asked.needs - self.names.model(asked.model).capabilities
        if lacks:
            able = [spec.id for spec in self.names.usable() if asked.needs <= spec.capabilities]
            told = f"these can: {', '.join(able)}" if able else "nor can any other model that is here"
            raise Unsatisfiable(f"model: {asked.model} can't do {', '.join(sorted(lacks))}; {told}")

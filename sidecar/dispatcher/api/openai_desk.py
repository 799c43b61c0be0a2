"""What all routes of OpenAI's API that write text share: letting a request in, and putting it into core's words."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from dispatcher.api.dropin_request import DropinLimits, Wish, dropin_request
from dispatcher.api.hints import hints_of
from dispatcher.api.middleware import DISPATCH_ID
from dispatcher.api.openai_schemas import SamplingBody
from dispatcher.core.task import Capability, DispatchId, DispatchRequest
from dispatcher.errors import Unsatisfiable
from dispatcher.service.dispatch import Dispatcher
from dispatcher.service.model_names import ModelNames
from dispatcher.service.room import Room

_AT_ONCE = frozenset({"none", "minimal"})


@dataclass(frozen=True, slots=True)
class OpenAIDesk:
    """Takes requests. `wall` gives Unix time in seconds."""

    dispatcher: Dispatcher
    room: Room
    names: ModelNames
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

    def asked(self, headers: Mapping[str, str], body: SamplingBody, wish: Wish) -> DispatchRequest:
        """The dispatch that a request asks for.

        Raises: ModelNotFound, Unsatisfiable, Overloaded, or InvalidRequest naming the field and the fix.
        """
        hints = hints_of(headers, body.metadata, body.dispatch)
        asked = dropin_request(wish, self.names.of(body.model), hints, self.limits)
        self._check_can(asked)
        self.room.check_share(asked.share)
        return asked

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

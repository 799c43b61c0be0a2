"""/v1/responses: OpenAI's newer way to ask, without its memory: nothing that is said here is kept."""

from dataclasses import dataclass

import orjson
from aiohttp import web

from dispatcher.api.bodies import read_body
from dispatcher.api.dropin_request import Wish
from dispatcher.api.hints import HINT_HEADERS
from dispatcher.api.openai.desk import OpenAIDesk
from dispatcher.api.openai.fields import json_at
from dispatcher.api.openai.formats import output_of
from dispatcher.api.openai.responses_events import ResponseEvents
from dispatcher.api.openai.responses_input import input_messages
from dispatcher.api.openai.responses_reply import ResponseWords
from dispatcher.api.openai.responses_schemas import ResponsesBody
from dispatcher.api.openai.sampling import tokens_max
from dispatcher.api.openai.streaming import streamed
from dispatcher.api.openai.tools import toolbox_of
from dispatcher.api.routes import Route, Scope, Voice
from dispatcher.core.task import Sampling
from dispatcher.errors import InvalidRequest, ResponseNotFound

_LOGPROBS = "message.output_text.logprobs"


@dataclass(frozen=True, slots=True)
class ResponsesApi:
    """Answers prompts."""

    desk: OpenAIDesk

    def routes(self) -> list[Route]:
        """The routes."""
        one, kept = "/v1/responses/{id}", "Nothing is kept: says so"
        return [
            Route(
                "POST",
                "/v1/responses",
                Scope.DISPATCH,
                "Choose a model for a prompt, run it, and answer as OpenAI's Responses API does",
                self.respond,
                body=ResponsesBody,
                headers=HINT_HEADERS,
                voice=Voice.OPENAI,
                streams="text/event-stream",
            ),
            Route("GET", one, Scope.DISPATCH, kept, self.show, voice=Voice.OPENAI),
            Route("DELETE", one, Scope.DISPATCH, kept, self.show, voice=Voice.OPENAI),
        ]

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer one prompt, whole or as events."""
        dispatch_id = self.desk.admit(request)
        body = await read_body(request, ResponsesBody)
        taken = self.desk.take(request, body, self._wish(body))
        words = ResponseWords(dispatch_id, self.desk.wall(), body)
        if body.stream:
            return await streamed(self.desk, request, taken, ResponseEvents(words))
        return await self.desk.whole(taken, lambda answer: orjson.dumps(words.whole(answer)))

    async def show(self, _request: web.Request) -> web.StreamResponse:
        """One that was given before."""
        raise ResponseNotFound("id: responses aren't kept; GET /api/dispatches/{id} says how one went, without texts")

    def _wish(self, body: ResponsesBody) -> Wish:
        _check(body)
        has_logprobs = body.top_logprobs or _LOGPROBS in (body.include or ())
        return Wish(
            messages=input_messages(body.input, body.instructions),
            max_tokens=tokens_max(body.max_output_tokens, "max_output_tokens"),
            sampling=Sampling(temperature=body.temperature, top_p=body.top_p),
            output=output_of(body.text.format if body.text else None, "text.format"),
            toolbox=toolbox_of(body.tools, body.tool_choice, is_parallel=body.parallel_tool_calls),
            top_logprobs=(body.top_logprobs or 0) if has_logprobs else None,
            think=self.desk.thinks(body.model, body.reasoning.effort if body.reasoning else None),
        )


def _check(body: ResponsesBody) -> None:
    """Refuse what needs a memory, and what can't be repeated."""
    if body.background:
        raise InvalidRequest("background: nothing is kept to be fetched later; leave it out, or use POST /api/jobs")
    for field in ("previous_response_id", "conversation"):
        if getattr(body, field):
            raise InvalidRequest(f"{field}: what was said before isn't kept; send all of it as input")
    for field in ("metadata", "tools", "tool_choice"):
        json_at(getattr(body, field), field)  # a response repeats them
    json_at(body.text.format if body.text else None, "text.format")
    if body.prompt:
        raise InvalidRequest("prompt: there are no stored prompts; send the text as instructions and input")

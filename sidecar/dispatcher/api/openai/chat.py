"""POST /v1/chat/completions."""

from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import read_body
from dispatcher.api.dropin_request import Wish
from dispatcher.api.hints import HINT_HEADERS
from dispatcher.api.openai.chat_reply import ChatChunks, chat_reply
from dispatcher.api.openai.desk import OpenAIDesk
from dispatcher.api.openai.formats import output_of
from dispatcher.api.openai.messages import messages_of
from dispatcher.api.openai.sampling import check_single, sampling_of, tokens_max
from dispatcher.api.openai.schemas import ChatBody
from dispatcher.api.openai.streaming import streamed
from dispatcher.api.openai.tools import toolbox_of
from dispatcher.api.routes import Route, Scope, Voice
from dispatcher.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class OpenAIChatApi:
    """Answers chats."""

    desk: OpenAIDesk

    def routes(self) -> list[Route]:
        """The route."""
        return [
            Route(
                "POST",
                "/v1/chat/completions",
                Scope.DISPATCH,
                "Choose a model for a chat, run it, and answer as OpenAI's API does",
                self.chat,
                body=ChatBody,
                headers=HINT_HEADERS,
                voice=Voice.OPENAI,
                streams="text/event-stream",
            )
        ]

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answer one chat, whole or in chunks."""
        dispatch_id = self.desk.admit(request)
        body = await read_body(request, ChatBody)
        taken = self.desk.take(request, body, self._wish(body))
        if body.stream:
            has_usage = bool(body.stream_options and body.stream_options.include_usage)
            chunks = ChatChunks(dispatch_id, self.desk.wall(), has_usage=has_usage)
            return await streamed(self.desk, request, taken, chunks)
        return await self.desk.whole(taken, lambda answer: chat_reply(answer, self.desk.wall()))

    def _wish(self, body: ChatBody) -> Wish:
        _check(body)
        longest = body.max_tokens if body.max_completion_tokens is None else body.max_completion_tokens
        field = "max_tokens" if body.max_completion_tokens is None else "max_completion_tokens"
        return Wish(
            messages=messages_of(body.messages),
            max_tokens=tokens_max(longest, field),
            sampling=sampling_of(body),
            output=output_of(body.response_format, "response_format"),
            toolbox=toolbox_of(body.tools, body.tool_choice, is_parallel=body.parallel_tool_calls),
            top_logprobs=(body.top_logprobs or 0) if body.logprobs else None,
            think=self.desk.thinks(body.model, body.reasoning_effort),
        )


def _check(body: ChatBody) -> None:
    """Refuse what would change the answer and can't be done."""
    check_single(body)
    if body.top_logprobs is not None and not body.logprobs:
        raise InvalidRequest("top_logprobs: this needs logprobs to be true")
    if body.audio or set(body.modalities or ()) - {"text"}:
        raise InvalidRequest("modalities: answers are text; leave audio out, and other modalities than text")
    if body.functions or body.function_call not in (None, "none", "auto"):
        raise InvalidRequest("functions: send them as tools, and function_call as tool_choice")
    if body.web_search_options is not None:
        raise InvalidRequest("web_search_options: nothing is searched here; leave it out, or offer a tool that does")

"""POST /v1/completions: the old way to ask, put to the model as what a user says."""

from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import read_body
from dispatcher.api.dropin_request import Wish
from dispatcher.api.hints import HINT_HEADERS
from dispatcher.api.openai.completion_reply import CompletionWords
from dispatcher.api.openai.desk import OpenAIDesk
from dispatcher.api.openai.sampling import check_single, sampling_of, tokens_max
from dispatcher.api.openai.schemas import CompletionBody
from dispatcher.api.openai.streaming import streamed
from dispatcher.api.routes import Route, Scope, Voice
from dispatcher.core.task import Message, Role
from dispatcher.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class OpenAICompletionsApi:
    """Answers prompts."""

    desk: OpenAIDesk

    def routes(self) -> list[Route]:
        """The route."""
        return [
            Route(
                "POST",
                "/v1/completions",
                Scope.DISPATCH,
                "Answer a prompt as OpenAI's API did before there were chats",
                self.complete,
                body=CompletionBody,
                headers=HINT_HEADERS,
                voice=Voice.OPENAI,
                streams="text/event-stream",
            )
        ]

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Answer one prompt, whole or in chunks."""
        dispatch_id = self.desk.admit(request)
        body = await read_body(request, CompletionBody)
        taken = self.desk.take(request, body, _wish(body))
        has_usage = bool(body.stream_options and body.stream_options.include_usage)
        words = CompletionWords(dispatch_id, self.desk.wall(), has_usage=has_usage)
        if body.stream:
            return await streamed(self.desk, request, taken, words)
        return await self.desk.whole(taken, words.whole)


def _wish(body: CompletionBody) -> Wish:
    check_single(body)
    if body.best_of not in (None, 1):
        raise InvalidRequest("best_of: one answer is written for each request; leave it out")
    if body.echo:
        raise InvalidRequest("echo: the prompt isn't repeated; leave it out, and put the prompt before the answer")
    if body.suffix:
        raise InvalidRequest("suffix: text isn't filled in between others; leave it out, or ask for it in words")
    return Wish(
        messages=(Message(Role.USER, _prompt(body)),),
        max_tokens=tokens_max(body.max_tokens, "max_tokens"),
        sampling=sampling_of(body),
        top_logprobs=body.logprobs,
    )


def _prompt(body: CompletionBody) -> str:
    prompt = body.prompt
    if isinstance(prompt, str):
        return prompt
    if len(prompt) == 1 and isinstance(prompt[0], str):
        return prompt[0]
    if any(isinstance(part, int | list) for part in prompt):
        raise InvalidRequest("prompt: tokens differ from model to model; send the text itself")
    raise InvalidRequest("prompt: one prompt is answered for each request; send one text")

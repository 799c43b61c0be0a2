"""Vectors from servers that speak OpenAI's protocol: llama.cpp, vLLM and their like.

Sources: https://platform.openai.com/docs/api-reference/embeddings · llama.cpp, tools/server/README.md (/tokenize)
"""

from collections.abc import Callable

import aiohttp

from dispatcher.core.deadline import Deadline
from dispatcher.core.embedding import EmbedAsk, Vectors
from dispatcher.core.replica import Endpoint
from dispatcher.core.task import ModelId
from dispatcher.errors import InvalidRequest, RuntimeBadAnswer
from dispatcher.runtimes.answer_clock import answer_clock
from dispatcher.runtimes.openai_faults import embedding_fault
from dispatcher.runtimes.vectors import body_bytes_max, checked, token_count
from dispatcher.runtimes.whole_answer import json_object, posted

_TOKENS_BYTES_MAX = 16 * 1024 * 1024
_SPECIAL_TOKENS = 2  # about a text, in the models there are: one before it and one after
_Input = str | list[int]


async def embed(
    session: aiohttp.ClientSession, endpoint: Endpoint, ask: EmbedAsk, deadline: Deadline, now: Callable[[], float]
) -> Vectors:
    """One vector for each text, by one request.

    Raises: what `Runtime.embed` raises.
    """
    started_s = now()
    async with answer_clock(ask.model_id, deadline, now):
        inputs = [await _input(session, endpoint, ask, index) for index in range(len(ask.texts))]
        body = {"model": endpoint.model or ask.model_id, "input": inputs, "encoding_format": "float"}
        path, bytes_max = f"{endpoint.api_path}/embeddings", body_bytes_max(len(inputs))
        status, answer = await posted(session, endpoint, path, body, bytes_max, ask.model_id)
    if status != 200:
        raise embedding_fault(status, answer, ask)
    reply = json_object(answer)
    usage = reply.get("usage")
    tokens = token_count(usage.get("prompt_tokens")) if isinstance(usage, dict) else 0
    return Vectors(checked(_rows(reply.get("data"), len(inputs)), len(inputs)), tokens, now() - started_s)


def _rows(data: object, count: int) -> list[object]:
    """The vectors in the order of the texts: entries say which text they are of."""
    if not isinstance(data, list) or len(data) != count:
        raise RuntimeBadAnswer(f"the inference server sent no list of {count} vectors")
    rows: list[object] = [None] * count
    for place, entry in enumerate(data):
        index = entry.get("index", place) if isinstance(entry, dict) else None
        if type(index) is not int or not 0 <= index < count or rows[index] is not None:
            raise RuntimeBadAnswer("the inference server doesn't say which vector is of which text")
        rows[index] = entry.get("embedding")
    return rows


async def _input(session: aiohttp.ClientSession, endpoint: Endpoint, ask: EmbedAsk, index: int) -> _Input:
    """A text as it is; one that may be too long as its tokens, cut to what fits.

    A token is of at least one character, so that most texts needn't be counted. A server that doesn't count tokens,
    or isn't ours to ask, gets the text as it is, and says itself when it is too long.
    """
    text = ask.texts[index]
    if len(text) + _SPECIAL_TOKENS <= ask.context_tokens or endpoint.is_foreign:
        return text
    tokens = await _tokens(session, endpoint, ask.model_id, text)
    if tokens is None or len(tokens) <= ask.context_tokens:
        return text
    if not ask.truncate:
        raise InvalidRequest(
            f"input: text {ask.first + index} has {len(tokens)} tokens and {ask.model_id} takes {ask.context_tokens}; "
            "shorten it, or let it be cut (truncate)"
        )
    around = await _tokens(session, endpoint, ask.model_id, "") or []
    last = tokens[-1:] if around and around[-1] == tokens[-1] else []
    return tokens[: ask.context_tokens - len(last)] + last


async def _tokens(session: aiohttp.ClientSession, endpoint: Endpoint, model_id: ModelId, text: str) -> list[int] | None:
    """The text's tokens, with those that the model wants around it; None where the server doesn't tell them."""
    body = {"content": text, "add_special": True}
    status, answer = await posted(session, endpoint, "/tokenize", body, _TOKENS_BYTES_MAX, model_id)
    if status != 200:
        return None
    tokens = json_object(answer).get("tokens")
    is_list = isinstance(tokens, list) and all(type(token) is int for token in tokens)
    return tokens if is_list else None

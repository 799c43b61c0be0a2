"""Vectors from Ollama.

Source: https://docs.ollama.com/api (POST /api/embed)
"""

from collections.abc import Callable

import aiohttp

from dispatcher.core.deadline import Deadline
from dispatcher.core.embedding import EmbedAsk, Vectors
from dispatcher.core.replica import Endpoint
from dispatcher.runtimes.answer_clock import answer_clock
from dispatcher.runtimes.ollama_faults import embedding_fault, words_of
from dispatcher.runtimes.ollama_loads import Loaded
from dispatcher.runtimes.ollama_request import embed_body
from dispatcher.runtimes.vectors import body_bytes_max, checked, token_count
from dispatcher.runtimes.whole_answer import json_object, posted


async def embed(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    ask: EmbedAsk,
    loaded: Loaded,
    deadline: Deadline,
    now: Callable[[], float],
) -> Vectors:
    """One vector for each text, by one request; Ollama itself cuts what is too long.

    Raises: what `Runtime.embed` raises.
    """
    started_s = now()
    body, count = embed_body(ask, loaded), len(ask.texts)
    async with answer_clock(ask.model_id, deadline, now):
        status, answer = await posted(session, endpoint, "/api/embed", body, body_bytes_max(count), ask.model_id)
    if status != 200:
        raise embedding_fault(status, words_of(answer), ask)
    reply = json_object(answer)
    tokens = token_count(reply.get("prompt_eval_count"))
    return Vectors(checked(reply.get("embeddings"), count), tokens, now() - started_s)

"""What the client asks of an inference server, and how it hands on what comes."""

import asyncio
import time
from itertools import pairwise
from typing import cast

import aiohttp
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.outcome import Ask, FinishReason, Piece
from dispatcher.core.task import FormatKind, Message, ModelId, OutputFormat, Role, Sampling
from dispatcher.errors import DeadlineExceeded
from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.runtimes.openai_request import request_body
from dispatcher.runtimes.sse import EventReader
from tests.fakes.asking import Listener, ask, within
from tests.fakes.behaviour import Behaviour, mark
from tests.fakes.inference_server import FakeInferenceServer


async def test_the_pieces_heard_are_the_answer(runtime: OpenAIRuntime, fake: FakeInferenceServer) -> None:
    heard = Listener()
    completion = await runtime.complete(fake.endpoint, ask("Grüße an 世界"), within(), heard)
    assert completion.text == "".join(heard.pieces) == "You said 3 words and 11 characters, ending in «世界»."
    assert completion.finish_reason is FinishReason.STOP
    assert completion.usage.completion_tokens == len(heard.pieces)
    assert 0 < completion.first_token_s <= completion.total_s
    assert (completion.prefill_s, completion.decode_s) == (0.0015, 0.0025)


async def test_the_request_holds_what_was_asked_and_nothing_else(
    runtime: OpenAIRuntime, fake: FakeInferenceServer
) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    messages = (Message(Role.SYSTEM, "Be brief"), Message(Role.USER, "Count"))
    asked = Ask(ModelId("m"), messages, 7, Sampling(temperature=0.25), OutputFormat(FormatKind.JSON_SCHEMA, schema))
    await runtime.complete(fake.endpoint, asked, within())
    assert fake.asked == [
        {
            "model": "m",
            "messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Count"}],
            "max_tokens": 7,
            "temperature": 0.25,
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": schema, "strict": True},
            },
        }
    ]


@pytest.mark.parametrize("fault", ["no_usage", "wrong_usage"])
async def test_tokens_are_counted_when_the_server_does_not(
    runtime: OpenAIRuntime, fake: FakeInferenceServer, fault: str
) -> None:
    heard = Listener()
    completion = await runtime.complete(fake.endpoint, ask(mark(fault=fault)), within(), heard)
    assert completion.usage.completion_tokens == len(heard.pieces)
    assert completion.usage.prompt_tokens > 0
    assert completion.prefill_s is None


async def test_a_caller_who_leaves_stops_the_server_at_once(runtime: OpenAIRuntime, fake: FakeInferenceServer) -> None:
    started = asyncio.Event()

    async def on_piece(_piece: Piece) -> None:
        started.set()

    prompt = ask(mark(token_delay_s=0.01, fault="endless"), max_tokens=100_000)
    caller = asyncio.create_task(runtime.complete(fake.endpoint, prompt, within(), on_piece))
    await started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await fake.until_idle(1.0)
    assert fake.left == 1


async def test_a_slow_reader_slows_the_server(runtime: OpenAIRuntime) -> None:
    async with FakeInferenceServer(Behaviour(answer=f"{'x' * 20_000} " * 400)) as fake:
        reading, release = asyncio.Event(), asyncio.Event()

        async def on_piece(_piece: Piece) -> None:
            reading.set()
            await release.wait()

        caller = asyncio.create_task(runtime.complete(fake.endpoint, ask(max_tokens=100_000), within(), on_piece))
        await reading.wait()
        with pytest.raises(TimeoutError):  # 8 MB don't fit between the server and a reader who doesn't read
            await fake.until_idle(0.3)
        release.set()
        with pytest.raises(Exception, match="far beyond"):
            await caller


async def test_an_error_of_the_reader_is_its_own(runtime: OpenAIRuntime, fake: FakeInferenceServer) -> None:
    for error in (TimeoutError("mine"), ConnectionResetError("mine")):

        async def on_piece(_piece: Piece, error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error), match="mine"):
            await runtime.complete(fake.endpoint, ask(), within(), on_piece)


async def test_a_reader_who_takes_too_long_meets_the_deadline(
    runtime: OpenAIRuntime, fake: FakeInferenceServer
) -> None:
    async def on_piece(_piece: Piece) -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlineExceeded):
        await runtime.complete(fake.endpoint, ask(), within(0.3), on_piece)


async def test_a_piece_costs_little(runtime: OpenAIRuntime) -> None:
    async with FakeInferenceServer(Behaviour(answer="word " * 2000)) as fake:
        heard = Listener()
        started_s = time.monotonic()
        await runtime.complete(fake.endpoint, ask(max_tokens=5000), within(), heard)
        assert len(heard.pieces) == 2000
        assert (time.monotonic() - started_s) / 2000 < 0.001, "the fake's own time included"


@given(st.text(), st.text(), st.integers(1, 10**6))
def test_any_text_reaches_the_body_unchanged(system: str, prompt: str, max_tokens: int) -> None:
    messages = (Message(Role.SYSTEM, system), Message(Role.USER, prompt))
    body = orjson.loads(request_body(Ask(ModelId("m"), messages, max_tokens)))
    assert [message["content"] for message in body["messages"]] == [system, prompt]
    assert body["max_tokens"] == max_tokens
    assert set(body) == {"model", "messages", "max_tokens", "stream", "stream_options", "return_progress"}


class _Blocks:
    """A body that comes in given blocks."""

    def __init__(self, blocks: list[bytes]) -> None:
        self._blocks = blocks

    async def readany(self) -> bytes:
        return self._blocks.pop(0) if self._blocks else b""


@settings(max_examples=200)
@given(st.lists(st.integers(0, 120), max_size=20), st.sampled_from([b"\n", b"\r\n"]))
def test_events_are_the_same_however_the_stream_is_cut(cuts: list[int], line_end: bytes) -> None:
    lines = [b": comment", b'data: {"a":1}', b"", b'data:{"b":"\xc3\xa9"}', b"", b"event: x", b"data: [DONE]", b""]
    stream = line_end.join(lines) + line_end
    marks = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    blocks = [stream[a:b] for a, b in pairwise(marks)]

    async def read() -> list[bytes]:
        reader = EventReader(cast("aiohttp.StreamReader", _Blocks(blocks)))
        return [await reader.next() for _ in range(3)]

    assert asyncio.run(read()) == [b'{"a":1}', b'{"b":"\xc3\xa9"}', b"[DONE]"]

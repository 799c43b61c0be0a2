"""OpenAI's protocol as our client uses it: what holds for the fake holds for llama.cpp."""

import asyncio
import json
import time

import pytest

from dispatcher.core.outcome import Ask, FinishReason, Piece
from dispatcher.core.replica import Endpoint
from dispatcher.core.task import FormatKind, Message, ModelId, OutputFormat, Role, Sampling
from dispatcher.errors import RuntimeRefused
from dispatcher.runtimes.openai import OpenAIRuntime
from tests.fakes.asking import Listener, ask, within
from tests.fakes.behaviour import mark
from tests.fakes.launched import LaunchedServer

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 1}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


async def test_a_ready_server_says_so(runtime: OpenAIRuntime, server: LaunchedServer) -> None:
    assert await runtime.is_ready(server.endpoint)


async def test_an_answer_comes_in_pieces_with_usage_and_timings(runtime: OpenAIRuntime, server: LaunchedServer) -> None:
    heard = Listener()
    completion = await runtime.complete(server.endpoint, ask("Tell me about rain.", max_tokens=12), within(), heard)
    assert completion.text == "".join(heard.pieces) != ""
    assert len(heard.pieces) > 1
    assert completion.usage.prompt_tokens > 3
    assert 1 < completion.usage.completion_tokens <= 12
    assert 0 < completion.first_token_s <= completion.total_s
    assert completion.prefill_s is not None
    assert completion.decode_s is not None


async def test_an_answer_is_cut_at_max_tokens(runtime: OpenAIRuntime, server: LaunchedServer) -> None:
    completion = await runtime.complete(server.endpoint, ask("Tell me a long story.", max_tokens=5), within())
    assert completion.finish_reason is FinishReason.LENGTH
    assert completion.usage.completion_tokens == 5


@pytest.mark.parametrize("text", ["yes", "Grüße, 世界 🎉", 'a "quoted" \\ line\n'])
async def test_a_schema_holds_the_answer_to_one_text_which_then_stops(
    runtime: OpenAIRuntime, server: LaunchedServer, text: str
) -> None:
    output = OutputFormat(FormatKind.JSON_SCHEMA, {"enum": [text]})
    completion = await runtime.complete(server.endpoint, ask(f"Say {text}", output=output), within())
    assert json.loads(completion.text) == text
    assert completion.finish_reason is FinishReason.STOP


async def test_a_schema_gives_an_object_of_its_shape(runtime: OpenAIRuntime, server: LaunchedServer) -> None:
    output = OutputFormat(FormatKind.JSON_SCHEMA, PERSON)
    completion = await runtime.complete(server.endpoint, ask("Ada is 36.", output=output), within())
    person = json.loads(completion.text)
    assert set(person) == {"name", "age"}
    assert isinstance(person["name"], str)
    assert isinstance(person["age"], int)


async def test_json_without_a_schema_begins_an_object(runtime: OpenAIRuntime, server: LaunchedServer) -> None:
    output = OutputFormat(FormatKind.JSON)
    prompt = "Give a JSON object with the key colour."
    completion = await runtime.complete(server.endpoint, ask(prompt, max_tokens=20, output=output), within())
    assert completion.text.lstrip().startswith("{")


async def test_a_prompt_beyond_the_context_is_refused_in_tokens(runtime: OpenAIRuntime, server: LaunchedServer) -> None:
    with pytest.raises(RuntimeRefused, match=r"it has \d+ tokens and fake-model takes 1024") as caught:
        await runtime.complete(server.endpoint, ask("canary " * 3000), within())
    assert "canary" not in caught.value.message


async def test_a_wrong_key_is_refused(runtime: OpenAIRuntime, server: LaunchedServer) -> None:
    wrong = Endpoint(server.endpoint.base_url, "wrong")
    with pytest.raises(RuntimeRefused, match="key"):
        await runtime.complete(wrong, ask(), within())
    assert await runtime.is_ready(wrong), "health needs no key"


async def test_it_says_on_how_many_requests_it_works(runtime: OpenAIRuntime, server: LaunchedServer) -> None:
    await until_running(runtime, server, 0)
    endless = ask(f"Count to ten thousand. {mark(fault='endless', token_delay_s=0.01)}", max_tokens=900)
    caller = asyncio.create_task(runtime.complete(server.endpoint, endless, within()))
    await until_running(runtime, server, 1)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    await until_running(runtime, server, 0)


async def until_running(runtime: OpenAIRuntime, server: LaunchedServer, count: int) -> None:
    async with asyncio.timeout(30):
        while await runtime.running(server.endpoint) != count:  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.01)


async def test_a_caller_who_leaves_frees_the_slot(runtime: OpenAIRuntime, server: LaunchedServer) -> None:
    started = asyncio.Event()

    async def on_piece(_piece: Piece) -> None:
        started.set()

    endless = ask(f"Count to ten thousand. {mark(fault='endless', token_delay_s=0.01)}", max_tokens=900)
    caller = asyncio.create_task(runtime.complete(server.endpoint, endless, within(), on_piece))
    await started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    left_s = time.monotonic()
    await runtime.complete(server.endpoint, ask("Hi", max_tokens=2), within())
    assert time.monotonic() - left_s < 4.0, "900 tokens would take longer"


async def test_two_callers_of_one_slot_are_both_answered(runtime: OpenAIRuntime, server: LaunchedServer) -> None:
    asks = [ask(f"Name a {thing}.", max_tokens=6) for thing in ("fruit", "river")]
    both = await asyncio.gather(*(runtime.complete(server.endpoint, one, within()) for one in asks))
    assert all(completion.text for completion in both)


async def test_the_same_ask_gets_the_same_answer(runtime: OpenAIRuntime, server: LaunchedServer) -> None:
    first = await runtime.complete(server.endpoint, ask("What is a cloud?", max_tokens=8), within())
    again = await runtime.complete(server.endpoint, ask("What is a cloud?", max_tokens=8), within())
    assert first.text == again.text


@pytest.mark.parametrize("system", ["", "Réponds en une phrase. 🦙"])
async def test_any_system_message_is_taken(runtime: OpenAIRuntime, server: LaunchedServer, system: str) -> None:
    messages = (
        Message(Role.SYSTEM, system),
        Message(Role.USER, "Hello"),
        Message(Role.ASSISTANT, "Hi"),
        Message(Role.USER, "{{ 7 * 7 }} {% for %} <|im_end|> %s 世界 \u202e \x00 end"),
    )
    completion = await runtime.complete(
        server.endpoint, Ask(ModelId("m"), messages, 8, Sampling(temperature=0.0)), within()
    )
    assert completion.usage.completion_tokens > 0

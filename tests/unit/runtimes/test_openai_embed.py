"""Vectors from a server of the protocol of OpenAI: asked for at once, in order, checked; long texts are cut."""

import asyncio
import json

import pytest

from dispatcher.core.embedding import EmbedAsk
from dispatcher.core.task import ModelId
from dispatcher.errors import (
    DeadlineExceeded,
    DispatcherError,
    InvalidRequest,
    RuntimeBadAnswer,
    RuntimeBusy,
    RuntimeFault,
    RuntimeIncomplete,
    RuntimeRefused,
    RuntimeStalled,
    RuntimeUnreachable,
)
from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.runtimes.vectors import checked
from tests.fakes.asking import within
from tests.fakes.behaviour import Behaviour, Fault
from tests.fakes.inference_server import FakeInferenceServer
from tests.fakes.vectors import tokens_of, vector_of


def texts(*said: str, context_tokens: int = 4096, truncate: bool = True) -> EmbedAsk:
    return EmbedAsk(ModelId("fake-model"), said, context_tokens, truncate)


async def test_a_batch_is_one_request_and_its_vectors_come_in_order(
    runtime: OpenAIRuntime, fake: FakeInferenceServer
) -> None:
    said = [f"text {number}" for number in range(64)]
    found = await runtime.embed(fake.endpoint, texts(*said), within())
    assert len(fake.asked) == 1
    assert found.prompt_tokens == 64 * 4
    assert found.size == 8
    for text, vector in zip(said, found.vectors, strict=True):
        assert vector == pytest.approx(vector_of(tokens_of(text), 8))


async def test_only_known_fields_are_sent(runtime: OpenAIRuntime, fake: FakeInferenceServer) -> None:
    await runtime.embed(fake.endpoint, texts("hello"), within())
    assert fake.asked == [{"model": "fake-model", "input": ["hello"], "encoding_format": "float"}]


async def test_vectors_in_another_order_are_put_right(runtime: OpenAIRuntime, fake: FakeInferenceServer) -> None:
    fake.behaviour = Behaviour(fault=Fault.SHUFFLED_VECTORS)
    found = await runtime.embed(fake.endpoint, texts("one", "two"), within())
    assert found.vectors[0] == pytest.approx(vector_of(tokens_of("one"), 8))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.FEWER_VECTORS, RuntimeBadAnswer),
        (Fault.RAGGED_VECTORS, RuntimeBadAnswer),
        (Fault.NO_NUMBERS, RuntimeBadAnswer),
        (Fault.EMPTY_VECTORS, RuntimeBadAnswer),
        (Fault.NOT_FINITE, RuntimeBadAnswer),
        (Fault.TOO_LARGE_NUMBERS, RuntimeBadAnswer),
        (Fault.HUGE_VECTORS, RuntimeBadAnswer),
        (Fault.TWICE_THE_SAME_TEXT, RuntimeBadAnswer),
        (Fault.NOT_JSON_MIDWAY, RuntimeBadAnswer),
        (Fault.WRONG_SHAPE_MIDWAY, RuntimeBadAnswer),
        (Fault.COMPRESSED, RuntimeBadAnswer),
        (Fault.NOT_HTTP, RuntimeBadAnswer),
        (Fault.RESET, RuntimeUnreachable),
        (Fault.CUT_MIDWAY, RuntimeIncomplete),
        (Fault.STATUS, RuntimeFault),
    ],
)
async def test_each_fault_of_the_server_becomes_one_error(
    runtime: OpenAIRuntime, fake: FakeInferenceServer, fault: Fault, error: type[DispatcherError]
) -> None:
    fake.behaviour = Behaviour(fault=fault)
    with pytest.raises(DispatcherError) as caught:
        await runtime.embed(fake.endpoint, texts("a secret", "another"), within())
    assert type(caught.value) is error
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("status", "error"), [(401, RuntimeRefused), (404, RuntimeRefused), (501, RuntimeRefused), (429, RuntimeBusy)]
)
async def test_a_status_says_who_is_at_fault(
    runtime: OpenAIRuntime, fake: FakeInferenceServer, status: int, error: type[DispatcherError]
) -> None:
    fake.behaviour = Behaviour(fault=Fault.STATUS, status=status)
    with pytest.raises(DispatcherError) as caught:
        await runtime.embed(fake.endpoint, texts("hello"), within())
    assert type(caught.value) is error


async def test_usage_that_is_nonsense_counts_for_nothing(runtime: OpenAIRuntime, fake: FakeInferenceServer) -> None:
    fake.behaviour = Behaviour(fault=Fault.WRONG_USAGE)
    assert (await runtime.embed(fake.endpoint, texts("hello"), within())).prompt_tokens == 0


async def test_a_long_text_is_cut_to_the_context_and_keeps_its_end_mark(runtime: OpenAIRuntime) -> None:
    async with FakeInferenceServer(context_tokens=16) as fake:
        long = " ".join(f"word{number}" for number in range(40))
        found = await runtime.embed(fake.endpoint, texts("short", long, context_tokens=16), within())
        assert fake.asked[0]["input"] == ["short", [*tokens_of(long)[:15], 102]]
    assert len(found.vectors) == 2


async def test_a_text_of_many_letters_and_few_tokens_is_left_as_it_is(runtime: OpenAIRuntime) -> None:
    async with FakeInferenceServer(context_tokens=16) as fake:
        await runtime.embed(fake.endpoint, texts("antidisestablishmentarianism", context_tokens=16), within())
        assert fake.asked[0]["input"] == ["antidisestablishmentarianism"]


async def test_a_long_text_that_must_not_be_cut_is_named_with_its_length(runtime: OpenAIRuntime) -> None:
    async with FakeInferenceServer(context_tokens=16) as fake:
        with pytest.raises(InvalidRequest, match=r"input: text 1 has 42 tokens and fake-model takes 16"):
            await runtime.embed(
                fake.endpoint, texts("short", "word " * 40, context_tokens=16, truncate=False), within()
            )
        assert fake.asked == []


async def test_a_server_that_finds_a_text_too_long_is_not_held_to_have_failed(runtime: OpenAIRuntime) -> None:
    async with FakeInferenceServer(context_tokens=8) as fake:
        with pytest.raises(RuntimeRefused, match="longer than the 4096 tokens"):
            await runtime.embed(fake.endpoint, texts("word " * 40), within())


async def test_text_that_is_no_unicode_is_refused(runtime: OpenAIRuntime, fake: FakeInferenceServer) -> None:
    with pytest.raises(InvalidRequest, match="valid Unicode"):
        await runtime.embed(fake.endpoint, texts("\ud800"), within())


async def test_the_deadline_and_a_silence_end_it(runtime: OpenAIRuntime, fake: FakeInferenceServer) -> None:
    fake.behaviour = Behaviour(fault=Fault.HANG)
    with pytest.raises(DeadlineExceeded):
        await runtime.embed(fake.endpoint, texts("hello"), within(0.1))
    with pytest.raises(RuntimeStalled):
        await runtime.embed(fake.endpoint, texts("hello"), within(30.0).patient_for(0.1, 0.1))


async def test_a_caller_who_leaves_hangs_up_on_the_server(runtime: OpenAIRuntime, fake: FakeInferenceServer) -> None:
    fake.behaviour = Behaviour(fault=Fault.HANG)
    asking = asyncio.create_task(runtime.embed(fake.endpoint, texts("hello"), within()))
    while not fake.busy:  # noqa: ASYNC110 - there is no event
        await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await fake.until_idle()
    assert fake.left == 1


@pytest.mark.parametrize("rows", [None, {}, [[1.0], "x"], [[1.0], [True]], [[1.0], [None]], [[], []], [[1.0]]])
def test_what_are_no_vectors_is_told(rows: object) -> None:
    with pytest.raises(RuntimeBadAnswer):
        checked(rows, 2)


def test_whole_numbers_are_numbers_too() -> None:
    assert checked(json.loads("[[1, 0.5], [0, -2]]"), 2) == ((1.0, 0.5), (0.0, -2.0))

"""Every fault on the wire becomes exactly one typed error."""

import asyncio
import socket
import time

import pytest

from dispatcher.core.replica import Endpoint
from dispatcher.core.task import FormatKind, OutputFormat
from dispatcher.errors import (
    DeadlineExceeded,
    DispatcherError,
    InvalidRequest,
    Origin,
    RuntimeBadAnswer,
    RuntimeBusy,
    RuntimeFault,
    RuntimeIncomplete,
    RuntimeRefused,
    RuntimeStalled,
    RuntimeUnreachable,
)
from dispatcher.runtimes.openai import OpenAIRuntime
from tests.fakes.asking import Listener, ask, within
from tests.fakes.behaviour import Behaviour, Fault, mark
from tests.fakes.inference_server import FakeInferenceServer

FAULTS: list[tuple[Fault, type[DispatcherError]]] = [
    (Fault.RESET, RuntimeUnreachable),
    (Fault.NOT_HTTP, RuntimeBadAnswer),
    (Fault.NOT_EVENTS, RuntimeBadAnswer),
    (Fault.COMPRESSED, RuntimeBadAnswer),
    (Fault.NOT_AN_EVENT_MIDWAY, RuntimeBadAnswer),
    (Fault.NOT_JSON_MIDWAY, RuntimeBadAnswer),
    (Fault.WRONG_SHAPE_MIDWAY, RuntimeBadAnswer),
    (Fault.NOT_UTF8_MIDWAY, RuntimeBadAnswer),
    (Fault.HUGE_LINE_MIDWAY, RuntimeBadAnswer),
    (Fault.ENDLESS, RuntimeBadAnswer),
    (Fault.RESET_MIDWAY, RuntimeIncomplete),
    (Fault.CUT_MIDWAY, RuntimeIncomplete),
    (Fault.END_MIDWAY, RuntimeIncomplete),
    (Fault.NO_FINISH_REASON, RuntimeIncomplete),
    (Fault.NO_END_MARKER, RuntimeIncomplete),
    (Fault.ERROR_MIDWAY, RuntimeFault),
]


@pytest.mark.parametrize(("fault", "error"), FAULTS)
async def test_a_fault_becomes_its_error_and_the_next_ask_is_answered(
    runtime: OpenAIRuntime, fake: FakeInferenceServer, fault: Fault, error: type[DispatcherError]
) -> None:
    with pytest.raises(error) as caught:
        await runtime.complete(fake.endpoint, ask("My secret " + mark(fault=fault), max_tokens=50), within())

    assert type(caught.value) is error
    assert caught.value.origin is Origin.RUNTIME
    assert "secret" not in caught.value.message
    assert (await runtime.complete(fake.endpoint, ask(), within())).text


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HANG_MIDWAY])
async def test_a_server_that_hangs_costs_no_more_than_the_deadline(
    runtime: OpenAIRuntime, fake: FakeInferenceServer, fault: Fault
) -> None:
    started_s = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        await runtime.complete(fake.endpoint, ask(mark(fault=fault)), within(0.3))
    assert time.monotonic() - started_s < 1.0
    assert (await runtime.complete(fake.endpoint, ask(), within())).text


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HANG_MIDWAY])
async def test_a_server_that_falls_silent_has_stalled_long_before_a_late_deadline(
    runtime: OpenAIRuntime, fake: FakeInferenceServer, fault: Fault
) -> None:
    with pytest.raises(RuntimeStalled):
        await runtime.complete(fake.endpoint, ask(mark(fault=fault)), within(60.0).patient_for(0.3, 0.3))


@pytest.mark.heavy
async def test_a_reader_who_is_slower_than_the_server_may_be_is_no_stall(
    runtime: OpenAIRuntime, fake: FakeInferenceServer
) -> None:
    async def slowly(_text: str) -> None:
        await asyncio.sleep(0.6)

    patient = within(60.0).patient_for(5.0, 0.5)
    assert (await runtime.complete(fake.endpoint, ask(max_tokens=2), patient, slowly)).text


async def test_a_slow_answer_meets_the_deadline_between_two_pieces(
    runtime: OpenAIRuntime, fake: FakeInferenceServer
) -> None:
    heard = Listener()
    with pytest.raises(DeadlineExceeded):
        await runtime.complete(fake.endpoint, ask(mark(token_delay_s=0.05)), within(0.4), heard)
    assert heard.pieces


async def test_a_deadline_that_has_passed_asks_nobody(runtime: OpenAIRuntime, fake: FakeInferenceServer) -> None:
    with pytest.raises(DeadlineExceeded):
        await runtime.complete(fake.endpoint, ask(), within(0.0))
    assert fake.asked == []


async def test_nobody_listening_is_unreachable(runtime: OpenAIRuntime) -> None:
    with pytest.raises(RuntimeUnreachable):
        await runtime.complete(Endpoint(f"http://127.0.0.1:{_free_port()}", "key"), ask(), within())


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RuntimeRefused),
        (404, RuntimeRefused),
        (408, RuntimeFault),
        (413, RuntimeRefused),
        (429, RuntimeBusy),
        (500, RuntimeFault),
        (503, RuntimeFault),
        (302, RuntimeBadAnswer),
        (204, RuntimeBadAnswer),
    ],
)
async def test_a_status_becomes_an_error_that_never_quotes_the_prompt(
    runtime: OpenAIRuntime, fake: FakeInferenceServer, status: int, error: type[DispatcherError]
) -> None:
    with pytest.raises(error) as caught:
        await runtime.complete(fake.endpoint, ask("My secret " + mark(fault="status", status=status)), within())
    assert type(caught.value) is error
    assert "secret" not in caught.value.message


async def test_a_prompt_beyond_the_context_is_told_in_tokens(runtime: OpenAIRuntime, fake: FakeInferenceServer) -> None:
    with pytest.raises(RuntimeRefused, match=r"5003 tokens and fake-model takes 4096"):
        await runtime.complete(fake.endpoint, ask("word " * 5000), within())


async def test_a_wrong_key_is_refused_in_words_that_name_the_key(
    runtime: OpenAIRuntime, fake: FakeInferenceServer
) -> None:
    with pytest.raises(RuntimeRefused, match="key"):
        await runtime.complete(Endpoint(fake.endpoint.base_url, "wrong"), ask(), within())


async def test_text_that_is_no_unicode_never_reaches_the_server(
    runtime: OpenAIRuntime, fake: FakeInferenceServer
) -> None:
    with pytest.raises(InvalidRequest):
        await runtime.complete(fake.endpoint, ask("half a character: \ud83d"), within())
    assert fake.asked == []


async def test_a_server_that_still_loads_is_a_fault_and_not_ready(runtime: OpenAIRuntime) -> None:
    async with FakeInferenceServer(Behaviour(load_s=60)) as fake:
        assert not await runtime.is_ready(fake.endpoint)
        with pytest.raises(RuntimeFault, match="503"):
            await runtime.complete(fake.endpoint, ask(), within())


@pytest.mark.heavy
async def test_a_server_that_hangs_or_hangs_up_is_not_ready(runtime: OpenAIRuntime) -> None:
    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    held: list[asyncio.StreamWriter] = []
    for behave in (hang, hang_up):
        async with await asyncio.start_server(behave, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            assert not await runtime.is_ready(Endpoint(f"http://127.0.0.1:{port}", ""))
            for writer in held:
                writer.close()
    assert not await runtime.is_ready(Endpoint(f"http://127.0.0.1:{_free_port()}", ""))


async def test_a_schema_that_the_server_cannot_follow_names_the_field(
    runtime: OpenAIRuntime, fake: FakeInferenceServer
) -> None:
    output = OutputFormat(FormatKind.JSON_SCHEMA, {"type": "nonsense"})
    prompt = "JSON schema error " + mark(fault="status", status=400)
    with pytest.raises(RuntimeRefused, match=r"requirements\.format"):
        await runtime.complete(fake.endpoint, ask(prompt, output=output), within())


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])

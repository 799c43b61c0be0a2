"""Every fault on Ollama's wire becomes exactly one typed error, which never holds a prompt."""

import time
from collections.abc import AsyncIterator, Iterator

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
from dispatcher.runtimes.ollama import OllamaRuntime
from dispatcher.runtimes.ollama_faults import fault_in_stream, fault_of_status
from dispatcher.runtimes.session import new_session
from tests.fakes.asking import Listener, ask, within
from tests.fakes.behaviour import Fault, mark
from tests.fakes.ollama_asking import endpoint_of, order
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.ollama_switches import Switches

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
    (Fault.OUT_OF_MEMORY, RuntimeFault),
]


@pytest.fixture
async def runtime() -> AsyncIterator[OllamaRuntime]:
    async with new_session() as session:
        yield OllamaRuntime(session, time.monotonic)


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama() as ollama:
        ollama.shelf.pull("fake-model", lambda _event: None, lambda: None, lambda: None)
        yield ollama


@pytest.fixture
async def loaded(runtime: OllamaRuntime, ollama: FakeOllama) -> Endpoint:
    await runtime.load(endpoint_of(ollama), order())
    return endpoint_of(ollama)


@pytest.mark.parametrize(("fault", "error"), FAULTS)
async def test_a_fault_becomes_its_error_and_the_next_ask_is_answered(
    runtime: OllamaRuntime, loaded: Endpoint, fault: Fault, error: type[DispatcherError]
) -> None:
    with pytest.raises(error) as caught:
        await runtime.complete(loaded, ask("My secret " + mark(fault=fault), max_tokens=50), within())

    assert type(caught.value) is error
    assert caught.value.origin is Origin.RUNTIME
    assert "secret" not in caught.value.message
    assert (await runtime.complete(loaded, ask(), within())).text


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HANG_MIDWAY])
async def test_a_server_that_hangs_costs_no_more_than_the_deadline(
    runtime: OllamaRuntime, loaded: Endpoint, fault: Fault
) -> None:
    started_s = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        await runtime.complete(loaded, ask(mark(fault=fault)), within(0.3))
    assert time.monotonic() - started_s < 1.0


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HANG_MIDWAY])
async def test_a_server_that_falls_silent_has_stalled_long_before_a_late_deadline(
    runtime: OllamaRuntime, loaded: Endpoint, fault: Fault
) -> None:
    with pytest.raises(RuntimeStalled):
        await runtime.complete(loaded, ask(mark(fault=fault)), within(60.0).patient_for(0.3, 0.3))


async def test_a_slow_answer_meets_the_deadline_between_two_pieces(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    heard = Listener()
    with pytest.raises(DeadlineExceeded):
        await runtime.complete(loaded, ask(mark(token_delay_s=0.05)), within(0.4), heard)
    assert heard.pieces


async def test_a_deadline_that_has_passed_asks_nobody(
    runtime: OllamaRuntime, ollama: FakeOllama, loaded: Endpoint
) -> None:
    with pytest.raises(DeadlineExceeded):
        await runtime.complete(loaded, ask(), within(0.0))
    assert ollama.asked == []


async def test_a_server_that_has_gone_is_unreachable(
    runtime: OllamaRuntime, ollama: FakeOllama, loaded: Endpoint
) -> None:
    ollama.__exit__(None, None, None)
    with pytest.raises(RuntimeUnreachable):
        await runtime.complete(loaded, ask(), within())
    assert not await runtime.answers(loaded)
    with pytest.raises(RuntimeUnreachable):
        await runtime.lacks_model(loaded, order())


async def test_a_full_queue_is_a_fault_that_may_pass(
    runtime: OllamaRuntime, ollama: FakeOllama, loaded: Endpoint
) -> None:
    ollama.switches = Switches(is_busy=True)
    with pytest.raises(RuntimeFault, match="busy") as caught:
        await runtime.complete(loaded, ask(), within())
    assert caught.value.is_retryable


async def test_a_model_removed_behind_our_back_is_a_fault_not_the_callers(
    runtime: OllamaRuntime, ollama: FakeOllama, loaded: Endpoint
) -> None:
    ollama.shelf.delete("fake-model")
    with pytest.raises(RuntimeFault, match="doesn't have fake-model any more"):
        await runtime.complete(loaded, ask(), within())


async def test_a_prompt_beyond_the_context_is_told_in_tokens(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    with pytest.raises(RuntimeRefused, match=r"5003 tokens and fake-model takes 1024"):
        await runtime.complete(loaded, ask("word " * 5000), within())


async def test_text_that_is_no_unicode_never_reaches_the_server(
    runtime: OllamaRuntime, ollama: FakeOllama, loaded: Endpoint
) -> None:
    with pytest.raises(InvalidRequest):
        await runtime.complete(loaded, ask("half a character: \ud83d"), within())
    assert ollama.asked == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RuntimeRefused),
        (401, RuntimeRefused),
        (404, RuntimeFault),
        (408, RuntimeFault),
        (413, RuntimeRefused),
        (429, RuntimeBusy),
        (499, RuntimeFault),
        (500, RuntimeFault),
        (503, RuntimeBusy),
        (302, RuntimeBadAnswer),
        (204, RuntimeBadAnswer),
    ],
)
async def test_a_status_becomes_an_error_that_never_quotes_the_prompt(
    runtime: OllamaRuntime, loaded: Endpoint, status: int, error: type[DispatcherError]
) -> None:
    with pytest.raises(error) as caught:
        await runtime.complete(loaded, ask("My secret " + mark(fault="status", status=status)), within())
    assert type(caught.value) is error
    assert "secret" not in caught.value.message


def test_a_server_without_the_route_is_no_ollama() -> None:
    assert type(fault_of_status(404, "", ask())) is RuntimeBadAnswer


@pytest.mark.parametrize("words", ["invalid JSON schema in format", "failed to parse grammar"])
def test_a_schema_that_the_server_cannot_follow_names_the_field(words: str) -> None:
    asked = ask(output=OutputFormat(FormatKind.JSON_SCHEMA, {"type": "nonsense"}))
    for error in (fault_of_status(500, words, asked), fault_in_stream(words, asked)):
        assert type(error) is RuntimeRefused
        assert "requirements.format" in error.message


@pytest.mark.parametrize(
    "words",
    ["the input length exceeds the context length", "the prompt is longer than the context length currently available"],
)
def test_older_words_for_a_prompt_that_is_too_long_are_known(words: str) -> None:
    error = fault_of_status(400, words, ask())
    assert type(error) is RuntimeRefused
    assert "too long" in error.message

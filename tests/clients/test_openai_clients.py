"""The package `openai`, as people use it, against a sidecar over real llama.cpp; tools over a fake that calls them."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Literal

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from tests.clients.sidecars import Served, faked, real
from tests.fakes.behaviour import mark
from tests.fakes.real_weights import EMBEDDER, SMALL

pytestmark = [pytest.mark.models, pytest.mark.weights, pytest.mark.heavy, pytest.mark.timeout(300)]

SAID: list[dict[str, str]] = [{"role": "user", "content": "Name a colour."}]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}
FLAT = {"type": "function", **TOOL["function"]}  # type: ignore[dict-item]


class City(BaseModel):
    """What an answer must be."""

    size: Literal["small", "large"]
    is_old: bool


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with real(tmp_path_factory.mktemp("real"), SMALL, EMBEDDER) as served:
        yield served


@pytest.fixture(scope="module")
def handy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAI]:
    calls = [{"name": "weather", "arguments": {"place": "Oslo"}}]
    folder = tmp_path_factory.mktemp("faked")
    with faked(folder, capabilities=["json", "tools"], behaviour={"calls": calls}) as served, opened(served) as client:
        yield client


def opened(served: Served) -> OpenAI:
    return OpenAI(base_url=f"{served.base_url}/v1", api_key=served.token, max_retries=0)


@pytest.fixture
def client(served: Served) -> Iterator[OpenAI]:
    with opened(served) as client:
        yield client


@pytest.fixture
async def later(served: Served) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{served.base_url}/v1", api_key=served.token, max_retries=0) as client:
        yield client


def test_a_chat(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="auto", messages=SAID, max_tokens=20, temperature=0, seed=1)  # type: ignore[arg-type]
    assert answer.choices[0].message.content
    assert answer.model == SMALL
    assert answer.usage is not None
    assert 0 < answer.usage.completion_tokens <= 20


def test_a_stream_of_a_chat(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="auto:fast",
        messages=SAID,  # type: ignore[arg-type]
        max_tokens=20,
        stream=True,
        stream_options={"include_usage": True},
    )
    told = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in told if chunk.choices)
    assert told[-1].usage is not None
    assert 0 < told[-1].usage.completion_tokens <= 20


def test_log_probabilities(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model=SMALL,
        messages=SAID,  # type: ignore[arg-type]
        max_tokens=5,
        logprobs=True,
        top_logprobs=3,
    )
    told = answer.choices[0].logprobs
    assert told is not None
    assert told.content is not None
    assert "".join(one.token for one in told.content) == answer.choices[0].message.content
    assert all(one.logprob <= 0 and len(one.top_logprobs) == 3 for one in told.content)


def test_structured_answers(client: OpenAI) -> None:
    chat = client.chat.completions.parse(model="auto", messages=SAID, response_format=City, max_tokens=200)  # type: ignore[arg-type]
    assert isinstance(chat.choices[0].message.parsed, City)
    response = client.responses.parse(model="auto", input="A city?", text_format=City, max_output_tokens=200)
    assert isinstance(response.output_parsed, City)


def test_responses(client: OpenAI) -> None:
    said = "Name a colour."
    whole = client.responses.create(model="auto", input=said, instructions="Be brief.", max_output_tokens=20)
    assert whole.output_text
    told = list(client.responses.create(model="auto", input=said, max_output_tokens=20, stream=True))
    text = "".join(event.delta for event in told if event.type == "response.output_text.delta")
    last = told[-1]
    assert last.type in ("response.completed", "response.incomplete")  # as many words as it has
    assert last.response.output_text == text  # type: ignore[union-attr]


def test_a_small_model_calls_a_tool_as_it_wants_to_be_called(client: OpenAI) -> None:
    place = {"type": "string", "enum": ["Oslo", "Rome"]}
    shape = {"type": "object", "properties": {"place": place}, "required": ["place"], "additionalProperties": False}
    tool = {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": shape}}
    said = [{"role": "user", "content": "How is the weather in Rome?"}]
    answer = client.chat.completions.create(model=SMALL, messages=said, tools=[tool], tool_choice="required")  # type: ignore[call-overload]
    calls = answer.choices[0].message.tool_calls
    assert {call.function.name for call in calls} == {"weather"}
    assert all(json.loads(call.function.arguments)["place"] in ("Oslo", "Rome") for call in calls)
    results = [{"role": "tool", "tool_call_id": call.id, "content": "Sunny, 30 degrees."} for call in calls]
    back = [*said, answer.choices[0].message, *results]
    assert client.chat.completions.create(model=SMALL, messages=back, max_tokens=40).choices[0].message.content  # type: ignore[arg-type]


def test_tools_in_chats(handy: OpenAI) -> None:
    answer = handy.chat.completions.create(model="auto", messages=SAID, tools=[TOOL])  # type: ignore[call-overload]
    (call,) = answer.choices[0].message.tool_calls
    assert (answer.choices[0].finish_reason, json.loads(call.function.arguments)) == ("tool_calls", {"place": "Oslo"})
    back = [*SAID, answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "Snow."}]
    assert handy.chat.completions.create(model="auto", messages=back, tools=[TOOL]).choices[0].message.content  # type: ignore[call-overload]
    with handy.chat.completions.stream(model="auto", messages=SAID, tools=[TOOL]) as stream:  # type: ignore[arg-type, list-item]
        (streamed,) = stream.get_final_completion().choices[0].message.tool_calls or ()
    assert json.loads(streamed.function.arguments) == {"place": "Oslo"}


def test_tools_in_responses(handy: OpenAI) -> None:
    whole = handy.responses.create(model="auto", input="Weather?", tools=[FLAT])  # type: ignore[call-overload]
    (call,) = whole.output
    assert (call.type, json.loads(call.arguments)) == ("function_call", {"place": "Oslo"})
    back = [
        {"role": "user", "content": "Weather?"},
        *whole.output,
        {"type": "function_call_output", "call_id": call.call_id, "output": "Snow."},
    ]
    assert handy.responses.create(model="auto", input=back, tools=[FLAT]).output_text  # type: ignore[call-overload]
    with handy.responses.stream(model="auto", input="Weather?", tools=[FLAT]) as stream:  # type: ignore[list-item]
        (streamed,) = stream.get_final_response().output
    assert json.loads(streamed.arguments) == {"place": "Oslo"}  # type: ignore[union-attr]


def test_vectors(client: OpenAI) -> None:
    texts = ["I forgot my password", "How do I log in again?", "It rains"]
    packed = client.embeddings.create(model="auto", input=texts)  # its usual way is base64
    plain = client.embeddings.create(model=EMBEDDER, input=texts, encoding_format="float")
    assert [len(one.embedding) for one in packed.data] == [384] * 3
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)


def test_legacy_completions(client: OpenAI) -> None:
    assert client.completions.create(model="auto", prompt="Name a colour.", max_tokens=10).choices[0].text
    stream = client.completions.create(model="auto", prompt="Name a colour.", max_tokens=10, stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream)


def test_models(client: OpenAI) -> None:
    ids = [model.id for model in client.models.list()]
    assert ids[0] == "auto"
    assert {SMALL, EMBEDDER} <= set(ids)
    assert client.models.retrieve("auto:code").id == "auto:code"


def test_errors_are_of_the_classes_that_people_catch(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="auto:fast") as missing:
        client.chat.completions.create(model="gpt-4o", messages=SAID)  # type: ignore[arg-type]
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError, match="n: one answer"):
        client.chat.completions.create(model="auto", messages=SAID, n=2)  # type: ignore[arg-type]
    with pytest.raises(openai.AuthenticationError, match=r"dispatch\.token"):
        client.with_options(api_key="wrong").models.list()
    with pytest.raises(openai.NotFoundError, match="/v1/chat/completions"):
        client.moderations.create(input="x")
    with pytest.raises(openai.NotFoundError, match="aren't kept"):
        client.responses.retrieve("resp_1")
    with pytest.raises(openai.BadRequestError, match="the prompt is too long"):
        client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "word " * 60_000}])


def test_what_breaks_in_the_middle_of_a_stream_is_raised(handy: OpenAI) -> None:
    said = f"a b c {mark(fault='cut_midway', calls=None)}"
    with pytest.raises(openai.APIError, match=r"broke off|ended|hung up"):
        for _ in handy.chat.completions.create(
            model="small", messages=[{"role": "user", "content": said}], stream=True
        ):
            pass
    with pytest.raises(openai.APIError, match=r"broke off|ended|hung up"):
        for _ in handy.responses.create(model="small", input=said, stream=True):
            pass


def test_a_client_that_waits_no_longer_says_so(handy: OpenAI) -> None:
    said = [{"role": "user", "content": f"a {mark(fault='hang')}"}]
    with pytest.raises(openai.APITimeoutError):
        handy.with_options(timeout=1.0).chat.completions.create(model="small", messages=said)  # type: ignore[arg-type]


async def test_all_of_it_asynchronously(later: AsyncOpenAI) -> None:
    answer = await later.chat.completions.create(model="auto", messages=SAID, max_tokens=10)  # type: ignore[arg-type]
    assert answer.choices[0].message.content
    stream = await later.chat.completions.create(model="auto", messages=SAID, max_tokens=10, stream=True)  # type: ignore[arg-type]
    assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    events = await later.responses.create(model="auto", input="Name a colour.", max_output_tokens=10, stream=True)
    kinds = [event.type async for event in events]
    assert kinds[0] == "response.created"
    assert len((await later.embeddings.create(model="auto", input="x")).data[0].embedding) == 384

"""OpenAI's Responses API, over fake inference servers."""

import json
from typing import Any

from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from dispatcher.core.task import Capability
from tests.fakes.behaviour import mark
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.openai_wire import asked, events
from tests.unit.core.builders import spec

PATH = "/v1/responses"
ABLE = frozenset({Capability.JSON, Capability.TOOLS, Capability.VISION, Capability.THINKING})
CALL = {"name": "weather", "arguments": {"place": "Oslo"}}
OTHER = {"name": "weather", "arguments": {"place": "Bergen"}}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a place.",
    "strict": False,
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
}
EVENTS: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
TEXT = ["output_item.added", "content_part.added", "text", "output_text.done", "content_part.done", "output_item.done"]
CALLED = ["output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done"]


def request(given: object = "Name a colour.", **more: Any) -> JSON:
    """What n8n always sends, and more."""
    return {"model": "auto", "input": given, "text": {}, **more}


async def streamed(client: Client, body: JSON) -> list[Any]:
    """The events, checked: each as OpenAI's types have it, and numbered without a gap."""
    told = [json.loads(one) for one in await events(client, PATH, body)]
    assert [one["sequence_number"] for one in told] == list(range(len(told)))
    return [EVENTS.validate_python(one) for one in told]


def kinds(told: list[Any]) -> list[str]:
    """What kinds of event there are, all deltas of the text as one."""
    found: list[str] = []
    for one in told:
        kind = one.type.removeprefix("response.").replace("output_text.delta", "text")
        if kind != "text" or found[-1] != "text":
            found.append(kind)
    return found


async def test_a_text_is_answered_as_openai_does(client: Client) -> None:
    async with client.http.post(PATH, json=request(store=True, background=False, metadata={"a": "b"})) as response:
        reply = await response.json()
    whole = Response.model_validate(reply, strict=True)
    assert (whole.status, whole.error, whole.incomplete_details) == ("completed", None, None)
    assert whole.output_text
    (item,) = reply["output"]
    assert (item["type"], item["role"], item["status"], item["id"][:4]) == ("message", "assistant", "completed", "msg_")
    assert item["content"][0]["annotations"] == []
    assert (reply["store"], reply["metadata"]) == (False, {"a": "b"})
    assert whole.usage is not None
    assert whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens > 0
    assert whole.model == response.headers["x-dispatch-model"] == reply["dispatch"]["model"]


async def test_a_stream_has_each_event_in_its_order(client: Client) -> None:
    whole = await client.post(PATH, request())
    told = await streamed(client, request())
    assert kinds(told) == ["created", "in_progress", *TEXT, "completed"]
    text = "".join(one.delta for one in told if one.type == "response.output_text.delta")
    assert text == told[-1].response.output_text == whole["output"][0]["content"][0]["text"]
    assert told[-1].response.usage.output_tokens == whole["usage"]["output_tokens"]
    assert told[0].response.id == told[-1].response.id
    assert {one.item_id for one in told if hasattr(one, "item_id")} == {told[-1].response.output[0].id}


async def test_an_answer_cut_for_length_is_incomplete(client: Client) -> None:
    whole = Response.model_validate(await client.post(PATH, request(max_output_tokens=2)), strict=True)
    assert (whole.status, whole.output[0].status) == ("incomplete", "incomplete")
    assert whole.incomplete_details is not None
    assert whole.incomplete_details.reason == "max_output_tokens"
    told = await streamed(client, request(max_output_tokens=2))
    assert kinds(told)[-1] == "incomplete"
    assert told[-1].response.output_text


async def test_calls_are_items_and_their_arguments_come_once(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(capabilities=ABLE), behaviour={"calls": [CALL, OTHER]})
    whole = await client.post(PATH, request("Weather?", tools=[WEATHER]))
    assert Response.model_validate(whole, strict=True).tools
    assert [item["type"] for item in whole["output"]] == ["function_call"] * 2
    assert len({item["call_id"] for item in whole["output"]}) == len({item["id"] for item in whole["output"]}) == 2
    told = await streamed(client, request("Weather?", tools=[WEATHER], tool_choice="required"))
    assert kinds(told) == ["created", "in_progress", *CALLED, *CALLED, "completed"]
    begun = next(one for one in told if one.type == "response.output_item.added")
    delta = next(one for one in told if one.type == "response.function_call_arguments.delta")
    assert (begun.item.arguments, json.loads(delta.delta)) == ("", {"place": "Oslo"})

    back = [{"role": "user", "content": "Weather?"}, *whole["output"]]
    results = [{"type": "function_call_output", "call_id": one["call_id"], "output": "Snow"} for one in whole["output"]]
    reply = await client.post(PATH, request([*back, *results], tools=[WEATHER]))
    assert reply["output"][0]["type"] == "message"
    messages = (await asked(client))[-1]["messages"]
    assert "Bergen" in str(messages)
    assert [message["content"].count("Snow") for message in messages[-2:]] == [1, 1]


async def test_all_kinds_of_input_are_taken(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(capabilities=ABLE))
    picture = {"type": "input_image", "image_url": "data:image/png;base64,aGk=", "detail": "auto"}
    given = [
        {"type": "message", "role": "developer", "content": "Be kind."},
        {"role": "user", "content": [{"type": "input_text", "text": "What is this?"}, picture]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "A dot.", "annotations": [], "logprobs": []}],
        },
        {"type": "function_call", "name": "weather", "arguments": '{"place":"Oslo","id":"c"}', "call_id": "c"},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "Snow"}]},
        {"role": "user", "content": "Sure?"},
    ]
    await client.post(PATH, request(given, instructions="Be brief."))
    messages = (await asked(client))[-1]["messages"]
    assert messages[0]["content"].split() == ["Be", "brief.", "Be", "kind."]
    assert messages[1]["content"][1]["image_url"]["url"] == picture["image_url"]
    assert "Snow" in messages[-2]["content"]
    assert messages[-1]["content"] == "Sure?"


async def test_json_is_held_back_until_it_is_as_asked(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), behaviour={"answer": "no json", "mended": '{"city":"Oslo"}'})
    shape = {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA, "strict": True}}
    reply = await client.post(PATH, request(text=shape))
    assert json.loads(reply["output"][0]["content"][0]["text"]) == {"city": "Oslo"}
    assert Response.model_validate(reply).text is not None
    told = await streamed(client, request(text={"format": {"type": "json_object"}}))
    assert [one.delta for one in told if one.type == "response.output_text.delta"] == ['{"city":"Oslo"}']


async def test_thoughts_are_an_item_before_the_text(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(capabilities=ABLE), behaviour={"thinking": "Hm."})
    reply = await client.post(PATH, request(reasoning={"effort": "low"}))
    assert [item["type"] for item in reply["output"]] == ["reasoning", "message"]
    told = await streamed(client, request(reasoning={"effort": "low"}))
    assert kinds(told) == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        *TEXT,
        "completed",
    ]
    assert [item.type for item in told[-1].response.output] == ["reasoning", "message"]
    assert [one.output_index for one in told if one.type == "response.output_item.done"] == [0, 1]


async def test_log_probabilities_are_within_the_text(client: Client) -> None:
    body = request(top_logprobs=2, include=["message.output_text.logprobs"])
    part = (await client.post(PATH, body))["output"][0]["content"][0]
    assert "".join(one["token"] for one in part["logprobs"]) == part["text"]
    told = await streamed(client, body)
    deltas = [one for one in told if one.type == "response.output_text.delta" and one.delta]
    assert [one.logprobs[0].token for one in deltas] == [one.delta for one in deltas]


_REFUSED = [
    ({"background": True}, "background"),
    ({"previous_response_id": "resp_1"}, "previous_response_id"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"prompt": {"id": "pmpt_1"}}, "prompt"),
    ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ({"input": []}, "messages"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
    ({"input": [{"type": "web_search_call", "id": "ws_1"}]}, "input[0].type"),
    ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content[0].type"),
    ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
    ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format"),
    ({"max_output_tokens": 0}, "max_output_tokens"),
    ({"temperature": 9}, "temperature"),
]


async def test_what_cannot_be_done_is_refused_by_name(client: Client) -> None:
    for change, param in _REFUSED:
        error = (await client.post(PATH, request() | change, 400))["error"]
        assert (error["param"], error["type"]) == (param, "invalid_request_error")


async def test_nothing_is_kept(client: Client) -> None:
    reply = await client.post(PATH, request(store=True))
    for method in ("GET", "DELETE"):
        async with client.http.request(method, f"{PATH}/{reply['id']}") as response:
            assert response.status == 404
            assert "aren't kept" in (await response.json())["error"]["message"]


async def test_an_error_after_the_first_text_is_the_event_error(client: Client) -> None:
    await client.post(PATH, request())
    body = request(f"a b c {mark(fault='cut_midway')}")
    async with client.http.post(PATH, json={**body, "stream": True}) as response:
        last = (await response.text()).strip().split("\n\n")[-1]
    assert last.startswith("event: error\ndata: ")
    told = json.loads(last.partition("data: ")[2])
    assert (told["type"], told["code"]) == ("error", "runtime_incomplete")
    assert EVENTS.validate_python(told).message

"""Chat completions and models in OpenAI's protocol, over fake inference servers."""

import asyncio
import json
from typing import Any

from openai.types import Model
from openai.types.chat import ChatCompletion

from dispatcher.core.aliases import ALIASES
from dispatcher.core.task import Capability
from tests.fakes.behaviour import mark
from tests.integration.conftest import Client, StartSidecar
from tests.integration.openai_wire import CHAT, WEATHER, asked, chunks, events, said, text_of
from tests.integration.waiting import until
from tests.unit.core.builders import spec

ABLE = frozenset({Capability.JSON, Capability.TOOLS, Capability.VISION})
CALL = {"name": "weather", "arguments": {"place": "Oslo"}}
OTHER = {"name": "weather", "arguments": {"place": "Bergen"}}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


async def test_a_chat_is_answered_as_openai_does(client: Client) -> None:
    async with client.http.post(CHAT, json=said("Name a colour.")) as response:
        reply = await response.json()
    whole = ChatCompletion.model_validate(reply, strict=True)
    (choice,) = whole.choices
    assert choice.message.content
    assert "Name a colour." not in choice.message.content
    assert (choice.finish_reason, choice.message.role, choice.message.tool_calls) == ("stop", "assistant", None)
    assert whole.usage is not None
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 0
    dispatch_id = response.headers["x-dispatch-id"]

    async def is_recorded() -> bool:
        async with client.http.get(f"/api/dispatches/{dispatch_id}") as found:
            return found.status == 200

    await until(is_recorded, "the log has it")
    assert whole.id == f"chatcmpl-{dispatch_id[2:]}"
    assert whole.model == response.headers["x-dispatch-model"] == reply["dispatch"]["model"]
    assert response.headers["x-dispatch-why"]


async def test_a_stream_has_the_role_the_text_the_reason_the_usage_and_an_end(client: Client) -> None:
    whole = await client.post(CHAT, said("a b c"))
    told = await chunks(client, said("a b c", stream_options={"include_usage": True}))
    first, *text, last, counted = told
    assert (first.choices[0].delta.role, first.choices[0].delta.content) == ("assistant", "")
    assert len(text) > 3
    assert text_of(told) == whole["choices"][0]["message"]["content"]
    assert last.choices[0].finish_reason == "stop"
    assert counted.choices == []
    assert counted.usage is not None
    assert counted.usage.completion_tokens == whole["usage"]["completion_tokens"]
    assert {(one.id, one.model, one.created, one.object) for one in told} == {
        (first.id, whole["model"], first.created, "chat.completion.chunk")
    }
    plain = await chunks(client, said("a b c"))
    assert plain[-1].choices[0].finish_reason == "stop"


async def test_an_answer_cut_for_length_says_so(client: Client) -> None:
    for field in ("max_tokens", "max_completion_tokens"):
        reply = await client.post(CHAT, said("a b c", **{field: 2}))
        assert reply["choices"][0]["finish_reason"] == "length"
        assert reply["usage"]["completion_tokens"] == 2
        told = await chunks(client, said("a b c", **{field: 2}))
        assert told[-1].choices[0].finish_reason == "length"


async def test_what_is_said_of_sampling_reaches_the_model(client: Client) -> None:
    drawn = {"temperature": 0.5, "top_p": 0.9, "seed": 7, "presence_penalty": 0.1, "frequency_penalty": -0.1}
    await client.post(CHAT, said("a", **drawn, stop=["x", "y"], max_tokens=-1, user="u", store=True, service_tier="x"))
    (body,) = await asked(client)
    assert {name: body[name] for name in drawn} == drawn
    assert body["stop"] == ["x", "y"]


async def test_all_roles_and_kinds_of_content_are_taken(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(capabilities=ABLE))
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"place":"Oslo","id":"c1"}'}}
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}", "detail": "low"}}
    messages = [
        {"role": "developer", "content": "Be brief.", "name": "x"},
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}, {"type": "text", "text": "Be true."}]},
        {"role": "user", "content": [{"type": "text", "text": "What is it like there?"}, picture]},
        {"role": "assistant", "content": [], "tool_calls": [call], "refusal": None, "annotations": []},
        {"role": "tool", "tool_call_id": "c1", "content": "Snow."},
        {"role": "assistant", "content": None},
        {"role": "user", "content": "Thanks."},
    ]
    await client.post(CHAT, {"model": "small", "messages": messages, "tools": [WEATHER]})
    (body,) = await asked(client)
    system, user, called, result, *_, last = body["messages"]
    assert "Be brief." in system["content"]
    assert "Be kind.\nBe true." in system["content"]
    assert user["content"][1]["image_url"]["url"].endswith(PIXEL)
    assert (called["role"], last["content"]) == ("assistant", "Thanks.")
    assert "Oslo" in str(called)
    assert "Snow." in result["content"]


async def test_tool_calls_come_whole_in_replies_and_streams(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(capabilities=ABLE), behaviour={"calls": [CALL, OTHER]})
    reply = await client.post(CHAT, said("Weather?", tools=[WEATHER]))
    (choice,) = ChatCompletion.model_validate(reply, strict=True).choices
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)
    calls: Any = choice.message.tool_calls
    assert [json.loads(call.function.arguments) for call in calls] == [{"place": "Oslo"}, {"place": "Bergen"}]
    assert len({call.id for call in calls}) == 2

    told = await chunks(client, said("Weather?", tools=[WEATHER], tool_choice="required"))
    parts = [part for one in told for part in one.choices[0].delta.tool_calls or ()]
    assert [(part.index, part.type, part.function and part.function.name) for part in parts] == [
        (0, "function", "weather"),
        (1, "function", "weather"),
    ]
    assert told[-1].choices[0].finish_reason == "tool_calls"


async def test_a_tool_may_be_forbidden_demanded_or_the_only_one(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(capabilities=ABLE), behaviour={"calls": [CALL]})
    reply = await client.post(CHAT, said("a", tools=[WEATHER], tool_choice="none"))
    assert reply["choices"][0]["finish_reason"] == "stop"
    for choice in ("required", {"type": "function", "function": {"name": "weather"}}):
        reply = await client.post(CHAT, said("a", tools=[WEATHER], tool_choice=choice))
        assert reply["choices"][0]["finish_reason"] == "tool_calls"
    reply = await client.post(CHAT, said("a", tools=[]))
    assert reply["choices"][0]["finish_reason"] == "stop"


async def test_tools_for_a_model_that_cannot_call_any_name_those_that_can(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), spec("handy", capabilities=ABLE))
    reply = await client.post(CHAT, said("a", tools=[WEATHER]) | {"model": "small"}, 400)
    assert reply["error"]["param"] == "model"
    assert "can't do tools" in reply["error"]["message"]
    assert "these can: handy" in reply["error"]["message"]
    assert (await client.post(CHAT, said("a", tools=[WEATHER])))["model"] == "handy"


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SHAPED = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": SCHEMA}}


async def test_json_is_held_back_until_it_is_as_asked(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), behaviour={"answer": "no json", "mended": '{"city":"Oslo"}'})
    reply = await client.post(CHAT, said("a", response_format=SHAPED))
    assert json.loads(reply["choices"][0]["message"]["content"]) == {"city": "Oslo"}
    told = await chunks(client, said("a", response_format=SHAPED))
    assert [one.choices[0].delta.content for one in told] == ["", '{"city":"Oslo"}', None]
    loose = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
    for shape in (loose, {"type": "json_object"}):
        assert json.loads(text_of(await chunks(client, said("a", response_format=shape)))) == {"city": "Oslo"}


async def test_json_that_stays_wrong_is_an_error_in_words_of_this_protocol(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), behaviour={"answer": '{"city":'})
    for stream in (False, True):
        body = said("a", response_format=SHAPED, max_tokens=1, stream=stream)
        async with client.http.post(CHAT, json=body) as response:
            reply = await response.json()
            assert (response.status, response.headers["x-should-retry"]) == (502, "false")
        assert reply["error"]["code"] == "invalid_answer"
        assert "requirements." not in reply["error"]["message"]


async def test_log_probabilities_have_bytes_and_alternatives(client: Client) -> None:
    body = said("a", logprobs=True, top_logprobs=2)
    (choice,) = ChatCompletion.model_validate(await client.post(CHAT, body), strict=True).choices
    assert choice.logprobs is not None
    content: Any = choice.logprobs.content
    assert "".join(one.token for one in content) == choice.message.content
    assert bytes(content[0].bytes).decode() == content[0].token
    assert len(content[0].top_logprobs) == 2
    told = await chunks(client, body)
    streamed: Any = [one.choices[0].logprobs for one in told if one.choices[0].delta.content]
    assert [one.content[0].token for one in streamed] == [one.token for one in content]
    (plain,) = ChatCompletion.model_validate(await client.post(CHAT, said("a")), strict=True).choices
    assert plain.logprobs is None


async def test_thoughts_are_told_apart_from_the_answer(start_sidecar: StartSidecar) -> None:
    thinker = spec(capabilities=frozenset({Capability.JSON, Capability.THINKING}))
    client = await start_sidecar(thinker, behaviour={"thinking": "Hm."})
    reply = await client.post(CHAT, said("a", reasoning_effort="high"))
    assert reply["choices"][0]["message"]["reasoning_content"] == "Hm."
    told = await chunks(client, said("a", reasoning_effort="none"))
    thoughts = [(one.choices[0].delta.model_extra or {}).get("reasoning_content") for one in told]
    assert [thought for thought in thoughts if thought] == ["Hm."]
    kinds = [body["chat_template_kwargs"]["enable_thinking"] for body in await asked(client)]
    assert kinds == [True, False]


async def test_effort_asked_of_models_that_do_not_think_is_passed_over(client: Client) -> None:
    await client.post(CHAT, said("a", reasoning_effort="high"))
    assert "chat_template_kwargs" not in (await asked(client))[0]


async def test_names_are_aliases_or_pin_a_model(client: Client) -> None:
    assert (await client.post(CHAT, {**said("a"), "model": "auto:code"}))["dispatch"]["task_type"] == "code-generation"
    for name in ("small", "big"):
        assert (await client.post(CHAT, {**said("a"), "model": name}))["model"] == name
    reply = await client.post(CHAT, {**said("a"), "model": "gpt-5-mini"}, 404)
    error = reply["error"]
    assert (error["code"], error["param"], error["type"]) == ("model_not_found", "model", "not_found_error")
    assert "auto:fast" in error["message"]
    assert "small" in error["message"]


async def test_hints_ride_along_in_headers_metadata_and_the_body(client: Client) -> None:
    for more, headers in (
        ({}, {"x-dispatch-task-type": "translation"}),
        ({"metadata": {"dispatch_task_type": "translation", "mine": "1"}}, {}),
        ({"dispatch": {"task_type": "translation"}}, {}),
    ):
        async with client.http.post(CHAT, json=said("a", **more), headers=headers) as response:
            assert (await response.json())["dispatch"]["task_type"] == "translation"
            assert response.headers["x-dispatch-task-type"] == "translation"


async def test_the_same_is_answered_from_memory_for_whoever_asks_for_that(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(response_cache_mib=8)
    for path, given in (
        (CHAT, said("a")),
        ("/v1/completions", {"prompt": "a b"}),
        ("/v1/responses", {"input": "a b c"}),
    ):
        body = {**given, "temperature": 0, "metadata": {"dispatch_cache": "true"}}
        told = []
        for verdict in ("miss", "hit"):
            async with client.http.post(path, json=body) as response:
                assert response.headers["x-dispatch-cache"] == verdict
                told.append((await response.json())["dispatch"])
        assert told[0] == told[1]
        async with client.http.post(path, json={**body, "stream": True}) as response:
            assert response.headers["x-dispatch-cache"] == "hit"
            assert response.headers["x-dispatch-id"] == told[0]["id"]
            assert "You said" in await response.text()


_REFUSED = [
    ({"n": 2}, "n"),
    ({"logit_bias": {"50256": -100}}, "logit_bias"),
    ({"modalities": ["text", "audio"]}, "modalities"),
    ({"functions": [{"name": "f"}]}, "functions"),
    ({"web_search_options": {}}, "web_search_options"),
    ({"top_logprobs": 3}, "top_logprobs"),
    ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
    ({"temperature": 3}, "temperature"),
    ({"top_p": -0.1}, "top_p"),
    ({"stop": list("abcde")}, "stop"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "function", "content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages[0].content[0].type"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
    ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0].type"),
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
    ({"tools": [WEATHER, WEATHER]}, "tools[1]"),
    ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"response_format": {"type": "xml"}}, "response_format.type"),
    ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "response_format"),
    ({"dispatch": {"timeout": -1}}, "dispatch.timeout"),
]


async def test_what_cannot_be_done_is_refused_by_name(client: Client) -> None:
    for change, param in _REFUSED:
        error = (await client.post(CHAT, said("a") | change, 400))["error"]
        assert (error["param"], error["type"]) == (param, "invalid_request_error")
        assert len(error["message"]) > len(param) + 10


async def test_pictures_are_not_fetched_from_anywhere(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(capabilities=ABLE))
    for url in ("https://example.org/cat.png", "file:///etc/passwd", "data:text/html;base64,aaaa", "cat", None):
        content = [{"type": "image_url", "image_url": {"url": url}}]
        reply = await client.post(CHAT, {"model": "auto", "messages": [{"role": "user", "content": content}]}, 400)
        assert reply["error"]["param"] == "messages[0].content[0].image_url.url"


async def test_errors_have_the_shape_and_the_status_that_clients_know(client: Client) -> None:
    async with client.http.post(CHAT, json=said("a"), headers={"Authorization": "Bearer nope"}) as response:
        error = (await response.json())["error"]
        assert (response.status, error["type"]) == (401, "authentication_error")
        assert "dispatch.token" in error["message"]
    for method, path in (("POST", "/v1/moderations"), ("GET", "/v1/files"), ("POST", "/v1/audio/speech")):
        async with client.http.request(method, path, json={}) as response:
            error = (await response.json())["error"]
            assert (response.status, error["code"]) == (404, "route_not_found")
            assert "/v1/chat/completions" in error["message"]
    async with client.http.post(CHAT, data=b"{", headers={"Content-Type": "application/json"}) as response:
        assert response.status == 400
    async with client.http.post(CHAT, json=said(f"a {mark(fault='status', status=400)}")) as response:
        assert (response.status, response.headers["x-should-retry"]) == (400, "false")


async def test_a_base_url_without_its_end_is_told_so(client: Client) -> None:
    for path in ("/chat/completions", "/responses", "/embeddings"):
        error = (await client.post(path, {}, 404))["error"]
        assert f"/v1{path}" in error["message"]
    assert "/v1/models" in (await client.get("/models", 404))["error"]["message"]
    assert "/openapi.json" in (await client.get("/nothing", 404))["error"]["message"]


async def test_a_prompt_that_is_too_long_has_the_code_that_clients_look_for(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(context_tokens=256), prompt_chars_max=20_000)
    for words in (2000, 8000):  # more than the model takes, more than the sidecar takes
        error = (await client.post(CHAT, said("word " * words), 400))["error"]
        assert (error["code"], error["type"]) == ("context_length_exceeded", "invalid_request_error")


async def test_an_error_after_the_first_text_is_an_event_of_the_stream(client: Client) -> None:
    await client.post(CHAT, said("a") | {"model": "small"})
    *text, last = await events(client, CHAT, said(f"a b c {mark(fault='cut_midway')}") | {"model": "small"})
    assert len(text) > 1
    error = json.loads(last)["error"]
    assert (error["code"], error["type"], error["incomplete"]) == ("runtime_incomplete", "server_error", True)


async def test_an_error_before_the_first_text_is_a_status(client: Client) -> None:
    body = said(f"a {mark(fault='status', status=400)}", stream=True)
    async with client.http.post(CHAT, json=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]["code"] == "runtime_refused"


async def test_a_caller_who_leaves_ends_the_work(client: Client) -> None:
    await client.post(CHAT, said("a") | {"model": "small"})

    async def in_flight(count: int) -> bool:
        return sum(replica.in_flight for replica in client.sidecar.fleet) == count

    for stream in (False, True):
        body = said(f"a {mark(fault='hang_midway')}", stream=stream) | {"model": "small"}
        call = asyncio.create_task(client.http.post(CHAT, json=body, timeout=None).__aenter__())
        await until(lambda: in_flight(1), "it is being answered")
        if stream:
            (await call).close()
        else:
            call.cancel()
        await until(lambda: in_flight(0), "it has ended")


async def test_models_are_listed_with_the_aliases_first(client: Client) -> None:
    reply = await client.get("/v1/models")
    ids = [Model.model_validate(entry, strict=True).id for entry in reply["data"]]
    assert (reply["object"], ids) == ("list", [*ALIASES, "big", "small"]) or ids == [*ALIASES, "small", "big"]
    for name in ("auto", "auto:fast", "small"):
        assert Model.model_validate(await client.get(f"/v1/models/{name}"), strict=True).id == name
    error = (await client.get("/v1/models/hub/some:thing", expect=404))["error"]
    assert (error["code"], error["param"]) == ("model_not_found", "model")

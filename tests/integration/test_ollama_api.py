"""The routes of Ollama's API, end to end over child processes: what clients of Ollama send and read."""

import asyncio
import base64
import json
from typing import Any

import pytest

from dispatcher.core.task import Capability
from tests.fakes.behaviour import mark
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import big, embedder, spec

ABLE = frozenset({Capability.JSON, Capability.TOOLS, Capability.THINKING, Capability.VISION})
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
AGE = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
DURATIONS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()


async def lines_of(client: Client, path: str, body: JSON) -> tuple[list[JSON], dict[str, str]]:
    """The lines of a streamed reply, and its headers."""
    async with client.http.post(path, json=body) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "application/x-ndjson"
        text = await response.text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()], dict(response.headers)


def user(text: str = "Name a colour.", **fields: Any) -> JSON:
    """A chat of one turn."""
    return {"messages": [{"role": "user", "content": text}], **fields}


def said(lines: list[JSON]) -> str:
    """The text of a streamed chat."""
    return "".join(line["message"]["content"] for line in lines)


async def test_a_chat_streams_lines_that_end_with_what_it_took(client: Client) -> None:
    lines, headers = await lines_of(client, "/api/chat", {"model": "auto", **user("one two three"), "options": {}})
    assert said(lines).startswith("You said 3 words")
    assert len(lines) > 3
    assert all(line["message"]["role"] == "assistant" and "thinking" not in line["message"] for line in lines)
    last = lines[-1]
    assert (last["done"], last["done_reason"], last["message"]["content"]) == (True, "stop", "")
    assert all(not line["done"] and "eval_count" not in line for line in lines[:-1])
    assert all(isinstance(last[name], int) for name in DURATIONS)
    assert last["eval_duration"] > 0
    assert 0 < last["load_duration"] < last["total_duration"]
    assert last["prompt_eval_count"] > 0 < last["eval_count"]
    assert last["model"] in ("small", "big")
    assert headers["x-dispatch-model"] == last["model"] == last["dispatch"]["model"]
    assert headers["x-dispatch-id"] == last["dispatch"]["id"]
    assert last["dispatch"]["model"] in last["dispatch"]["why"]
    assert "x-dispatch-ignored" not in headers


async def test_a_chat_comes_whole_when_that_is_asked(client: Client) -> None:
    body = {"model": "small:latest", **user(), "stream": False, "tools": [], "keep_alive": "5m"}
    reply = await client.post("/api/chat", body)
    assert reply["model"] == "small"
    assert reply["message"]["content"].startswith("You said 3 words")
    assert (reply["done"], reply["done_reason"]) == (True, "stop")
    assert "tool_calls" not in reply["message"]


async def test_a_completion_streams_and_has_its_text_in_the_lines_before_the_last(client: Client) -> None:
    lines, _ = await lines_of(client, "/api/generate", {"model": "auto", "prompt": "a b", "system": "Be brief."})
    assert "".join(line["response"] for line in lines).startswith("You said 2 words")
    assert lines[-1]["response"] == ""
    assert all("thinking" not in line and "message" not in line for line in lines)
    whole = await client.post("/api/generate", {"model": "auto", "prompt": "a b", "stream": False, "raw": False})
    assert whole["response"] == "".join(line["response"] for line in lines)


async def test_json_is_held_back_until_it_is_known_to_be_right(client: Client) -> None:
    broken = mark(answer="no json here", mended='{"age": 3}')
    body = {"model": "small", **user(f"hello {broken}"), "format": AGE}
    lines, headers = await lines_of(client, "/api/chat", body)
    assert json.loads(said(lines[:-1])) == {"age": 3}
    assert lines[-1]["message"]["content"] == ""
    assert headers["x-dispatch-model"] == "small"
    for change in ({"format": "json"}, {"options": {"format": "json", "keep_alive": "5m"}}):
        reply = await client.post("/api/chat", {"model": "small", **user(), "stream": False, **change})
        assert isinstance(json.loads(reply["message"]["content"]), dict)
    for nothing in ("", None):
        reply = await client.post("/api/chat", {"model": "small", **user(), "stream": False, "format": nothing})
        assert reply["message"]["content"].startswith("You said")


async def test_options_are_taken_and_what_means_nothing_is_named(client: Client) -> None:
    options = {
        "temperature": 0.2,
        "top_k": -1,
        "top_p": 0.9,
        "num_predict": 2.0,
        "seed": 7,
        "stop": "nowhere",
        "num_ctx": 4096,
        "num_gpu": -1,
        "mirostat": 0,
        "wild one\r\nx-evil: 1": 1,
        "min_p": None,
    }
    lines, headers = await lines_of(
        client, "/api/chat", {"model": "auto", **user(), "options": options, "keep_alive": "2h", "nonsense": {}}
    )
    assert (lines[-1]["eval_count"], lines[-1]["done_reason"]) == (2, "length")
    assert headers["x-dispatch-ignored"] == "keep_alive, nonsense, num_ctx, num_gpu, mirostat"
    unlimited = {"model": "auto", **user(), "options": {"num_predict": -1}}
    assert (await lines_of(client, "/api/chat", unlimited))[0][-1]["done_reason"] == "stop"


async def test_tools_are_called_and_their_results_are_taken(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(capabilities=ABLE))
    call = mark(calls=[{"name": "weather", "arguments": {"city": "Oslo"}}])
    asked = {"model": "small", "tools": [WEATHER], **user(f"Oslo? {call}")}
    lines, _ = await lines_of(client, "/api/chat", asked)
    (message,) = [line["message"] for line in lines if line["message"].get("tool_calls")]
    assert message["tool_calls"][0]["function"] == {"index": 0, "name": "weather", "arguments": {"city": "Oslo"}}
    assert lines[-1]["done_reason"] == "stop"
    assert "tool_calls" not in lines[-1]["message"]
    for result in ({}, {"tool_name": "weather"}, {"tool_call_id": message["tool_calls"][0]["id"]}):
        turns = [*asked["messages"], message, {"role": "tool", "content": "4 degrees", **result}]
        reply = await client.post("/api/chat", {**asked, "messages": turns, "stream": False})
        assert reply["message"]["content"].startswith("You said")


async def test_thoughts_come_apart_from_the_answer(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(capabilities=ABLE), behaviour={"thinking": "Well, let me see."})
    lines, _ = await lines_of(client, "/api/chat", {"model": "auto", **user(), "think": "low"})
    thoughts = [line["message"] for line in lines if "thinking" in line["message"]]
    assert "".join(one["thinking"] for one in thoughts) == "Well, let me see."
    assert all(one["content"] == "" for one in thoughts)
    body = {"model": "small", "prompt": "a b c", "think": True, "stream": False}
    reply = await client.post("/api/generate", body)
    assert reply["thinking"] == "Well, let me see."
    assert reply["response"].startswith("You said")


async def test_what_a_pinned_model_cannot_do_is_told_in_words_that_clients_know(client: Client) -> None:
    for change, told in (
        ({"tools": [WEATHER]}, '"small" does not support tools'),
        ({"think": True}, '"small" does not support thinking'),
        ({"messages": [{"role": "user", "content": "", "images": [PIXEL]}]}, '"small" does not support images'),
    ):
        reply = await client.post("/api/chat", {"model": "small", **user(), **change}, expect=400)
        assert reply == {"error": told}


async def test_thinking_is_left_out_where_no_model_can(client: Client) -> None:
    _, headers = await lines_of(client, "/api/chat", {"model": "auto", **user(), "think": True})
    assert headers["x-dispatch-ignored"] == "think"


async def test_pictures_reach_a_model_that_sees(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(capabilities=ABLE))
    turns = [{"role": "user", "content": "What is it?"}, {"role": "user", "content": "", "images": [PIXEL]}]
    reply = await client.post("/api/chat", {"model": "auto", "messages": turns, "stream": False})
    assert reply["done"]
    for picture, place in (("no base64!", "messages.0.images.0"), (base64.b64encode(b"text").decode(), "PNG")):
        body = {"model": "auto", "messages": [{"role": "user", "content": "x", "images": [picture]}]}
        assert place in (await client.post("/api/chat", body, expect=400))["error"]


async def test_nothing_asked_loads_the_model_and_unloads_none(client: Client) -> None:
    chat = await client.post("/api/chat", {"model": "small", "messages": []})
    assert (chat["done"], chat["done_reason"], chat["message"]["content"]) == (True, "load", "")
    assert chat["load_duration"] > 0
    assert [row["name"] for row in (await client.get("/api/ps"))["models"]] == ["small"]
    assert (await client.post("/api/generate", {"model": "small"}))["done_reason"] == "load"
    async with client.http.post("/api/generate", json={"model": "small", "keep_alive": 0}) as response:
        assert (await response.json())["done_reason"] == "unload"
        assert response.headers["x-dispatch-ignored"] == "keep_alive"
    assert [row["name"] for row in (await client.get("/api/ps"))["models"]] == ["small"]
    assert (await client.post("/api/generate", {"model": "auto"}))["model"] == "auto"


async def test_a_model_that_may_not_be_used_is_told_as_such(client: Client) -> None:
    admin = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.patch("/api/models/small", json={"enabled": False}, headers=admin) as response:
        assert response.status == 200
    assert "small" not in [row["name"] for row in (await client.get("/api/tags"))["models"]]
    for body in ({"model": "small", **user()}, {"model": "small", "messages": []}):
        assert "disabled" in (await client.post("/api/chat", body, expect=503))["error"]


async def test_hints_go_before_what_the_name_implies(client: Client) -> None:
    async with client.http.post(
        "/api/chat",
        json={"model": "auto:code", **user(), "dispatch": {"complexity": "high"}},
        headers={"x-dispatch-task-type": "translation"},
    ) as response:
        assert response.headers["x-dispatch-task-type"] == "translation"
        assert response.headers["x-dispatch-complexity"] == "high"
    lines, headers = await lines_of(client, "/api/chat", {"model": "auto:code", **user()})
    assert headers["x-dispatch-task-type"] == "code-generation"
    assert lines[-1]["dispatch"]["why"]


async def test_the_same_is_answered_from_memory_for_whoever_asks_for_that(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(response_cache_mib=8)
    body = {"model": "auto", **user(), "options": {"temperature": 0}, "dispatch": {"cache": True}}
    first, headers = await lines_of(client, "/api/chat", body)
    assert headers["x-dispatch-cache"] == "miss"
    second, headers = await lines_of(client, "/api/chat", body)
    assert headers["x-dispatch-cache"] == "hit"
    assert said(second) == said(first)
    assert second[-1]["dispatch"] == first[-1]["dispatch"]
    whole = await client.post("/api/chat", {**body, "stream": False})
    assert whole["message"]["content"] == said(first)


_BAD_INPUT = [
    ("/api/chat", {"model": ""}, "model is required"),
    ("/api/chat", {"options": {"temperature": 3}}, "options.temperature"),
    ("/api/chat", {"options": {"temperature": "hot"}}, "options.temperature"),
    ("/api/chat", {"options": {"top_p": 1.5}}, "options.top_p"),
    ("/api/chat", {"options": []}, "options"),
    ("/api/chat", {"format": "xml"}, "format"),
    ("/api/chat", {"format": {"type": "nonsense"}}, "format"),
    ("/api/chat", {"messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role"),
    ("/api/chat", {"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
    ("/api/chat", {"messages": "hello"}, "messages"),
    ("/api/chat", {"tools": [{"type": "function"}]}, "tools.0.function"),
    ("/api/chat", {"tools": [WEATHER, WEATHER]}, "same name"),
    ("/api/chat", {"think": "hard"}, "think"),
    ("/api/chat", {"top_logprobs": 21, "logprobs": True}, "top_logprobs"),
    ("/api/chat", {"stream": "yes"}, "stream"),
    ("/api/chat", {"dispatch": {"task_type": "poetry"}}, "dispatch.task_type"),
    ("/api/generate", {"prompt": "x", "raw": True}, "raw"),
    ("/api/generate", {"prompt": "x", "suffix": "y"}, "suffix"),
    ("/api/generate", {"prompt": "x", "template": "{{ .Prompt }}"}, "template"),
    ("/api/generate", {"prompt": 7}, "prompt"),
]


async def test_bad_input_is_told_by_field_in_one_text(client: Client) -> None:
    for path, change, told in _BAD_INPUT:
        reply = await client.post(path, {"model": "auto", **user(), **change}, expect=400)
        assert set(reply) == {"error"}
        assert told in reply["error"]


async def test_a_name_that_means_nothing_is_told_with_those_that_do(client: Client) -> None:
    for path in ("/api/chat", "/api/generate", "/api/show"):
        reply = await client.post(path, {"model": "llama3.2", "prompt": "x", **user()}, expect=404)
        assert reply["error"].startswith("model 'llama3.2' not found")
        assert "auto:fast" in reply["error"]
        assert "small" in reply["error"]


async def test_a_body_is_read_whatever_its_type_but_never_from_a_web_page(client: Client) -> None:
    body = json.dumps({"model": "auto", **user(), "stream": False})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with client.http.post("/api/chat", data=body, headers=form) as response:
        assert response.status == 200
    async with client.http.post("/api/chat", data=body, headers={**form, "Origin": "http://evil"}) as response:
        assert response.status == 415
        assert isinstance((await response.json())["error"], str)
    for nothing, told in (("", "missing request body"), ("{", "isn't JSON")):
        async with client.http.post("/api/chat", data=nothing) as response:
            assert response.status == 400
            assert told in (await response.json())["error"]


async def test_what_breaks_before_the_first_word_is_a_status_and_after_it_the_last_line(client: Client) -> None:
    body = {"model": "small", **user(mark(fault="status", status=500))}
    assert "error" in await client.post("/api/chat", body, expect=502)
    lines, _ = await lines_of(client, "/api/chat", {"model": "small", **user(f"a b c {mark(fault='cut_midway')}")})
    assert set(lines[-1]) == {"error"}
    assert isinstance(lines[-1]["error"], str)
    assert not any(line.get("done") for line in lines)


async def test_a_caller_who_leaves_leaves_nothing_behind(client: Client) -> None:
    await client.post("/api/generate", {"model": "small"})
    for stream in (True, False):
        body = {"model": "small", **user(mark(fault="hang_midway")), "stream": stream}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3), client.http.post("/api/chat", json=body) as response:
                await response.read()

        async def idle() -> bool:
            return all(replica.in_flight == 0 for replica in client.sidecar.fleet)

        await until(idle, "nothing in flight")


async def test_texts_become_vectors_of_the_model_for_that(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), embedder("all-minilm-l6-v2"))
    body = {"model": "auto", "input": ["one", "two"], "truncate": False}
    reply = await client.post("/api/embed", body)
    assert reply["model"] == "all-minilm-l6-v2"
    assert len(reply["embeddings"]) == 2
    assert reply["prompt_eval_count"] > 0 < reply["total_duration"]
    (alone,) = (await client.post("/api/embed", {"model": "all-minilm-l6-v2:latest", "input": "one"}))["embeddings"]
    assert alone == reply["embeddings"][0]
    older = await client.post("/api/embeddings", {"model": "all-minilm-l6-v2", "prompt": "one", "keep_alive": 5})
    assert older == {"embedding": alone}
    assert (await client.post("/api/embed", {"model": "auto", "input": []}))["embeddings"] == []
    assert (await client.post("/api/embeddings", {"model": "auto"}))["embedding"] == []
    shown = await client.post("/api/show", {"model": "all-minilm-l6-v2"})
    assert shown["capabilities"] == ["embedding"]


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"input": None}, 400, "input"),
        ({"input": [1, 2]}, 400, "input"),
        ({"model": "nobody"}, 404, "model 'nobody' not found"),
        ({"model": "small"}, 400, "isn't for embeddings"),
        ({"dimensions": 0}, 400, "dimensions"),
        ({"input": "word " * 500, "truncate": False}, 400, "input"),
    ],
)
async def test_what_cannot_be_embedded_is_told(
    start_sidecar: StartSidecar, change: JSON, status: int, told: str
) -> None:
    client = await start_sidecar(spec(), embedder("all-minilm-l6-v2"))
    reply = await client.post("/api/embed", {"model": "auto", "input": "x", **change}, expect=status)
    assert told in reply["error"]
    reply = await client.post("/api/chat", {"model": "all-minilm-l6-v2", **user()}, expect=400)
    assert '"all-minilm-l6-v2" does not support chat' in reply["error"]


async def test_the_list_has_aliases_first_and_what_clients_read_of_models(client: Client) -> None:
    rows = (await client.get("/api/tags"))["models"]
    names = [row["name"] for row in rows]
    assert names[:2] == ["auto", "auto:fast"]
    assert set(names[-2:]) == {"small", "big"}
    row = rows[-1]
    assert row["name"] == row["model"]
    assert len(row["digest"]) == 64
    assert row["size"] > 0
    assert row["details"]["format"] == "gguf"
    assert row["details"]["parameter_size"] in ("100M", "1.5B")
    assert row["modified_at"].endswith("Z")


async def test_what_is_in_memory_is_told_with_when_it_leaves(client: Client) -> None:
    assert (await client.get("/api/ps"))["models"] == []
    await client.ask(model="small")
    (row,) = (await client.get("/api/ps"))["models"]
    assert (row["name"], row["size_vram"], row["context_length"]) == ("small", 0, 4096)
    assert row["size"] > 0
    assert row["expires_at"] > (await client.get("/api/tags"))["models"][0]["modified_at"]


async def test_a_model_and_an_alias_are_shown_with_what_they_can_do(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), big(capabilities=ABLE))
    shown = await client.post("/api/show", {"name": "small"})
    assert shown["capabilities"] == ["completion"]
    assert shown["model_info"]["general.architecture"] == "plain"
    assert shown["model_info"]["plain.context_length"] == 4096
    alias = await client.post("/api/show", {"model": "auto"})
    assert alias["capabilities"] == ["completion", "tools", "vision", "thinking"]


async def test_it_says_that_it_runs_and_which_api_it_speaks(client: Client) -> None:
    async with client.http.get("/") as response:
        assert await response.text() == "Ollama is running"
    async with client.http.head("/") as response:
        assert response.status == 200
    async with client.http.get("/api/version") as response:
        assert (await response.json())["version"].count(".") == 2
        assert response.headers["x-dispatch-version"]


async def test_a_pull_tells_how_far_it_is_in_words_that_clients_know(client: Client) -> None:
    admin = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.post("/api/pull", json={"model": "small"}, headers=admin) as response:
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    assert [line["status"] for line in lines][-3:] == ["verifying sha256 digest", "writing manifest", "success"]
    assert lines[0] == {"status": "pulling manifest"}
    assert lines[1]["completed"] == lines[1]["total"]
    assert lines[1]["digest"].startswith("sha256:")
    async with client.http.post("/api/pull", json={"model": "nobody"}, headers=admin) as response:
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    assert "not found" in lines[-1]["error"]
    for body, status in (({"name": "small", "stream": False}, 200), ({"model": "nobody", "stream": False}, 404)):
        async with client.http.post("/api/pull", json=body, headers=admin) as response:
            assert response.status == status
    assert "admin" in (await client.post("/api/pull", {"model": "small"}, expect=403))["error"]


async def test_what_changes_models_is_refused_with_where_it_is_done(client: Client) -> None:
    for method, path in (("POST", "/api/create"), ("POST", "/api/copy"), ("DELETE", "/api/delete")):
        async with client.http.request(method, path, json={"model": "x"}) as response:
            assert response.status == 403
            assert "/api/models" in (await response.json())["error"]


async def test_whoever_has_no_token_is_told_where_clients_of_ollama_take_it(client: Client) -> None:
    for key in ("Bearer ", "Bearer wrong"):
        async with client.http.get("/api/tags", headers={"Authorization": key}) as response:
            assert response.status == 401
            assert "OLLAMA_API_KEY" in (await response.json())["error"]
    async with client.http.get("/api/chat") as response:
        assert response.status == 405
        assert isinstance((await response.json())["error"], str)

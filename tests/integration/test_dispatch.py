"""POST /api/dispatch, end to end over child processes."""

import json

import aiohttp
import pytest

from tests.fakes.behaviour import mark
from tests.integration.conftest import Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import big, quality, spec

SEED_BODY = (
    '{"prompt":"Write a haiku about queues.","taskType":"text-generation","complexity":"medium",'
    '"requirements":{"maxTokens":1000,"timeout":30}}'
)


async def test_the_body_that_n8n_users_write_is_taken_byte_for_byte(client: Client) -> None:
    headers = {"Content-Type": "application/json"}
    async with client.http.post("/api/dispatch", data=SEED_BODY, headers=headers) as response:
        reply = await response.json()
    assert response.status == 200, reply
    assert reply["text"].startswith("You said 5 words")
    assert (reply["task_type"], reply["complexity"]) == ("text-generation", "medium")


async def test_the_answer_comes_with_who_gave_it_why_and_what_it_took(client: Client) -> None:
    reply = await client.ask("What is the capital of France?")
    assert reply["model"] == reply["decision"]["model"] in ("small", "big")
    assert reply["model"] in reply["decision"]["why"]
    assert reply["task_type"] == "question-answering"
    assert reply["usage"]["completion_tokens"] > 0
    assert 0 < reply["timing"]["load_s"] <= reply["timing"]["first_token_s"] <= reply["timing"]["total_s"]
    assert reply["attempts"] == [
        {"model": reply["model"], "succeeded": True, "error": None, "total_s": reply["attempts"][0]["total_s"]}
    ]
    assert reply["decision"]["runner_up"]["model"] != reply["model"]


async def test_the_second_time_the_model_is_warm(client: Client) -> None:
    first = await client.ask()
    second = await client.ask()
    assert (first["decision"]["way"], second["decision"]["way"]) == ("load", "warm")
    assert second["timing"]["load_s"] < 0.05


async def test_a_pinned_model_answers_and_auto_leaves_the_choice_free(client: Client) -> None:
    for model in ("small", "big"):
        assert (await client.ask(model=model))["model"] == model
    assert (await client.ask(model="auto"))["decision"]["runner_up"] is not None


async def test_the_objective_decides_between_quick_and_good(client: Client) -> None:
    await client.ask(model="small")
    await client.ask(model="big")
    hard = {"task_type": "reasoning", "complexity": "high"}
    assert (await client.ask(**hard, objective="best"))["model"] == "big"
    assert (await client.ask(task_type="classification", complexity="low", objective="fastest"))["model"] == "small"


async def test_a_chat_is_taken_as_messages(client: Client) -> None:
    turns = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": "two"},
    ]
    reply = await client.post("/api/dispatch", {"messages": turns, "system": "Be brief."})
    assert "ending in «two»" in reply["text"]
    assert reply["task_type"] == "chat"


async def test_a_schema_is_held_and_the_value_comes_parsed(client: Client) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    reply = await client.ask(requirements={"format": schema})
    assert isinstance(reply["json"]["age"], int)
    assert json.loads(reply["text"]) == reply["json"]


async def test_an_answer_that_is_not_the_asked_json_is_asked_for_again_then_elsewhere_and_then_said_so(
    client: Client,
) -> None:
    broken = mark(answer="no json here")
    reply = await client.ask(f"hello {broken}", expect=502, requirements={"format": "json"})
    assert reply["error"]["code"] == "invalid_answer"
    assert reply["error"]["origin"] == "runtime"
    stored = await _stored(client, reply["error"]["dispatch_id"])
    models = [attempt["model"] for attempt in stored["attempts"]]
    assert models in (["small", "small", "big"], ["big", "big", "small"])


async def test_a_model_that_is_told_what_was_wrong_with_its_answer_may_mend_it(client: Client) -> None:
    said = mark(answer="no json here", mended='{"age": 3}')
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    reply = await client.ask(f"hello {said}", model="small", requirements={"format": schema})
    assert reply["json"] == {"age": 3}
    tried = [(attempt["model"], attempt["error"]) for attempt in reply["attempts"]]
    assert tried == [("small", "invalid_answer"), ("small", None)]


async def test_an_answer_that_was_cut_is_not_asked_for_again(client: Client) -> None:
    wants = {"format": "json", "max_tokens": 1}
    reply = await client.ask(f"hello {mark(answer='[1, 2, 3]')}", 422, model="small", requirements=wants)
    assert (reply["error"]["code"], reply["error"]["retryable"]) == ("answer_cut", False)
    assert "max_tokens" in reply["error"]["message"]
    assert len((await _stored(client, reply["error"]["dispatch_id"]))["attempts"]) == 1


async def test_the_longest_answer_is_kept_to(client: Client) -> None:
    reply = await client.ask(requirements={"max_tokens": 3})
    assert reply["usage"]["completion_tokens"] == 3
    assert reply["finish_reason"] == "length"


async def test_explaining_runs_nothing_and_records_nothing(client: Client) -> None:
    reply = await client.post("/api/explain", {"prompt": "Summarize this: a b c"})
    assert reply["task_type"] == "summarization"
    assert reply["decision"]["way"] == "load"
    assert (await client.get("/api/containers"))["containers"] == []
    assert (await client.get("/api/performance"))["rows"] == []


async def test_what_is_explained_is_what_is_then_done(client: Client) -> None:
    explained = await client.post("/api/explain", {"prompt": "Summarize this: a b c"})
    done = await client.ask("Summarize this: a b c")
    assert done["model"] == explained["decision"]["model"]
    assert done["decision"]["options"] == explained["decision"]["options"]


async def test_every_dispatch_is_recorded_without_its_text(client: Client) -> None:
    context = {"workflow_id": "w1", "node_id": "n1", "execution_id": "7", "item_index": 2}
    reply = await client.ask("Name the canary Zyxwv.", context=context)
    stored = await _stored(client, reply["dispatch_id"])
    assert (stored["ending"], stored["model"], stored["workflow_id"]) == ("succeeded", reply["model"], "w1")
    assert stored["prompt_chars"] == len("Name the canary Zyxwv.")
    assert stored["decision"]["why"] == reply["decision"]["why"]
    assert "Zyxwv" not in json.dumps(stored)


async def test_performance_sums_up_by_what_is_asked(client: Client) -> None:
    for index in range(3):
        await client.ask(model="small", context={"workflow_id": f"w{index % 2}"})

    async def rows() -> list[dict[str, object]]:
        found = (await client.get("/api/performance?group_by=workflow&since=1h"))["rows"]
        return found if sum(row["dispatches"] for row in found) == 3 else []

    by_workflow = {row["key"]: row["dispatches"] for row in await until(rows, "three recorded dispatches")}
    assert by_workflow == {"w0": 2, "w1": 1}


@pytest.mark.heavy
async def test_who_streams_is_told_what_is_waited_for(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(load_s=3.0), behaviour={"load_s": 2.5})
    events = await _events(client, {"prompt": "Name a colour.", "stream": True})
    waiting = [data for name, data in events if name == "waiting"]
    assert waiting
    assert (waiting[0]["model"], waiting[0]["ahead"], waiting[0]["fetching"]) == ("small", 1, None)
    assert waiting[0]["state"] in ("creating", "loading")
    assert 0 < waiting[0]["ready_in_s"] <= 3.0
    assert waiting[0]["waited_s"] >= 1.0
    assert [name for name, _ in events][-1] == "done"


@pytest.mark.heavy
async def test_a_start_that_fails_while_its_waiting_is_streamed_ends_with_an_error(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), behaviour={"load_s": 60}, start_timeout_s=1.5)
    events = await _events(client, {"prompt": "Name a colour.", "stream": True})
    assert events[0][0] == "waiting"
    (name, data) = events[-1]
    assert (name, data["error"]["code"]) == ("error", "replica_start_failed")


async def test_an_answer_is_streamed_piece_by_piece_and_ends_with_the_whole(client: Client) -> None:
    events = await _events(client, {"prompt": "Name a colour.", "stream": True})
    names = [name for name, _ in events if name != "waiting"]  # which a slow machine may send while it loads
    assert names[-1] == "done"
    assert set(names[:-1]) == {"text"}
    assert len(names) > 3
    assert "".join(data["text"] for name, data in events if name == "text") == events[-1][1]["text"]


async def test_a_fault_before_the_first_piece_is_a_status_and_after_it_an_event(client: Client) -> None:
    await client.ask(model="small")  # so that there is no wait to be told of
    early = mark(fault="status", status=500)
    await client.post("/api/dispatch", {"prompt": f"x {early}", "model": "small", "stream": True}, expect=502)
    late = mark(fault="cut_midway")
    events = await _events(client, {"prompt": f"x {late}", "model": "small", "stream": True})
    assert [name for name, _ in events if name != "waiting"] == ["text", "text", "error"]
    error = events[-1][1]["error"]
    assert (error["code"], error["incomplete"]) == ("runtime_incomplete", True)


async def test_a_model_that_fails_is_followed_by_the_next_on_the_same_deadline(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec("first", quality=quality(0.99)), big("second", quality=quality(0.5)))
    failing = mark(fault="status", status=500, model="first")
    reply = await client.ask(f"x {failing}")
    assert reply["model"] == "second"
    assert [(attempt["model"], attempt["error"]) for attempt in reply["attempts"]] == [
        ("first", "runtime_fault"),
        ("second", None),
    ]


async def test_an_answer_that_breaks_off_before_anything_was_sent_is_asked_for_once_more(client: Client) -> None:
    broken = f"x {mark(fault='cut_midway')}"
    reply = await client.ask(broken, model="small", expect=502)
    assert reply["error"]["code"] == "runtime_incomplete"
    attempts = (await _stored(client, reply["error"]["dispatch_id"]))["attempts"]
    assert [attempt["error"] for attempt in attempts] == ["runtime_incomplete"] * 2


async def _stored(client: Client, dispatch_id: str) -> dict[str, object]:
    async def row() -> dict[str, object] | None:
        async with client.http.get(f"/api/dispatches/{dispatch_id}") as response:
            return await response.json() if response.status == 200 else None

    return await until(row, f"{dispatch_id} in the log")


async def _events(client: Client, body: object) -> list[tuple[str, dict[str, object]]]:
    async with client.http.post("/api/dispatch", json=body) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        blocks = (await response.text()).strip().split("\n\n")
    parsed = [block.split("\n", 1) for block in blocks]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in parsed]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"'])
async def test_what_is_not_a_json_object_is_told_so(client: Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with client.http.post("/api/dispatch", data=body, headers=headers) as response:
        assert response.status in (400, 422)
        assert (await response.json())["error"]["message"]


async def test_after_a_bad_request_the_next_one_is_fine(client: Client) -> None:
    await client.ask("  ", expect=422)
    assert (await client.ask())["text"]


async def test_a_caller_is_told_the_id_of_a_dispatch_that_failed(client: Client) -> None:
    reply = await client.ask(model="nobody", expect=404)
    assert reply["error"]["dispatch_id"].startswith("d_")
    assert "small" in reply["error"]["message"]


async def test_the_connection_can_be_used_again(client: Client) -> None:
    async with aiohttp.ClientSession(
        client.sidecar.base_url, connector=aiohttp.TCPConnector(limit=1), headers=client.http.headers
    ) as http:
        for _ in range(3):
            async with http.post("/api/dispatch", json={"prompt": "hi"}) as response:
                assert response.status == 200


async def test_the_log_says_what_was_seen_of_an_answer_and_where_it_ran(client: Client) -> None:
    where = {"workflowId": "w", "nodeId": "n", "executionId": "e", "itemIndex": 0, "runIndex": 3}
    reply = await client.ask(context=where, requirements={"format": "json", "max_tokens": 50})
    stored = await _stored(client, reply["dispatch_id"])
    assert (stored["run_index"], stored["max_tokens"], stored["source"]) == (3, 50, "caller")
    assert (stored["valid"], stored["empty"], stored["declined"]) == (True, False, False)
    assert (stored["threads"], stored["at_once"]) == (1, 1)
    assert reply["decision"]["explored"] is False
    assert stored["decision"] == reply["decision"]


async def test_a_model_that_declines_or_answers_out_of_shape_is_logged_as_such(client: Client) -> None:
    declined = await client.ask(f"Do it. {mark(answer='Sorry, I cannot help with that.')}")
    assert (await _stored(client, declined["dispatch_id"]))["declined"] is True
    wrong = await client.ask(mark(answer="no json"), expect=502, requirements={"format": "json"})
    stored = await _stored(client, wrong["error"]["dispatch_id"])
    assert (stored["valid"], stored["declined"]) == (False, False)


async def test_a_model_may_be_named_as_its_own_server_calls_it_and_an_alias_says_what_is_wanted(client: Client) -> None:
    assert (await client.ask(model="Small:latest"))["model"] == "small"
    assert (await client.ask(model="auto:code"))["task_type"] == "code-generation"
    assert (await client.ask(model="auto:code", taskType="chat"))["task_type"] == "chat"
    fast = await client.post("/api/explain", {"prompt": "hi", "model": "auto:fast"})
    assert fast["decision"]["objective"] == "fastest"
    refused = await client.ask(model="gpt-5-mini", expect=404)
    assert "auto:fast" in refused["error"]["message"]
    assert "small" in refused["error"]["message"]

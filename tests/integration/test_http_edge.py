"""The HTTP edge: who may call, what is refused, and how errors look."""

import asyncio
import io
import json

import aiohttp
import pytest

from tests.fakes.behaviour import mark
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import spec

ERROR_FIELDS = {"code", "message", "retryable", "retry_after_s", "feasible_in_s", "dispatch_id", "origin", "incomplete"}


async def request(client: Client, method: str, path: str, **options: object) -> tuple[int, JSON, dict[str, str]]:
    """Any request, with only the headers given."""
    async with (
        aiohttp.ClientSession(client.sidecar.base_url) as http,
        http.request(method, path, **options) as response,  # type: ignore[arg-type]
    ):
        text = await response.text()
        reply = json.loads(text) if text and "json" in response.content_type else {"text": text}
        return response.status, reply, dict(response.headers)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


CLOSED = [
    ("POST", "/api/dispatch"),
    ("POST", "/api/explain"),
    ("POST", "/api/jobs"),
    ("GET", "/api/jobs"),
    ("POST", "/api/jobs/collect"),
    ("POST", "/api/jobs/cancel"),
    ("GET", "/api/jobs/j_0"),
    ("DELETE", "/api/jobs/j_0"),
    ("GET", "/api/models"),
    ("POST", "/api/models"),
    ("GET", "/api/models/small"),
    ("PUT", "/api/models/small"),
    ("PATCH", "/api/models/small"),
    ("DELETE", "/api/models/small"),
    ("POST", "/api/models/small/pull"),
    ("POST", "/api/models/small/start"),
    ("POST", "/api/models/small/calibrate"),
    ("POST", "/api/models/small/stop"),
    ("POST", "/api/containers/d_0/stop"),
    ("GET", "/api/containers"),
    ("GET", "/api/performance"),
    ("GET", "/api/dispatches/d_0"),
    ("POST", "/api/feedback"),
    ("POST", "/api/optimizer/run"),
    ("GET", "/api/rules"),
    ("POST", "/api/rules"),
    ("POST", "/api/rules/d_0/apply"),
    ("POST", "/api/rules/d_0/rollback"),
    ("GET", "/api/rankers"),
    ("POST", "/api/rankers/d_0/evaluate"),
    ("POST", "/api/rankers/d_0/promote"),
    ("POST", "/api/rankers/d_0/rollback"),
    ("GET", "/api/prompt-variants"),
    ("POST", "/api/prompt-variants"),
    ("POST", "/api/prompt-variants/plain/chat/1/promote"),
    ("POST", "/api/prompt-variants/plain/chat/1/retire"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/responses"),
    ("GET", "/v1/responses/d_0"),
    ("DELETE", "/v1/responses/d_0"),
    ("POST", "/v1/completions"),
    ("POST", "/v1/embeddings"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/small"),
    ("GET", "/metrics"),
    ("POST", "/api/chat"),
    ("POST", "/api/generate"),
    ("POST", "/api/embed"),
    ("POST", "/api/embeddings"),
    ("GET", "/api/tags"),
    ("GET", "/api/ps"),
    ("POST", "/api/show"),
    ("POST", "/api/pull"),
    ("GET", "/api/version"),
]
REFUSED = [
    ("POST", "/api/create"),
    ("POST", "/api/copy"),
    ("DELETE", "/api/delete"),
    ("POST", "/api/push"),
    ("POST", "/api/blobs/sha256:0"),
    ("HEAD", "/api/blobs/sha256:0"),
]
OPEN = [("GET", "/health"), ("GET", "/ready"), ("GET", "/openapi.json"), ("GET", "/"), ("HEAD", "/")]
OF_OLLAMA = ("/api/chat", "/api/generate", "/api/show", "/api/embed")
DISPATCH = ("/api/dispatch", "/api/explain", "/api/jobs", "/api/feedback", "/v1/", *OF_OLLAMA)


def template(path: str) -> str:
    """The route that a path of the lists above belongs to."""
    path = path.replace("/plain/chat/1", "/{family}/{task_type}/{version}").replace("/sha256:0", "/{digest}")
    return path.replace("/small", "/{id}").replace("/d_0", "/{id}").replace("/j_0", "/{id}")


async def test_every_route_is_listed_here_so_that_none_is_open_by_mistake(client: Client) -> None:
    document = await client.get("/openapi.json")
    served = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    listed = {(method, template(path)) for method, path in CLOSED + REFUSED + OPEN}
    assert served == listed


_GUARDED = CLOSED + REFUSED


async def test_without_the_right_token_nothing_is_told(client: Client) -> None:
    for method, path in _GUARDED:
        good = client.token("dispatch")
        for headers in (
            {},
            bearer(""),
            bearer("x" * 43),
            bearer(good[:-1]),
            {"Authorization": good},
            bearer(good + "é"),
        ):
            status, _, told = await request(client, method, path, headers=headers)
            assert (status, told["x-dispatch-error"]) == (401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), OPEN)
async def test_health_and_description_are_open(client: Client, method: str, path: str) -> None:
    status, _, _ = await request(client, method, path)
    assert status == 200


async def test_the_dispatch_token_reaches_no_admin_route_and_the_admin_token_reaches_all(client: Client) -> None:
    document = await client.get("/openapi.json")
    for method, path in CLOSED:
        told = document["paths"][template(path)][method.lower()]["description"]
        is_admins = method != "GET" and not path.startswith(DISPATCH)
        assert ("scope admin" in told) == is_admins
        if is_admins:
            status, _, found = await request(client, method, path, headers=bearer(client.token("dispatch")))
            assert (status, found["x-dispatch-error"]) == (403, "forbidden"), path
    for method, path in CLOSED:
        status, _, _ = await request(client, method, path, headers=bearer(client.token("admin")))
        assert status not in (401, 403), path
    for method, path in REFUSED:
        status, _, _ = await request(client, method, path, headers=bearer(client.token("admin")))
        assert status == 403, path


async def test_the_token_files_are_for_this_user_only(client: Client) -> None:
    for name in ("admin.token", "dispatch.token", "ai-dispatch.db"):
        assert (client.folder / name).stat().st_mode & 0o077 == 0, name


async def test_without_tokens_only_loopback_is_served(start_sidecar: StartSidecar) -> None:
    with pytest.raises(Exception, match="AI_DISPATCH_HOST must be loopback"):
        await start_sidecar(spec(), auth="none", host="0.0.0.0")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.",
        "a@localhost",
        "",
        "[::2]",
        "localhost:1:2",
        "127.0.0.1 x",
    ],
)
async def test_a_host_name_of_someone_else_is_turned_away_whatever_the_token(client: Client, host: str) -> None:
    headers = {**bearer(client.token("admin")), "Host": host}
    status, _, _ = await request(client, "GET", "/api/models", headers=headers)
    assert status in (400, 421)


async def test_two_host_headers_are_turned_away(client: Client) -> None:
    port = int(client.sidecar.base_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.split(b" ")[1] in (b"400", b"421")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": " \n"}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": "a" * 1001}, "AI_DISPATCH_PROMPT_CHARS_MAX"),
        ({"messages": [{"role": "user", "content": "x"}]}, "not both"),
        ({"prompt": None, "messages": []}, "messages"),
        ({"prompt": None, "messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role"),
        ({"taskType": "poetry"}, "taskType"),
        ({"task_type": 3}, "task_type"),
        ({"complexity": "extreme"}, "complexity"),
        ({"objective": "cool"}, "objective"),
        ({"taks_type": "chat"}, "taks_type"),
        ({"model": "nobody"}, "model"),
        ({"model": ""}, "model"),
        ({"requirements": []}, "requirements"),
        ({"requirements": {"timeout": 0}}, "requirements.timeout"),
        ({"requirements": {"timeout": -1}}, "requirements.timeout"),
        ({"requirements": {"timeout": "30"}}, "requirements.timeout"),
        ({"requirements": {"timeout": 10_000}}, "AI_DISPATCH_TIMEOUT_MAX_S"),
        ({"requirements": {"timeout": 0.01}}, "requirements.timeout"),
        ({"requirements": {"maxTokens": 0}}, "requirements.maxTokens"),
        ({"requirements": {"maxTokens": 1.5}}, "requirements.maxTokens"),
        ({"requirements": {"maxTokens": True}}, "requirements.maxTokens"),
        ({"requirements": {"max_tokens": 10**30}}, "requirements.max_tokens"),
        ({"requirements": {"min_quality": 2}}, "requirements.min_quality"),
        ({"requirements": {"min_quality": 0.999}}, "min_quality"),
        ({"requirements": {"privacy": "secret"}}, "requirements.privacy"),
        ({"requirements": {"capabilities": ["flying"]}}, "requirements.capabilities"),
        ({"requirements": {"capabilities": ["vision"]}}, "vision"),
        ({"requirements": {"format": "xml"}}, "requirements.format"),
        ({"requirements": {"format": {"type": "nonsense"}}}, "requirements.format"),
        ({"requirements": {"surprise": 1}}, "requirements.surprise"),
        ({"context": {"item_index": -1}}, "context.item_index"),
        ({"stream": "yes"}, "stream"),
        ({"priority": 101}, "priority"),
        ({"requirements": {"on_infeasible": "hope"}}, "requirements.on_infeasible"),
    ],
)
async def test_bad_input_is_told_by_field_and_the_next_request_is_fine(
    start_sidecar: StartSidecar, change: JSON, named: str
) -> None:
    client = await start_sidecar(prompt_chars_max=1000)
    async with client.http.post("/api/dispatch", json={"prompt": "hi", **change}) as response:
        reply = await response.json()
    assert 400 <= response.status < 500 or reply["error"]["code"] == "deadline_infeasible"
    assert named in reply["error"]["message"]
    assert set(reply["error"]) == ERROR_FIELDS
    assert (await client.post("/api/explain", {"prompt": "hi"}))["decision"]["model"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 1_000_000, 400),
        (b'{"prompt":"a","requirements":{"format":' + b'{"not":' * 100 + b"{}" + b"}" * 100 + b"}}", 422),
        (b'{"prompt":"\xff\xfe"}', 400),
        (b'{"prompt":"a","requirements":{"timeout":NaN}}', 422),
        (b'{"prompt":"a","requirements":{"timeout":Infinity}}', 422),
        (b'{"prompt":"a","requirements":{"format":{"minimum":NaN}}}', 422),
        (b'{"prompt":"a","requirements":{"max_tokens":' + b"9" * 100_000 + b"}}", 400),
        (b'{"prompt":"\\ud800"}', 400),
        (b'{"prompt":"' + b"a" * 9_000_000 + b'"}', 413),
        (b"", 400),
        (b"null", 422),
    ],
)
async def test_hostile_json_is_refused_and_costs_nobody_else(client: Client, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    async with client.http.post("/api/dispatch", data=io.BytesIO(body), headers=headers) as response:
        reply = await response.json()
    assert response.status == status, reply
    assert len(reply["error"]["message"]) < 600
    assert (await client.get("/health"))["status"] == "ok"


async def test_other_media_types_and_compressed_bodies_are_refused(client: Client) -> None:
    token = bearer(client.token("dispatch"))
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/json", "Content-Encoding": "gzip"}):
        status, reply, _ = await request(client, "POST", "/api/dispatch", data=b"{}", headers={**token, **headers})
        assert (status, reply["error"]["code"]) == (415, "unsupported_media_type")


async def test_unknown_routes_and_methods_are_errors_of_the_same_shape(client: Client) -> None:
    for method, path, status, code in (
        ("GET", "/api/nothing", 404, "route_not_found"),
        ("DELETE", "/api/containers", 405, "method_not_allowed"),
        ("POST", "/api/models/nobody/pull", 404, "model_not_found"),
    ):
        found, reply, _ = await request(client, method, path, headers=bearer(client.token("admin")))
        assert (found, reply["error"]["code"]) == (status, code)
        assert set(reply["error"]) == ERROR_FIELDS


async def test_log_questions_that_make_no_sense_are_told(client: Client) -> None:
    for query, named in (("group_by=colour", "group_by"), ("since=yesterday", "since"), ("sinse=7d", "sinse")):
        reply = await client.get(f"/api/performance?{query}", expect=422)
        assert named in reply["error"]["message"]
    assert (await client.get("/api/dispatches/nope", expect=404))["error"]["code"] == "dispatch_not_found"


async def test_replies_say_that_they_are_not_pages_and_not_to_be_kept(client: Client) -> None:
    _, _, headers = await request(client, "GET", "/health")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


async def test_prompts_and_tokens_are_nowhere_on_disk_in_logs_or_metrics(
    client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = "Qxz-canary-41"
    await client.ask(f"Say {canary}", system=canary)
    await client.ask(f"Say {canary} {mark(fault='status', status=500)}", expect=502)
    await client.ask(f"Say {canary} {mark(answer=canary)}", expect=502, requirements={"format": "json"})
    await client.post("/api/dispatch", {"prompt": canary, "unknown": canary}, expect=422)
    await client.post("/api/dispatch", {"prompt": canary, "task_type": canary}, expect=422)
    async with client.http.get("/metrics") as response:
        metrics = await response.text()

    async def recorded() -> bool:
        rows = (await client.get("/api/performance"))["rows"]
        return sum(row["dispatches"] for row in rows) == 3

    await until(recorded, "three dispatches in the log")
    told = capfd.readouterr()
    await client.close()
    assert canary not in metrics
    assert canary not in told.out + told.err
    secrets = (canary.encode(), client.token("admin").encode(), client.token("dispatch").encode())
    for path in client.folder.rglob("*"):
        if path.is_file() and path.suffix != ".token":
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret in content], path


async def test_metric_labels_never_come_from_callers(client: Client) -> None:
    for index in range(20):
        await client.ask(model=f"invented-{index}", expect=404)
    async with client.http.get("/metrics") as response:
        assert "invented" not in await response.text()

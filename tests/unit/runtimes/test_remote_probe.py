"""Asking a remote model's server how it does, whatever it answers."""

import orjson
import pytest
from aiohttp import web

from dispatcher.core.model import RuntimeKind
from dispatcher.core.replica import Endpoint
from dispatcher.runtimes.remote_probe import RemoteProbe, Seen
from dispatcher.runtimes.session import new_session

GOOD = {"data": [{"id": "vendor/mini"}, {"id": 7}, "noise"]}


async def looked(status: int, body: bytes, kind: RuntimeKind = RuntimeKind.OPENAI, **headers: str) -> Seen:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers=headers)

    app = web.Application()
    app.router.add_get("/v1/models", answer)
    app.router.add_get("/api/tags", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    endpoint = Endpoint(base_url, "key", model="vendor/mini", is_foreign=True)
    try:
        async with new_session() as session:
            return await RemoteProbe(session).look(endpoint, kind)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("body", [GOOD, GOOD["data"], {"data": [{"id": "models/vendor/mini"}]}])
async def test_a_list_that_has_the_model_is_all_one_could_wish(body: object) -> None:
    assert await looked(200, orjson.dumps(body)) == Seen()


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (200, b'{"data": []}', "doesn't list"),
        (200, b"<html>", "no list of models"),
        (200, b'{"data": 7}', "no list of models"),
        (200, b"[" * 100_000, "no list of models"),
        (200, b" " * (8 * 1024 * 1024 + 1), "no list of models"),
        (404, b"", "has no list"),
        (405, b"", "has no list"),
    ],
)
async def test_what_is_odd_is_remarked_on_and_forbids_nothing(status: int, body: bytes, word: str) -> None:
    seen = await looked(status, body)
    assert seen.why_not is None
    assert word in (seen.remark or "")


@pytest.mark.parametrize(
    ("status", "word"), [(401, "api_key"), (403, "api_key"), (302, "elsewhere"), (500, "unwell"), (503, "unwell")]
)
async def test_what_cant_work_is_told(status: int, word: str) -> None:
    assert word in ((await looked(status, b"")).why_not or "")


async def test_a_server_that_wants_to_be_left_alone_is() -> None:
    assert await looked(429, b"", **{"Retry-After": "90"}) == Seen(again_s=90.0)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"models": [{"name": "other"}]}', "ollama pull vendor/mini"),
        (b"no", "is it an Ollama?"),
        (b'{"data": []}', "is it an Ollama?"),
    ],
)
async def test_of_an_ollama_the_list_is_the_truth(body: bytes, word: str) -> None:
    assert word in ((await looked(200, body, RuntimeKind.OLLAMA)).why_not or "")
    assert await looked(200, b'{"models": [{"name": "vendor/mini:latest"}]}', RuntimeKind.OLLAMA) == Seen()


async def test_nobody_there_is_told_without_a_word_of_the_key() -> None:
    endpoint = Endpoint("http://127.0.0.1:1", "sk-canary", model="m", is_foreign=True)
    async with new_session() as session:
        seen = await RemoteProbe(session).look(endpoint, RuntimeKind.OPENAI)
    assert "nothing listens there" in (seen.why_not or "")
    assert "canary" not in repr((seen, endpoint))

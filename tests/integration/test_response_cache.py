"""Answers given again to callers who want the same."""

from typing import Any

import pytest

from tests.integration.conftest import Client, StartSidecar

COLD: dict[str, Any] = {"requirements": {"temperature": 0}, "cache": True}


async def cached(client: Client, prompt: str, **body: Any) -> tuple[str | None, dict[str, Any]]:
    """What the header says, and the reply."""
    async with client.http.post("/api/dispatch", json={"prompt": prompt, **body}) as response:
        assert response.status == 200
        return response.headers.get("x-dispatch-cache"), await response.json()


async def test_the_same_request_gets_the_same_answer_without_a_dispatch(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(response_cache_mib=1)
    first = await cached(client, "Name a colour.", **COLD)
    again = await cached(client, "Name a colour.", **COLD)
    assert (first[0], again[0]) == ("miss", "hit")
    assert again[1] == first[1]
    assert again[1]["dispatch_id"] == first[1]["dispatch_id"]


async def test_whatever_shapes_an_answer_makes_it_another(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(response_cache_mib=1)
    await cached(client, "Name a colour.", **COLD)
    others: list[dict[str, Any]] = [
        {"system": "Be brief."},
        {"model": "big"},
        {"requirements": {"temperature": 0, "max_tokens": 3}},
        {"requirements": {"temperature": 0, "format": "json"}},
    ]
    for other in others:
        assert (await cached(client, "Name a colour.", **{**COLD, **other}))[0] == "miss"
    same = {"priority": 5, "context": {"workflow_id": "w"}, "requirements": {"temperature": 0, "timeout": 77}}
    assert (await cached(client, "Name a colour.", **{**COLD, **same}))[0] == "hit"


async def test_chance_and_callers_who_do_not_ask_for_it_are_never_answered_from_memory(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(response_cache_mib=1)
    for expected in ("bypass", "bypass"):
        assert (await cached(client, "Name a colour.", cache=True))[0] == expected
    for _ in range(2):
        verdict, _reply = await cached(client, "Name a colour.", requirements={"temperature": 0})
        assert verdict is None


async def test_nothing_is_kept_unless_the_owner_lends_memory(client: Client) -> None:
    for _ in range(2):
        assert (await cached(client, "Name a colour.", **COLD))[0] == "bypass"


async def test_the_two_tokens_do_not_share_answers(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(response_cache_mib=1)
    await cached(client, "Name a colour.", **COLD)
    admin = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.post("/api/dispatch", json={"prompt": "Name a colour.", **COLD}, headers=admin) as response:
        assert response.headers["x-dispatch-cache"] == "miss"


async def test_a_model_that_was_disabled_answers_no_more_from_memory(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(response_cache_mib=1)
    _verdict, reply = await cached(client, "Name a colour.", **COLD)
    admin = {"Authorization": f"Bearer {client.token('admin')}"}
    path = f"/api/models/{reply['model']}"
    async with client.http.patch(path, json={"enabled": False}, headers=admin) as response:
        assert response.status == 200
    assert (await cached(client, "Name a colour.", **COLD))[0] == "miss"


@pytest.mark.heavy
async def test_what_was_unused_for_longest_goes_when_there_is_no_room(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(response_cache_mib=1)
    for number in range(140):  # more than a hundred fill the MiB
        await cached(client, f"Say {number}.", **COLD)
    assert (await cached(client, "Say 139.", **COLD))[0] == "hit"
    assert (await cached(client, "Say 0.", **COLD))[0] == "miss"
    async with client.http.get("/metrics", headers={"Authorization": f"Bearer {client.token('admin')}"}) as response:
        lines = (await response.text()).splitlines()
    held = next(float(line.split()[1]) for line in lines if line.startswith("ai_dispatch_response_cache_bytes "))
    assert 0 < held <= 2**20

"""Prompt variants over HTTP: entered by an admin, said to models, logged, learned from, kept over a restart."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import spec

BRIEF = {"task_type": "classification", "system": "Answer with the label only."}
ONE = "/api/prompt-variants/any/classification/1"


def admin(client: Client) -> Client:
    """The same sidecar for its admin."""
    client.http.headers["Authorization"] = f"Bearer {client.token('admin')}"
    return replace(client)


async def live(client: Client) -> None:
    """Have the variant said to all."""
    await client.post("/api/prompt-variants", BRIEF, 201)
    for state in ("canary", "live"):
        assert (await client.post(f"{ONE}/promote", None))["state"] == state


async def listed(client: Client) -> JSON:
    """The variant as it is listed."""
    told = (await client.get("/api/prompt-variants"))["variants"]
    found: JSON = next(one for one in told if (one["family"], one["task_type"]) == ("any", "classification"))
    return found


async def classify(client: Client, **more: object) -> JSON:
    return await client.ask("Is this good or bad: rain", task_type="classification", **more)


async def test_what_is_live_is_said_to_the_model_and_the_reply_says_so(start_sidecar: StartSidecar) -> None:
    client = admin(await start_sidecar(spec(), exploration=0))
    plain = await classify(client)
    assert plain["decision"]["prompt_variant"] is None
    await live(client)
    put = await classify(client)
    assert put["decision"]["prompt_variant"] == {
        "family": "any", "task_type": "classification", "version": 1, "propensity": 1.0,
    }  # fmt: skip
    assert put["usage"]["prompt_tokens"] == plain["usage"]["prompt_tokens"] + 5 + 3  # its words, and a message's frame
    assert put["text"] == plain["text"]
    explained = await client.post("/api/explain", {"prompt": "Good or bad?", "task_type": "classification"})
    assert explained["decision"]["prompt_variant"]["version"] == 1
    assert (await classify(client, system="Be kind."))["decision"]["prompt_variant"] is None
    assert (await client.ask("Hello", task_type="chat"))["decision"]["prompt_variant"] is None
    await client.post(f"{ONE}/retire", None)
    assert (await classify(client))["usage"] == plain["usage"]


async def test_the_log_keeps_which_one_it_was_and_outcomes_count_for_it(
    start_sidecar: StartSidecar, tmp_path: Path
) -> None:
    client = admin(await start_sidecar(spec(), exploration=0.2))
    await live(client)
    drawn = [await classify(client) for _ in range(30)]
    versions = [reply["decision"]["prompt_variant"]["version"] for reply in drawn]
    assert set(versions) <= {0, 1}
    chances = {reply["decision"]["prompt_variant"]["propensity"] for reply in drawn}
    assert all(any(abs(chance - known) < 1e-9 for known in (0.2, 0.8)) for chance in chances)
    await client.close()
    again = admin(await start_sidecar(spec(), folder=tmp_path, exploration=0.2))
    record = await again.get(f"/api/dispatches/{drawn[0]['dispatch_id']}")
    assert record["decision"]["prompt_variant"] == drawn[0]["decision"]["prompt_variant"]

    async def learned() -> bool:
        variant = await listed(again)
        counts = variant["score"]["dispatches"], variant["against"]["dispatches"]
        return counts == (versions.count(1), versions.count(0))

    await until(learned, "all that is in the log counts again")


@pytest.mark.heavy
async def test_what_callers_say_of_answers_takes_a_variant_live(start_sidecar: StartSidecar) -> None:
    """Nobody promotes it: it is tried, does better, goes on trial, and goes live."""
    client = admin(await start_sidecar(spec(), exploration=0.2, feedback_daily_max=100_000))
    await client.post("/api/prompt-variants", BRIEF, 201)

    async def one() -> None:
        reply = await classify(client)
        put = reply["decision"]["prompt_variant"]
        score = 0.9 if put["version"] else 0.2
        await client.post("/api/feedback", {"dispatch_id": reply["dispatch_id"], "score": score})

    async def is_live() -> bool:
        await asyncio.gather(*(one() for _ in range(20)))
        found: bool = (await listed(client))["state"] == "live"
        return found

    await until(is_live, "it is live", within_s=90.0)
    assert "provably better" in (await listed(client))["why"]


async def test_texts_are_said_as_they_are(start_sidecar: StartSidecar) -> None:
    client = admin(await start_sidecar(spec(family="gemma"), exploration=0))
    await client.post("/api/prompt-variants", {"system": "{0} %s {{ x }}", "family": "gemma"}, 201)
    for _ in range(2):
        await client.post("/api/prompt-variants/gemma/any/1/promote", None)
    prompt = "{} %(y)s ${z} 🦕"
    assert f"{len('{0} %s {{ x }}') + 2 + len(prompt)} characters" in (await client.ask(prompt))["text"]


async def test_only_an_admin_may_and_what_is_wrong_is_said(client: Client) -> None:
    shipped = (await client.get("/api/prompt-variants"))["variants"]
    assert {(one["version"], one["state"], one["why"]) for one in shipped} == {
        (1, "candidate", "comes with the package"),
    }
    await client.post("/api/prompt-variants", BRIEF, 403)
    await client.post(f"{ONE}/promote", None, 403)
    owner = admin(client)
    for body, named in (
        ({}, "it says nothing"),
        ({"system": ""}, "system"),
        ({"system": "x" * 4001}, "system"),
        ({"system": "x" * 2001, "json_instruction": "x" * 2000}, "4000"),
        ({"system": "x", "task_type": "auto"}, "task_type"),
        ({"system": "x", "family": "a/b"}, "family"),
        ({"system": "x", "examples": [{"user": "a"}]}, "examples.0.assistant"),
        ({"system": "x", "state": "live"}, "state"),
    ):
        assert named in (await owner.post("/api/prompt-variants", body, 422))["error"]["message"]
    for version in ("1", "one", "-1", "9" * 30):
        reply = await owner.post(f"/api/prompt-variants/any/chat/{version}/retire", None, 404)
        assert reply["error"]["code"] == "prompt_variant_not_found"
    await live(owner)
    assert (await owner.post(f"{ONE}/promote", None, 409))["error"]["code"] == "prompt_variant_conflict"

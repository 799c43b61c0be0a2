"""POST /api/feedback, end to end."""

import aiohttp

from tests.integration.conftest import Client, StartSidecar
from tests.unit.core.builders import spec


async def test_an_answer_is_judged_right_after_it_was_given_in_either_spelling(client: Client) -> None:
    answered = await client.ask()
    told = await client.post("/api/feedback", {"dispatchId": answered["dispatch_id"], "score": 0.25})
    assert told == {"dispatch_id": answered["dispatch_id"], "source": "user", "score": 0.25, "counted": True}
    body = {"dispatch_id": answered["dispatch_id"], "score": 0, "source": "next_step", "comment": "no such order"}
    assert (await client.post("/api/feedback", body))["counted"] is True
    user, next_step = (await client.get(f"/api/dispatches/{answered['dispatch_id']}"))["feedback"]
    assert (user["source"], user["score"], user["token"], user["comment"]) == ("user", 0.25, "dispatch", None)
    assert (next_step["source"], next_step["comment"], next_step["counted"]) == ("next_step", "no such order", True)


async def test_the_same_word_again_takes_no_more_of_the_daily_share(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), feedback_daily_max=2)
    names = [(await client.ask())["dispatch_id"] for _ in range(3)]
    said = [names[0], names[0], names[1], names[2], names[0]]
    counted = [(await client.post("/api/feedback", {"dispatch_id": name, "score": 1}))["counted"] for name in said]
    assert counted == [True, True, True, False, True]
    admin = {"Authorization": f"Bearer {client.token('admin')}"}
    async with aiohttp.ClientSession(client.sidecar.base_url, headers=admin) as http:
        response = await http.post("/api/feedback", json={"dispatch_id": names[2], "score": 1})
        assert (await response.json())["counted"] is True
    async with client.http.get("/metrics") as response:
        assert 'ai_dispatch_feedback_total{counted="no",source="user"} 1.0' in await response.text()


async def test_what_cannot_be_taken_is_told_with_field_and_fix(client: Client) -> None:
    name = (await client.ask())["dispatch_id"]
    unknown = await client.post("/api/feedback", {"dispatch_id": "d_0", "score": 1}, expect=404)
    assert unknown["error"]["code"] == "dispatch_not_found"
    assert "dispatch_id" in unknown["error"]["message"]
    for body in (
        {"dispatch_id": name, "score": 1.01},
        {"dispatch_id": name, "score": "1"},
        {"dispatch_id": name},
        {"dispatch_id": name, "score": 1, "source": "gossip"},
        {"dispatch_id": name, "score": 1, "comment": "x" * 501},
        {"dispatch_id": name, "score": 1, "weight": 10},
    ):
        assert (await client.post("/api/feedback", body, expect=422))["error"]["code"] == "invalid_request"

"""What callers said of answers, and how long they took, changes what is expected and chosen."""

import pytest

from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import big, quality, spec

pytestmark = pytest.mark.heavy

HERE = {"workflow_id": "mails", "node_id": "sort"}
ELSEWHERE = {"workflow_id": "mails", "node_id": "write"}
HARD = {"task_type": "reasoning", "complexity": "high", "objective": "best"}


async def explain(client: Client, **body: object) -> JSON:
    reply: JSON = (await client.post("/api/explain", {"prompt": "Which is larger?", **body}))["decision"]
    return reply


async def judge(client: Client, model: str, score: float, times: int, context: JSON) -> None:
    for _ in range(times):
        reply = await client.ask("Which is larger?", model=model, context=context, **HARD)
        await client.post("/api/feedback", {"dispatch_id": reply["dispatch_id"], "score": score})


async def test_a_node_comes_to_be_served_by_the_small_model_that_was_good_enough_there(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(spec("small", quality=quality(0.5)), big("big", quality=quality(0.8)), exploration=0)
    assert (await explain(client, context=HERE, **HARD))["model"] == "big"
    await judge(client, "small", 1.0, 25, HERE)
    await judge(client, "big", 0.6, 10, HERE)

    async def is_small() -> bool:
        return bool((await explain(client, context=HERE, **HARD))["model"] == "small")

    await until(is_small, "small is chosen", within_s=20)
    assert (await explain(client, context=ELSEWHERE, **HARD))["model"] == "big"


async def test_forecasts_come_to_be_those_of_this_machine(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec("small", load_s=0.1), exploration=0)
    before = (await explain(client))["forecast"]["p50_s"]
    for _ in range(12):
        await client.ask()

    async def is_quicker() -> bool:
        return bool((await explain(client))["forecast"]["p50_s"] < before / 3)

    await until(is_quicker, "the forecast is this machine's", within_s=20)


async def test_what_was_learned_is_known_again_after_a_restart(start_sidecar: StartSidecar) -> None:
    models = spec("small", quality=quality(0.5)), big("big", quality=quality(0.8))
    client = await start_sidecar(*models, exploration=0)
    await judge(client, "small", 1.0, 25, HERE)
    await client.close()
    again = await start_sidecar(*models, folder=client.folder, exploration=0)

    async def is_known() -> bool:
        ranked = (await explain(again, context=HERE, **HARD))["options"]
        return any(one["model"] == "small" and one["forecast"]["quality"] > 0.7 for one in ranked)

    await until(is_known, "it is known", within_s=20)


async def test_a_model_with_other_weights_starts_from_nothing(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec("small", quality=quality(0.5)), big("big", quality=quality(0.8)), exploration=0)
    await judge(client, "small", 1.0, 25, HERE)

    async def quality_of_small() -> float:
        ranked = (await explain(client, context=HERE, **HARD))["options"]
        return float(next(one["forecast"]["quality"] for one in ranked if one["model"] == "small"))

    async def is_known() -> bool:
        return await quality_of_small() > 0.7

    await until(is_known, "it is known", within_s=20)
    entry = {"engine": "embedded", "reference": "big", "parameters_b": 0.1, "family": "other"}
    headers = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.put("/api/models/small", json={"id": "small", **entry}, headers=headers) as response:
        assert response.status == 200, await response.json()
    assert await quality_of_small() < 0.6


async def test_now_and_then_another_model_is_tried_and_its_chance_is_told_unless_the_caller_forbids_it(
    start_sidecar: StartSidecar,
) -> None:
    similar = spec("one", quality=quality(0.8), load_s=0.1), spec("two", quality=quality(0.79), load_s=0.1)
    client = await start_sidecar(*similar, exploration=0.2, seed=3)
    decisions = [(await client.ask())["decision"] for _ in range(80)]
    tried = [one for one in decisions if one["explored"]]
    assert 1 <= len(tried) <= 30
    assert all(0 < one["propensity"] < 0.5 for one in tried)
    assert all("tried to learn how it does" in one["why"] for one in tried)
    assert all(0.5 < one["propensity"] <= 1 for one in decisions if not one["explored"])
    quiet = [(await client.ask(explore=False))["decision"] for _ in range(20)]
    assert all(one["propensity"] == 1 and not one["explored"] for one in quiet)
    assert not any(one["explored"] for one in [(await client.ask(model="two"))["decision"] for _ in range(5)])


async def test_without_lightgbm_the_catalogue_speaks_and_feedback_still_counts(
    start_sidecar: StartSidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_libgomp() -> None:
        raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr("dispatcher.app_learning.load_prior_base", no_libgomp)
    client = await start_sidecar(spec("small", quality=quality(0.5)), big("big", quality=quality(0.8)), exploration=0)
    assert (await explain(client, context=HERE, **HARD))["forecast"]["quality"] == 0.8
    await judge(client, "small", 1.0, 25, HERE)

    async def is_known() -> bool:
        ranked = (await explain(client, context=HERE, **HARD))["options"]
        return any(one["model"] == "small" and one["forecast"]["quality"] > 0.7 for one in ranked)

    await until(is_known, "feedback counts", within_s=20)

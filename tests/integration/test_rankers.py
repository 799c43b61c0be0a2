"""A ranker is trained from the log, judged by it, and takes its steps; an admin may say otherwise."""

import random
from dataclasses import replace

import pytest

from dispatcher.core.decision import Decision, Forecast, Option, Seconds, Terms, Way
from dispatcher.core.features import FEATURES_VERSION, RequestFeatures, features_of, numbers
from dispatcher.core.outcome import Attempt, FinishReason, Timing, Usage
from dispatcher.core.record import DispatchRecord
from dispatcher.core.task import Complexity, DispatchId, Message, ModelId, Objective, Role, TaskType
from dispatcher.learning.prior_base import load_prior_base
from dispatcher.learning.text import TextEncoder
from dispatcher.store.database import Database
from dispatcher.store.dispatches import record_dispatch
from dispatcher.store.feedback import Said, say
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import big, quality, spec
from tests.unit.store.records import a_record

pytestmark = pytest.mark.heavy

TOPICS = (
    "How many apples are left when {} of {} are eaten by the children of the village?",
    "Write a python function that sorts a list of {} numbers by their distance from {}.",
)
GOOD = ({"small": 0.1, "big": 0.9}, {"small": 0.95, "big": 0.6})  # by topic: which model answers well
AT = 1_000_000.0


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return load_prior_base().encoder


def features(prompt: str, encoder: TextEncoder) -> RequestFeatures:
    text = features_of((Message(Role.USER, prompt),))
    row = numbers(text, TaskType.REASONING, Complexity.HIGH)
    vector = encoder.encode(text.sample)
    return RequestFeatures(FEATURES_VERSION, row, tuple(vector.tolist()))


def option(model: str, expected: float) -> Option:
    return Option(
        ModelId(model),
        Way.WARM,
        None,
        (),
        Forecast(Seconds(1.0, 2.0), Seconds(0.0, 0.0), 1.0, expected, 100, 0.0),
        Seconds(1.0, 2.0),
        1.0,
        Terms(expected, -0.004, 0.0, 0.0),
    )


def logged(place: int, rng: random.Random, encoder: TextEncoder) -> tuple[DispatchRecord, float]:
    """A dispatch for which big was thought best and small was tried one time in five; and what was said of it."""
    topic = place % 2
    options = option("big", 0.8), option("small", 0.7)
    explored = rng.random() < 0.2
    chosen = options[int(explored)]
    decision = Decision(
        chosen,
        options,
        (),
        TaskType.REASONING,
        Complexity.HIGH,
        Objective.BALANCED,
        propensity=0.2 if explored else 0.8,
        ranker="prior",
        explored=explored,
        features=features(TOPICS[topic].format(rng.randrange(90), rng.randrange(90)), encoder),
    )
    record = replace(
        a_record(f"d{place}", started_at=AT + place, model_id=chosen.model_id, task_type=TaskType.REASONING),
        complexity=Complexity.HIGH,
        usage=Usage(30, 100),
        timing=Timing(0.0, 0.0, 0.2, 1.0),
        finish_reason=FinishReason.STOP,
        attempts=(Attempt(chosen.model_id, None, 1.0),),
        decision=decision,
    )
    return record, float(rng.random() < GOOD[topic][chosen.model_id])


async def fill(database: Database, encoder: TextEncoder, count: int) -> None:
    rng = random.Random(7)
    for place in range(count):
        record, score = logged(place, rng, encoder)
        record_dispatch(database, record)
        said = Said(DispatchId(record.dispatch_id), f"token{place % 40}", "user", score, None, AT + place)
        assert await say(database, said, daily_max=10_000) is not None


async def admin(client: Client, method: str, path: str, body: object = None) -> JSON:
    headers = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.request(method, path, json=body, headers=headers) as response:
        reply: JSON = await response.json()
        assert response.status == 200, reply
        return reply


async def test_a_better_ranker_is_found_in_the_log_and_taken_to_live_and_back(
    start_sidecar: StartSidecar, encoder: TextEncoder
) -> None:
    models = spec("small", quality=quality(0.7)), big("big", quality=quality(0.8))
    client = await start_sidecar(*models, exploration=0)
    await fill(client.sidecar.database, encoder, 2400)

    said = (await admin(client, "POST", "/api/optimizer/run", {"verbs": ["train_ranker"]}))["trained"]
    assert "provably better on the log" in said
    prior, ranker = (await client.get("/api/rankers"))["rankers"]
    assert (prior["id"], prior["state"], ranker["state"]) == ("prior", "live", "shadow")
    assert ranker["evidence"]["gain_low95"] > 0
    assert ranker["evidence"]["effective"] >= 200

    name = ranker["id"]
    for stage in ("canary", "live"):
        assert (await admin(client, "POST", f"/api/rankers/{name}/promote"))["state"] == stage
    ask = {"task_type": "reasoning", "complexity": "high", "objective": "best"}
    body = {"prompt": TOPICS[1].format(3, 4), **ask}
    assert (await client.post("/api/explain", body))["decision"]["ranker"] == name

    await client.close()
    again = await start_sidecar(*models, folder=client.folder, exploration=0)

    async def is_back() -> bool:
        return bool((await again.post("/api/explain", body))["decision"]["ranker"] == name)

    await until(is_back, "the live ranker is back after a restart", within_s=60)
    assert (await admin(again, "POST", f"/api/rankers/{name}/rollback"))["state"] == "rolled_back"
    assert (await again.post("/api/explain", body))["decision"]["ranker"] == "prior"


async def test_a_ranker_whose_file_was_changed_leaves_the_prior_in_charge(
    start_sidecar: StartSidecar, encoder: TextEncoder
) -> None:
    models = spec("small", quality=quality(0.7)), big("big", quality=quality(0.8))
    client = await start_sidecar(*models, exploration=0)
    await fill(client.sidecar.database, encoder, 900)
    await admin(client, "POST", "/api/optimizer/run", {"verbs": ["train_ranker"]})
    _, ranker = (await client.get("/api/rankers"))["rankers"]
    while (stage := (await client.get("/api/rankers"))["rankers"][1]["state"]) != "live":
        await admin(client, "POST", f"/api/rankers/{ranker['id']}/promote")
        assert stage != "live"
    await client.close()
    file = client.folder / "rankers" / ranker["id"] / "quality.txt"
    file.write_bytes(file.read_bytes()[:-200])
    again = await start_sidecar(*models, folder=client.folder, exploration=0)

    async def is_rejected() -> bool:
        return bool((await again.get("/api/rankers"))["rankers"][1]["state"] == "rejected")

    await until(is_rejected, "the broken ranker is rejected", within_s=60)
    assert (await again.ask())["decision"]["ranker"] == "prior"


async def test_ten_dispatches_are_not_enough_to_train_on_and_that_is_said(
    start_sidecar: StartSidecar, encoder: TextEncoder
) -> None:
    client = await start_sidecar(spec("small"), big("big"), exploration=0)
    await fill(client.sidecar.database, encoder, 10)
    said = (await admin(client, "POST", "/api/optimizer/run", {"verbs": ["train_ranker"]}))["trained"]
    assert "not trained" in said
    assert len((await client.get("/api/rankers"))["rankers"]) == 1

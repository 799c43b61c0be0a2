"""Ten thousand lies of one token don't change what others are served by."""

import asyncio
import time
from dataclasses import replace

import pytest

from dispatcher.core.features import FEATURES_VERSION, RequestFeatures, features_of, numbers
from dispatcher.core.task import Complexity, Context, Message, Role, TaskType
from dispatcher.learning.prior_base import load_prior_base
from dispatcher.learning.text import TextEncoder
from dispatcher.store.dispatches import record_dispatch
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import big, quality, spec
from tests.unit.store.notes import writing_connection
from tests.unit.store.records import a_decision, a_record

LIES, SOURCES = 10_000, ("user", "next_step", "retry", "workflow")
LIAR = Context("liar", "lie")
PROMPT = "Which is larger?"
WORK = {"task_type": "reasoning", "complexity": "low", "objective": "best"}


def features(encoder: TextEncoder) -> RequestFeatures:
    """Of the very prompt that others send, too."""
    text = features_of((Message(Role.USER, PROMPT),))
    vector = encoder.encode(text.sample)
    return RequestFeatures(FEATURES_VERSION, numbers(text, TaskType.REASONING, Complexity.LOW), tuple(vector.tolist()))


async def option(client: Client, model: str, **context: str) -> JSON:
    reply = await client.post("/api/explain", {"prompt": PROMPT, "context": context, **WORK})
    return next(one for one in reply["decision"]["options"] if one["model"] == model)


async def quality_of(client: Client, model: str, **context: str) -> float:
    return float((await option(client, model, **context))["forecast"]["quality"])


async def tell_lies(client: Client, names: list[str]) -> int:
    """Say of each dispatch, from every source, that it was of no use; returns how many of these counted."""

    async def lie(name: str, source: str) -> bool:
        body = {"dispatch_id": name, "score": 0, "source": source}
        return bool((await client.post("/api/feedback", body))["counted"])

    lies = [(name, source) for name in names for source in SOURCES]
    told = [await asyncio.gather(*(lie(*one) for one in lies[at : at + 50])) for at in range(0, len(lies), 50)]
    return sum(sum(counted) for counted in told)


@pytest.mark.heavy
async def test_ten_thousand_lies_change_what_the_liar_sees_and_hardly_what_others_do(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(spec("small", quality=quality(0.5)), big("big", quality=quality(0.8)), exploration=0)
    seen = features(load_prior_base().encoder)
    names = [f"d{number}" for number in range(LIES // len(SOURCES))]
    for number, name in enumerate([*names, *(f"honest{number}" for number in range(400))]):
        context = LIAR if number < len(names) else Context("others", "work")
        record = a_record(
            name,
            started_at=time.time() - 3600.0 + number,
            model_id="big",
            task_type=TaskType.REASONING,
            context=context,
            decision=replace(a_decision("big"), features=seen),
        )
        record_dispatch(client.sidecar.database, record)
    await writing_connection(client.sidecar.database)

    async def has_learned() -> bool:
        return bool((await option(client, "big", workflow_id="others", node_id="work"))["forecast"]["success"] > 0.99)

    await until(has_learned, "what nobody complained of is learned", within_s=30)
    before = await quality_of(client, "big", workflow_id="new", node_id="new")
    assert await tell_lies(client, names) == 200

    async def is_believed_at_home() -> bool:
        return await quality_of(client, "big", workflow_id="liar", node_id="lie") < before - 0.05

    await until(is_believed_at_home, "the liar gets what he asked for", within_s=30)
    assert await quality_of(client, "big", workflow_id="new", node_id="new") >= before - 0.05
    assert await quality_of(client, "big", workflow_id="others", node_id="work") >= before - 0.05

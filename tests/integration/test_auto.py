"""`auto` learns from callers who say it themselves, and says how often it would have been right."""

import sqlite3
from contextlib import closing

import pytest

from tests.integration.conftest import Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import spec

pytestmark = pytest.mark.heavy

MAILS = {"workflow_id": "mails", "node_id": "sort"}


def booking(number: int) -> str:
    return f"Beleg {number} buchen auf Konto 44{number % 7}0, Porto und Telefon"


async def task_type_of(client: Client, prompt: str) -> str:
    path = f"/api/dispatches/{(await client.ask(prompt))['dispatch_id']}"

    async def is_logged() -> bool:
        async with client.http.get(path) as response:
            return response.status == 200

    await until(is_logged, "it is in the log", within_s=10)
    return str((await client.get(path))["task_type"])


async def teach(client: Client, count: int) -> None:
    for number in range(count):
        await client.ask(booking(number), task_type="classification", complexity="low", context=MAILS)

    async def is_counted() -> bool:
        agreement = (await client.get("/api/performance"))["auto_agreement"]
        return bool(agreement["task_type"]["named"] == agreement["complexity"]["named"] == count)

    await until(is_counted, "what was named is counted", within_s=20)


async def test_auto_follows_what_a_node_says_of_prompts_that_look_alike_also_after_a_restart(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(spec("small"))
    assert await task_type_of(client, booking(90)) != "classification"
    await teach(client, 12)

    async def is_learned() -> bool:
        return await task_type_of(client, booking(91)) == "classification"

    await until(is_learned, "auto follows", within_s=20)
    assert await task_type_of(client, "Translate to German: the parcel is late") == "translation"
    await client.close()
    again = await start_sidecar(spec("small"), folder=client.folder)
    assert await task_type_of(again, booking(92)) == "classification"
    await again.close()
    with closing(sqlite3.connect(client.folder / "ai-dispatch.db")) as database:
        assert "Beleg" not in "\n".join(database.iterdump())


async def test_how_often_auto_would_have_been_right_is_told(client: Client) -> None:
    await teach(client, 1)
    await client.ask("Translate to German: good morning", task_type="translation", complexity="low")

    async def is_told() -> bool:
        told = (await client.get("/api/performance"))["auto_agreement"]["task_type"]
        return bool(told == {"named": 2, "agreed": 1, "rules_agreed": 1, "share": 0.5})

    await until(is_told, "both are counted", within_s=20)

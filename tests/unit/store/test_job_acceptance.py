"""Jobs are accepted all at once, once per key, and only as many as there is room for."""

import asyncio

import aiosqlite
import pytest

from dispatcher.core.job import Job, JobState, NotAccepted, Owner
from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from dispatcher.store.jobs import accept_jobs, count_jobs, find_jobs, newest_jobs
from tests.unit.store.jobs import NOW, accept, claim, new_job


async def test_what_is_accepted_can_be_found_by_its_owner_and_the_admin_only(db: Database) -> None:
    (mine,) = await accept(db, new_job())
    (admins,) = await accept(db, new_job(owner=Owner.ADMIN))
    assert set(await find_jobs(db, [mine, admins], Owner.DISPATCH)) == {mine}
    assert set(await find_jobs(db, [mine, admins], None)) == {mine, admins}
    assert [job.id for job in await newest_jobs(db, Owner.DISPATCH, None, 10)] == [mine]
    assert [job.id for job in await newest_jobs(db, None, None, 10)] == [admins, mine]
    assert await newest_jobs(db, None, JobState.DONE, 10) == []


async def test_the_same_key_and_body_is_the_same_job_also_within_a_batch(db: Database) -> None:
    first, twin, other = (new_job(idempotency_key="k") for _ in range(3))
    (job, same) = await accept_jobs(db, [first, twin], (), 10)
    (again,) = await accept_jobs(db, [other], (), 10)
    assert isinstance(job, Job)
    assert job.id == first.id
    assert same == again == job
    assert (await count_jobs(db))[JobState.QUEUED] == 1


async def test_the_same_key_with_another_body_is_refused_and_the_rest_is_taken(db: Database) -> None:
    await accept(db, new_job(idempotency_key="k"))
    other, fresh = new_job(idempotency_key="k", body_sha256="1" * 64), new_job(idempotency_key="l")
    (refused, taken) = await accept_jobs(db, [other, fresh], (), 10)
    assert refused is NotAccepted.OTHER_BODY
    assert isinstance(taken, Job)


async def test_a_key_belongs_to_its_owner(db: Database) -> None:
    await accept(db, new_job(idempotency_key="k"))
    (taken,) = await accept_jobs(db, [new_job(idempotency_key="k", owner=Owner.ADMIN, body_sha256="1" * 64)], (), 10)
    assert isinstance(taken, Job)


async def test_no_more_are_taken_than_there_is_room_for_but_a_known_key_always_is(db: Database) -> None:
    keyed = new_job(idempotency_key="k")
    (first, second, third) = await accept_jobs(db, [keyed, new_job(), new_job()], (), 2)
    assert (isinstance(first, Job), isinstance(second, Job), third) == (True, True, NotAccepted.FULL)
    await claim(db)  # those that run count as well
    (again, full) = await accept_jobs(db, [new_job(idempotency_key="k"), new_job()], (), 2)
    assert isinstance(again, Job)
    assert again.id == keyed.id
    assert full is NotAccepted.FULL


async def test_an_unwanted_job_is_not_taken_unless_its_key_is_known(db: Database) -> None:
    keyed = new_job(idempotency_key="k")
    await accept(db, keyed)
    twin, stranger = new_job(idempotency_key="k"), new_job()
    (known, refused) = await accept_jobs(db, [twin, stranger], {twin.id, stranger.id}, 10)
    assert isinstance(known, Job)
    assert refused is NotAccepted.UNWANTED


async def test_ten_at_once_with_one_key_are_one_job(db: Database) -> None:
    jobs = [new_job(idempotency_key="k") for _ in range(10)]
    ends = await asyncio.gather(*(accept_jobs(db, [job], (), 10) for job in jobs))
    assert len({end.id for (end,) in ends if isinstance(end, Job)}) == 1


async def test_a_full_disk_accepts_nothing_of_a_batch(db: Database) -> None:
    async def limit(connection: aiosqlite.Connection) -> None:
        await connection.execute("PRAGMA max_page_count = 1")

    await db.write(limit)
    jobs = [new_job(), new_job(payload="x" * 1_000_000)]
    with pytest.raises(StoreError, match="free some disk space"):
        await accept_jobs(db, jobs, (), 10)
    assert await find_jobs(db, [job.id for job in jobs], None) == {}


async def test_keys_and_prompts_may_hold_anything(db: Database) -> None:
    payload, key = '{"prompt":"\\u0000 \U0001f600 ; DROP TABLE"}', "'\"%_é \U0001f600"
    (job_id,) = await accept(db, new_job(payload=payload, idempotency_key=key, share="'x"))
    (again,) = await accept_jobs(db, [new_job(payload=payload, idempotency_key=key, share="'x")], (), 10)
    assert isinstance(again, Job)
    assert again.id == job_id
    assert [one.payload for one in await claim(db)] == [payload]
    assert again.created_at == NOW

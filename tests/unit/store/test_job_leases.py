"""A job is claimed by one, in the order of turns, and only who holds its lease commits its result."""

import asyncio
from collections import Counter

import pytest

from dispatcher.core.job import JobState
from dispatcher.store.database import Database
from dispatcher.store.job_ends import cancel_jobs
from dispatcher.store.job_leases import (
    LeaseTerms,
    Room,
    end_overdue,
    finish_job,
    give_back,
    next_moment,
    renew_leases,
    run_again,
    take_back,
)
from dispatcher.store.jobs import find_jobs, results_of
from tests.unit.store.jobs import NOW, accept, claim, new_job, state_of


def room(jobs: int = 100, payload_bytes: int = 1_000_000, *, is_idle: bool = True, may_run_cut: bool = True) -> Room:
    return Room(jobs, payload_bytes, is_idle, may_run_cut)


async def claimed_one_by_one(db: Database) -> list[str]:
    """The ids of all jobs, in the order in which they get their turn."""
    order: list[str] = []
    while claims := await claim(db, room=room(1)):
        order += [one.id for one in claims]
    return order


async def test_every_job_is_claimed_once_however_many_claim(db: Database) -> None:
    ids = await accept(db, *(new_job() for _ in range(200)))
    rounds = await asyncio.gather(*(claim(db, f"owner{n % 4}", room=room(7)) for n in range(60)))
    counts = Counter(one.id for claims in rounds for one in claims)
    assert counts == Counter(ids)


async def test_a_larger_priority_goes_first_and_then_the_earlier_deadline(db: Database) -> None:
    late, soon, urgent = new_job(deadline_at=NOW + 90), new_job(deadline_at=NOW + 30), new_job(priority=1)
    await accept(db, late, soon, urgent)
    assert await claimed_one_by_one(db) == [urgent.id, soon.id, late.id]


async def test_shares_take_turns_also_with_one_that_has_many_running(db: Database) -> None:
    await accept(db, *(new_job(share="a", deadline_at=NOW + 10) for _ in range(20)))
    assert len(await claim(db, room=room(5))) == 5
    few = await accept(db, *(new_job(share="b") for _ in range(3)))
    assert (await claimed_one_by_one(db))[:3] == few


async def test_turns_alternate_between_shares_of_one_priority(db: Database) -> None:
    first = await accept(db, *(new_job(share="x", deadline_at=NOW + 10) for _ in range(4)))
    second = await accept(db, *(new_job(share="y", deadline_at=NOW + 50) for _ in range(4)))
    order = await claimed_one_by_one(db)
    assert [one in second for one in order] == [False, True] * 4
    assert [one for one in order if one in first] == first


async def test_no_more_is_claimed_than_memory_has_room_for_but_one_of_any_size_when_idle(db: Database) -> None:
    await accept(db, *(new_job(payload="x" * 100) for _ in range(5)))
    assert len(await claim(db, room=room(payload_bytes=250))) == 2
    assert await claim(db, room=room(payload_bytes=50, is_idle=False)) == []
    assert len(await claim(db, room=room(payload_bytes=50))) == 1


async def test_a_result_is_committed_by_who_holds_the_lease_and_the_request_goes(db: Database) -> None:
    (job_id,) = await accept(db, new_job())
    (held,) = await claim(db)
    assert await finish_job(db, "me", held, JobState.DONE, "{}", NOW + 1)
    assert await state_of(db, job_id) is JobState.DONE
    assert await results_of(db, [job_id]) == {job_id: "{}"}
    assert not await finish_job(db, "me", held, JobState.FAILED, "[]", NOW + 2)
    assert await results_of(db, [job_id]) == {job_id: "{}"}


async def test_a_late_owner_is_refused(db: Database) -> None:
    (job_id,) = await accept(db, new_job())
    (late,) = await claim(db, "dead")
    assert await take_back(db, "new") == 1
    (held,) = await claim(db, "new")
    assert held.epoch == late.epoch + 1
    assert held.dispatch_id != late.dispatch_id
    assert not await finish_job(db, "dead", late, JobState.DONE, '"late"', NOW)
    assert not await run_again(db, "dead", late, NOW)
    assert await finish_job(db, "new", held, JobState.DONE, '"right"', NOW)
    assert await results_of(db, [job_id]) == {job_id: '"right"'}


async def test_an_earlier_lease_of_the_same_owner_is_late_too(db: Database) -> None:
    await accept(db, new_job())
    (late,) = await claim(db)
    assert await run_again(db, "me", late, NOW)
    (held,) = await claim(db)
    assert not await finish_job(db, "me", late, JobState.DONE, "{}", NOW)
    assert await finish_job(db, "me", held, JobState.DONE, "{}", NOW)


async def test_who_cancels_fences_off_who_runs_it(db: Database) -> None:
    (job_id,) = await accept(db, new_job())
    (held,) = await claim(db)
    ended = await cancel_jobs(db, [job_id], None, NOW)
    assert ended.cancelled == {job_id}
    assert not await finish_job(db, "me", held, JobState.DONE, "{}", NOW)
    assert await state_of(db, job_id) is JobState.CANCELLED


async def test_a_run_that_was_broken_off_waits_until_it_may_be_run_again(db: Database) -> None:
    (cut,) = await accept(db, new_job())
    await claim(db)
    assert await give_back(db, "me") == 1
    (fresh,) = await accept(db, new_job())
    assert await take_back(db, "next") == 1
    assert [one.id for one in await claim(db, "next", room=room(may_run_cut=False))] == [fresh]
    assert [one.id for one in await claim(db, "next")] == [cut]


async def test_a_job_that_is_run_again_waits_for_its_time_and_counts_its_tries(db: Database) -> None:
    (job_id,) = await accept(db, new_job())
    (held,) = await claim(db)
    await run_again(db, "me", held, NOW + 5)
    assert await claim(db, now=NOW + 4.9) == []
    assert await next_moment(db, NOW) == NOW + 5
    (again,) = await claim(db, now=NOW + 5)
    assert (again.id, again.tries) == (job_id, 1)


async def test_who_waits_beyond_the_deadline_ends_without_ever_running(db: Database) -> None:
    late, later = new_job(deadline_at=NOW + 1), new_job(deadline_at=NOW + 9)
    await accept(db, late, later)
    assert await next_moment(db, NOW) == NOW + 1
    assert await claim(db, now=NOW + 10) == []
    assert await end_overdue(db, NOW + 1, '"late"') == [late.id]
    assert await results_of(db, [late.id, later.id]) == {late.id: '"late"', later.id: None}
    found = (await find_jobs(db, [late.id], None))[late.id].job
    assert (found.state, found.finished_at, found.dispatch_id) == (JobState.FAILED, NOW + 1, None)


@pytest.mark.parametrize("owner", ["me", "other"])
async def test_leases_are_renewed_by_their_owner(db: Database, owner: str) -> None:
    await accept(db, new_job())
    await claim(db)
    await renew_leases(db, LeaseTerms(owner, NOW + 500))

    async def until_at(connection: object) -> float:
        (row,) = await connection.execute_fetchall("SELECT lease_until_at FROM request_queue")  # type: ignore[attr-defined]
        return float(row[0])

    assert await db.read(until_at) == (NOW + 500 if owner == "me" else NOW + 30)

"""Jobs are cancelled, told to callbacks, and forgotten to the last byte."""

import asyncio
from pathlib import Path

from dispatcher.core.job import JobId, JobState, Owner
from dispatcher.store.database import Database
from dispatcher.store.job_callbacks import callback_again, callback_over, due_callbacks, next_callback_at
from dispatcher.store.job_ends import cancel_jobs, delete_jobs, forget_answers, note_fetched
from dispatcher.store.job_leases import finish_job
from dispatcher.store.jobs import find_jobs, results_of
from tests.unit.store.jobs import NOW, accept, claim, new_job, state_of

_NEVER = 0.0
_CANARY = "Qxz-canary-73"
_URL = "http://n8n/resume"


async def finished(db: Database, result: str = "{}", state: JobState = JobState.DONE, **changes: object) -> JobId:
    """A job that was finished just now."""
    (job_id,) = await accept(db, new_job(**changes))
    (held,) = await claim(db)
    assert await finish_job(db, "me", held, state, result, NOW)
    return job_id


async def fetched(db: Database, *ids: JobId, now: float = NOW) -> None:
    """Note them as fetched, and wait until that is written."""
    note_fetched(db, ids, now)
    await db.write(_nothing)


def _contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir() if file.name.startswith(path.name)}


async def _nothing(_connection: object) -> None:
    return None


async def test_cancelling_ends_what_is_open_and_forgets_what_is_done(db: Database) -> None:
    done = await finished(db)
    (running,) = await accept(db, new_job())
    await claim(db)
    (queued,) = await accept(db, new_job())
    ids = [done, running, queued, JobId("j_unknown")]
    ended = await cancel_jobs(db, ids, Owner.DISPATCH, NOW)
    assert (ended.cancelled, ended.forgotten) == ({running, queued}, {done})
    again = await cancel_jobs(db, ids, Owner.DISPATCH, NOW)
    assert (again.cancelled, again.forgotten) == (frozenset(), frozenset())
    assert await state_of(db, done) is JobState.EXPIRED
    assert await results_of(db, [done]) == {done: None}


async def test_nobody_cancels_what_is_not_theirs(db: Database) -> None:
    (job_id,) = await accept(db, new_job(owner=Owner.ADMIN))
    ended = await cancel_jobs(db, [job_id], Owner.DISPATCH, NOW)
    assert ended.cancelled == frozenset()
    assert await state_of(db, job_id) is JobState.QUEUED


async def test_an_answer_is_forgotten_a_while_after_it_was_fetched(db: Database) -> None:
    job_id = await finished(db)
    assert await forget_answers(db, NOW, _NEVER) == 0
    await fetched(db, job_id)
    assert await forget_answers(db, NOW - 1, _NEVER) == 0
    assert await forget_answers(db, NOW, _NEVER) == 1
    assert await state_of(db, job_id) is JobState.EXPIRED


async def test_fetching_again_does_not_keep_it_longer(db: Database) -> None:
    job_id = await finished(db)
    await fetched(db, job_id)
    await fetched(db, job_id, now=NOW + 50)
    assert await forget_answers(db, NOW, _NEVER) == 1


async def test_an_answer_nobody_comes_for_expires_and_an_error_stays(db: Database) -> None:
    done, failed = await finished(db), await finished(db, '"why"', JobState.FAILED)
    await fetched(db, failed)
    assert await forget_answers(db, NOW + 99, NOW) == 1
    assert (await state_of(db, done), await state_of(db, failed)) == (JobState.EXPIRED, JobState.FAILED)
    assert await results_of(db, [failed]) == {failed: '"why"'}


async def test_rows_go_in_the_end_and_open_ones_never(db: Database) -> None:
    gone = [await finished(db) for _ in range(3)]
    (waiting,) = await accept(db, new_job())
    assert await delete_jobs(db, NOW) == 3
    assert set(await find_jobs(db, [*gone, waiting], None)) == {waiting}


async def test_nothing_of_prompt_answer_or_address_is_left_on_the_disk(db: Database, path: Path) -> None:
    ids = [
        await finished(
            db, f'"{_CANARY}{"a" * size}"', payload=_CANARY + "b" * size, callback_url=f"http://n8n/{_CANARY}"
        )
        for size in (1, 300, 3_000, 30_000)
    ]
    await accept(db, new_job())
    for job_id in ids:
        await callback_over(db, job_id, NOW, was_told=True)
    assert await forget_answers(db, NOW, _NEVER) == 4
    assert await db.empty_log()
    contents = await asyncio.to_thread(_contents, path)
    assert len(contents) == 3  # the database, its log, and the log's index
    assert not [name for name, content in contents.items() if _CANARY.encode() in content]


async def test_a_callback_is_due_when_its_job_is_finished_however_that_was(db: Database) -> None:
    assert await next_callback_at(db) is None
    done = await finished(db, '"answer"', callback_url=_URL)
    (cancelled,) = await accept(db, new_job(callback_url=_URL))
    assert [one.job.id for one in await due_callbacks(db, NOW, 10)] == [done]
    await cancel_jobs(db, [cancelled], None, NOW)
    due = await due_callbacks(db, NOW, 10)
    assert [(one.job.id, one.job.state, one.job.result, one.url, one.tries) for one in due] == [
        (done, JobState.DONE, '"answer"', _URL, 0),
        (cancelled, JobState.CANCELLED, None, _URL, 0),
    ]


async def test_a_callback_that_failed_is_tried_again_later(db: Database) -> None:
    job_id = await finished(db, callback_url=_URL)
    await callback_again(db, job_id, NOW + 3)
    assert await due_callbacks(db, NOW + 2.9, 10) == []
    assert await next_callback_at(db) == NOW + 3
    assert [one.tries for one in await due_callbacks(db, NOW + 3, 10)] == [1]


async def test_an_answer_waits_for_its_callback_and_who_was_told_has_fetched_it(db: Database) -> None:
    job_id = await finished(db, callback_url=_URL)
    await fetched(db, job_id)
    assert await forget_answers(db, NOW + 99, _NEVER) == 0
    await callback_over(db, job_id, NOW, was_told=False)
    assert await forget_answers(db, NOW + 99, _NEVER) == 1
    told = await finished(db, callback_url=_URL)
    await callback_over(db, told, NOW + 5, was_told=True)
    assert await next_callback_at(db) is None
    assert await forget_answers(db, NOW + 5, _NEVER) == 1


async def test_whoever_forgets_an_answer_stops_its_callback(db: Database) -> None:
    job_id = await finished(db, callback_url=_URL)
    await cancel_jobs(db, [job_id], None, NOW)
    assert await due_callbacks(db, NOW, 10) == []

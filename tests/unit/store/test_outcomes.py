"""The log as outcomes, with what callers said of them and whether they asked again."""

from dataclasses import replace

import pytest

from dispatcher.core.features import RequestFeatures
from dispatcher.core.feedback import FeedbackSource
from dispatcher.core.outcome import Attempt
from dispatcher.core.reward import FAILED, Label
from dispatcher.core.task import Context, DispatchId, ModelId
from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from dispatcher.store.dispatches import record_dispatch
from dispatcher.store.feedback import Said, feedback_on, say
from dispatcher.store.outcomes import outcomes, outcomes_with_news
from tests.unit.store.notes import writing_connection
from tests.unit.store.records import a_decision, a_record

DAY_S = 86_400.0
ITEM = Context("w", "n", "7", 0, run_index=1)


def said(score: float, dispatch_id: str = "d1", *, token: str = "n8n", at: float = 100.0, **changes: object) -> Said:
    values = {"source": FeedbackSource.USER, "comment": None, **changes}
    return Said(DispatchId(dispatch_id), token, score=score, created_at=at, **values)  # type: ignore[arg-type]


async def record(db: Database, *names: str, started_at: float = 1_000_000.0, context: Context = ITEM) -> None:
    for number, name in enumerate(names):
        record_dispatch(db, a_record(name, started_at=started_at + number, context=context))
    await writing_connection(db)


async def test_outcomes_come_whole_in_the_order_in_which_they_ended_and_go_on_after_a_place(db: Database) -> None:
    features = RequestFeatures(1, (0.5, 2.0), (0.1,))
    decision = replace(a_decision(), explored=True, propensity=0.1, features=features)
    records = [a_record(f"d{number}", started_at=100.0 - number, decision=decision) for number in range(60)]
    for one in records:
        record_dispatch(db, one)
    await writing_connection(db)
    found = await outcomes(db, since=0.0, limit=1000)
    assert [one.record for one in found] == records
    assert [one.record for one in await outcomes(db, 0.0, 10, after=found[49].place)] == records[50:]
    assert len(await outcomes(db, since=90.5, limit=1000)) == 10


async def test_the_same_item_of_the_same_run_asked_again_counts_against_the_first(db: Database) -> None:
    await record(db, "first", "again")
    first, again = await outcomes(db, 0.0, 10)
    assert (first.was_retried, again.was_retried) == (True, False)
    assert (first.label, again.label) == (FAILED, Label(1.0, None, 0.1))


@pytest.mark.parametrize(
    "other",
    [
        replace(ITEM, run_index=2),
        replace(ITEM, item_index=1),
        replace(ITEM, execution_id="8"),
        replace(ITEM, workflow_id="another"),
        Context("w", "n"),
    ],
)
async def test_another_run_item_or_execution_is_no_retry(db: Database, other: Context) -> None:
    await record(db, "first")
    await record(db, "other", started_at=2_000_000.0, context=other)
    assert [one.was_retried for one in await outcomes(db, 0.0, 10)] == [False, False]


async def test_models_that_were_tried_before_and_failed_are_told_too(db: Database) -> None:
    tried = (Attempt(ModelId("bad"), "invalid_answer", 1.0), Attempt(ModelId("small"), None, 1.0))
    record_dispatch(db, replace(a_record("d1"), attempts=tried))
    await writing_connection(db)
    (one,) = await outcomes(db, 0.0, 10)
    assert one.failures == (("bad", FAILED),)


async def test_the_last_word_of_a_token_and_source_counts(db: Database) -> None:
    await record(db, "d1")
    for word in (said(1.0), said(0.5), said(0.0, source=FeedbackSource.NEXT_STEP), said(0.8, token="admin")):
        assert await say(db, word, daily_max=10) == 1.0
    words = await feedback_on(db, DispatchId("d1"))
    assert sorted((one.said.token, str(one.said.source), one.said.score) for one in words) == [
        ("admin", "user", 0.8),
        ("n8n", "next_step", 0.0),
        ("n8n", "user", 0.5),
    ]
    (one,) = await outcomes(db, 0.0, 10)
    assert sorted(word.score for word in one.feedback) == sorted(word.said.score for word in words)


async def test_beyond_its_daily_share_a_token_is_written_down_but_not_heard_until_tomorrow(db: Database) -> None:
    await record(db, "d1", "d2", "d3")
    assert [await say(db, said(0.0, name), daily_max=2) for name in ("d1", "d2", "d3")] == [1.0, 1.0, 0.0]
    assert await say(db, said(0.5, "d2"), daily_max=2) == 1.0, "a word in place of another takes no more"
    assert await say(db, said(0.0, "d3", token="admin"), daily_max=2) == 1.0
    assert await say(db, said(0.0, "d3", at=100.0 + DAY_S), daily_max=2) == 1.0


async def test_nothing_is_said_of_a_dispatch_that_is_unknown(db: Database) -> None:
    assert await say(db, said(1.0, "unknown"), daily_max=10) is None


async def test_old_outcomes_of_which_something_new_is_said_are_found(db: Database) -> None:
    await record(db, "d1", "d2")
    await say(db, said(1.0, "d2", at=5_000_000.0), daily_max=10)
    assert [one.record.dispatch_id for one in await outcomes_with_news(db, 4_000_000.0, 10)] == ["d2"]


async def test_rows_of_another_version_are_an_error_that_says_so(db: Database) -> None:
    record_dispatch(db, a_record("d1", decision=a_decision()))
    await writing_connection(db)
    await db.write(lambda connection: connection.execute("UPDATE decisions SET features = '{}'"))
    with pytest.raises(StoreError, match="of a version"):
        await outcomes(db, 0.0, 10)

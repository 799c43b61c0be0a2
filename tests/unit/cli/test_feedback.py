"""`ai-dispatch feedback`."""

import json

from dispatcher.api.learning_schemas import FeedbackReply
from dispatcher.core.feedback import FeedbackSource
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_sidecar import FakeSidecar


def told(*, counted: bool = True) -> FeedbackReply:
    return FeedbackReply(dispatch_id="d-1", source=FeedbackSource.USER, score=0.5, counted=counted)


async def test_a_score_is_sent_with_a_comment(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/feedback", told())
    result = await run("feedback", "d-1", "0.5", "--comment", "so so")
    assert (result.exit_code, result.stderr) == (0, "d-1: 0.5\n")
    assert json.loads(sidecar.asked[0].body) == {"dispatch_id": "d-1", "score": 0.5, "comment": "so so"}
    assert json.loads((await run("feedback", "d-1", "0.5", "--json")).stdout)["counted"] is True


async def test_who_is_not_heard_any_more_is_told(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/feedback", told(counted=False))
    assert "nothing is learned from it" in (await run("feedback", "d-1", "1")).stderr


async def test_a_score_out_of_range_is_wrong_usage(run: Run, sidecar: FakeSidecar) -> None:
    assert (await run("feedback", "d-1", "1.5")).exit_code == 2
    assert sidecar.asked == []

"""The JSON bodies of the routes about learning: feedback."""

from pydantic import Field

from dispatcher.api.schemas import Body, Reply
from dispatcher.core.feedback import FeedbackSource


class FeedbackBody(Body):
    """What the caller says of an answer; said again from the same source, it replaces what was said before."""

    dispatch_id: str = Field(min_length=1, max_length=100, description="Which dispatch, as its reply names it.")
    score: float = Field(ge=0, le=1, description="How good the answer was: 0 of no use, 1 as wished.")
    source: FeedbackSource = Field(
        FeedbackSource.USER,
        description="Who says so: `user` a person; `next_step` what came next in the workflow, which failed or didn't; "
        "`retry` whoever had to ask again; `workflow` a step of the workflow that judged it.",
    )
    comment: str | None = Field(None, max_length=500, description="In words, for people; kept with the log.")


class FeedbackReply(Reply):
    """What was taken down."""

    dispatch_id: str
    source: FeedbackSource
    score: float
    counted: bool = Field(
        description="False when the token said more today than AI_DISPATCH_FEEDBACK_DAILY_MAX: it is kept, but nothing "
        "is learned from it."
    )

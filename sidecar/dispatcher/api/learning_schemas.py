"""The JSON bodies of the routes about learning: feedback and rankers."""

from typing import Any

from pydantic import Field

from dispatcher.api.schemas import Body, Reply
from dispatcher.core.feedback import FeedbackSource
from dispatcher.core.promotion import Stage


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


class GuardrailReply(Reply):
    """Something that must not get worse, as shares of dispatches."""

    name: str
    before: float
    after: float
    tolerance: float
    is_good: bool = Field(description="More of it is better.")


class EvidenceReply(Reply):
    """What the log says of a ranker that wasn't asked."""

    dispatches: int
    effective: float = Field(description="Effective sample size: by how many dispatches it is really judged.")
    unsupported: float = Field(description="Share of dispatches in which it would do what was never tried.")
    clipped: float
    snips: float = Field(description="Self-normalised estimate of its mean utility.")
    utility: float = Field(description="Mean utility of what was done.")
    gain: float = Field(description="Doubly robust estimate of what it adds to a dispatch's utility.")
    gain_low95: float = Field(description="The least of that, with 95 % confidence.")
    guardrails: list[GuardrailReply]


class ShadowReply(Reply):
    """How well it foretold what then happened, beside the live one: mean squared errors."""

    dispatches: int
    error: float
    live_error: float


class TallyReply(Reply):
    """What the choices of one ranker brought."""

    dispatches: int
    mean: float


class RankerReply(Reply):
    """One ranker: what it was made from, how far it has come, and why."""

    id: str
    state: Stage
    why: str
    created_at: str | None = Field(description="Absent for the prior, which comes with the package.")
    changed_at: str | None
    sha256: str
    card: dict[str, Any] = Field(description="What it was made from: range of the data, features, metrics, files.")
    evidence: EvidenceReply | None
    shadow: ShadowReply | None
    canary: TallyReply | None = Field(description="Of the dispatches it chose for while on trial.")
    live: TallyReply | None = Field(description="Of those that the live one chose for meanwhile.")


class RankersReply(Reply):
    """The rankers there are, the prior first."""

    rankers: list[RankerReply]

"""POST /api/feedback: what callers say of answers."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response, read_body
from dispatcher.api.learning_schemas import FeedbackBody, FeedbackReply
from dispatcher.api.middleware import owner_of
from dispatcher.api.routes import Route, Scope
from dispatcher.core.task import DispatchId
from dispatcher.errors import DispatchNotFound
from dispatcher.metrics import Metrics
from dispatcher.store.database import Database
from dispatcher.store.feedback import Said, say


@dataclass(frozen=True, slots=True)
class FeedbackApi:
    """Takes feedback. `wall` is Unix time in seconds; a token is heard `daily_max` times a day."""

    database: Database
    metrics: Metrics
    wall: Callable[[], float]
    daily_max: int

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(
                "POST",
                "/api/feedback",
                Scope.DISPATCH,
                "Say how good an answer was, or that it was of no use",
                self.say,
                body=FeedbackBody,
                reply=FeedbackReply,
            )
        ]

    async def say(self, request: web.Request) -> web.StreamResponse:
        """One opinion of one answer."""
        body = await read_body(request, FeedbackBody)
        said = Said(
            dispatch_id=DispatchId(body.dispatch_id),
            token=owner_of(request),
            source=body.source,
            score=body.score,
            comment=body.comment or None,
            created_at=self.wall(),
        )
        weight = await say(self.database, said, self.daily_max)
        if weight is None:
            raise DispatchNotFound(
                "dispatch_id: no dispatch of the log has it; send the one of the reply, "
                "and within AI_DISPATCH_RETENTION_DAYS"
            )
        self.metrics.feedback.labels(body.source, "yes" if weight else "no").inc()
        return json_response(
            FeedbackReply(dispatch_id=body.dispatch_id, source=body.source, score=body.score, counted=weight > 0)
        )

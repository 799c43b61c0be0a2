"""GET /api/performance and GET /api/dispatches/{id}: what the log says."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response
from dispatcher.api.replies import stored_reply
from dispatcher.api.routes import Query, Route, Scope
from dispatcher.api.schemas import (
    AgreedReply,
    AutoAgreementReply,
    PerformanceReply,
    PerformanceRowReply,
    StoredDispatchReply,
)
from dispatcher.api.times import iso, since
from dispatcher.core.agreement import Agreed, Agreement
from dispatcher.core.record import GroupBy
from dispatcher.core.task import DispatchId
from dispatcher.errors import DispatchNotFound, InvalidRequest
from dispatcher.store.database import Database
from dispatcher.store.dispatches import dispatch_by_id
from dispatcher.store.feedback import feedback_on
from dispatcher.store.performance import PerformanceRow, performance

_SINCE_DEFAULT = "7d"


@dataclass(frozen=True, slots=True)
class LogApi:
    """Reads the log. `wall` is Unix time, in seconds; `agreement` counts since the start."""

    database: Database
    wall: Callable[[], float]
    agreement: Callable[[], Agreement]

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(
                "GET",
                "/api/performance",
                Scope.DISPATCH,
                "How dispatches went: success, times and tokens, grouped",
                self.performance,
                reply=PerformanceReply,
                queries=(
                    Query("group_by", f"One of {', '.join(GroupBy)}; model if absent."),
                    Query("since", f"An age such as 24h, or an ISO 8601 time; {_SINCE_DEFAULT} if absent."),
                ),
            ),
            Route(
                "GET",
                "/api/dispatches/{id}",
                Scope.DISPATCH,
                "One dispatch of the log and its decision; never its text",
                self.dispatch,
                reply=StoredDispatchReply,
            ),
        ]

    async def performance(self, request: web.Request) -> web.StreamResponse:
        """The log, summed up."""
        unknown = set(request.query) - {"group_by", "since"}
        if unknown:
            raise InvalidRequest(f"{min(unknown)[:100]}: there is no such query parameter; there are group_by, since")
        group_by = _group_by(request.query.get("group_by", GroupBy.MODEL))
        after = since(request.query.get("since", _SINCE_DEFAULT), self.wall())
        rows = await performance(self.database, group_by, after)
        return json_response(
            PerformanceReply(
                group_by=group_by,
                since=iso(after),
                rows=[_row_reply(row) for row in rows],
                auto_agreement=_agreement_reply(self.agreement()),
            )
        )

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        """One dispatch."""
        record = await dispatch_by_id(self.database, DispatchId(request.match_info["id"]))
        if record is None:
            raise DispatchNotFound(
                "id: no dispatch of the log has it; rows older than AI_DISPATCH_RETENTION_DAYS are gone"
            )
        return json_response(stored_reply(record, await feedback_on(self.database, record.dispatch_id)))


def _group_by(text: str) -> GroupBy:
    try:
        return GroupBy(text)
    except ValueError as error:
        raise InvalidRequest(f"group_by: say one of {', '.join(GroupBy)}") from error


def _agreement_reply(agreement: Agreement) -> AutoAgreementReply:
    return AutoAgreementReply(
        task_type=_agreed_reply(agreement.task_type), complexity=_agreed_reply(agreement.complexity)
    )


def _agreed_reply(agreed: Agreed) -> AgreedReply:
    return AgreedReply(named=agreed.named, agreed=agreed.agreed, rules_agreed=agreed.rules_agreed, share=agreed.share)


def _row_reply(row: PerformanceRow) -> PerformanceRowReply:
    return PerformanceRowReply(
        key=row.key,
        workflow_id=row.workflow_id,
        dispatches=row.dispatches,
        success_rate=row.success_rate,
        avg_total_s=row.avg_total_s,
        p50_total_s=row.p50_total_s,
        p90_total_s=row.p90_total_s,
        avg_first_token_s=row.avg_first_token_s,
        avg_load_s=row.avg_load_s,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        p90_kept=row.p90_kept,
        explored=row.explored,
    )

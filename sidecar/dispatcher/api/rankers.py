"""/api/rankers: what makes the forecasts, and what may do so next."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

import orjson
from aiohttp import web

from dispatcher.api.bodies import json_response
from dispatcher.api.learning_schemas import EvidenceReply, RankerReply, RankersReply, ShadowReply, TallyReply
from dispatcher.api.routes import Route, Scope
from dispatcher.api.times import iso
from dispatcher.core.evidence import Tally
from dispatcher.core.ranker_entry import Assessment, RankerEntry
from dispatcher.service.rankers import Rankers


@dataclass(frozen=True, slots=True)
class RankersApi:
    """Shows the rankers, and lets an admin move them."""

    rankers: Rankers

    def routes(self) -> list[Route]:
        """The routes."""
        one, listed = "/api/rankers/{id}", "List the rankers: what each was made from, its state and the evidence"
        return [
            Route("GET", "/api/rankers", Scope.DISPATCH, listed, self.list, reply=RankersReply),
            self._verb(one, "evaluate", "Judge a ranker by the log, against what was done", self.evaluate),
            self._verb(one, "promote", "Take a ranker a step further: watched, on trial, live", self.promote),
            self._verb(one, "rollback", "Take a ranker out of its place; the one before comes back", self.rollback),
        ]

    async def list(self, _request: web.Request) -> web.StreamResponse:
        """All rankers."""
        return json_response(RankersReply(rankers=[_reply(entry) for entry in await self.rankers.list()]))

    async def evaluate(self, request: web.Request) -> web.StreamResponse:
        """A ranker judged."""
        return json_response(_reply(await self.rankers.evaluate(request.match_info["id"])))

    async def promote(self, request: web.Request) -> web.StreamResponse:
        """A ranker one step further."""
        return json_response(_reply(await self.rankers.promote(request.match_info["id"])))

    async def rollback(self, request: web.Request) -> web.StreamResponse:
        """A ranker out of its place."""
        return json_response(_reply(await self.rankers.rollback(request.match_info["id"])))

    def _verb(
        self, path: str, verb: str, summary: str, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Route:
        return Route("POST", f"{path}/{verb}", Scope.ADMIN, summary, handler, reply=RankerReply)


def _reply(entry: RankerEntry) -> RankerReply:
    found = entry.assessment or Assessment()
    return RankerReply(
        id=entry.id,
        state=entry.stage,
        why=entry.why,
        created_at=iso(entry.created_at) if entry.created_at else None,
        changed_at=iso(entry.changed_at) if entry.changed_at else None,
        sha256=entry.sha256,
        card=orjson.loads(entry.card),
        evidence=EvidenceReply.model_validate(asdict(found.evidence)) if found.evidence else None,
        shadow=ShadowReply(**asdict(found.shadow)) if found.shadow else None,
        canary=_tally(found.canary),
        live=_tally(found.live),
    )


def _tally(tally: Tally | None) -> TallyReply | None:
    return TallyReply(dispatches=tally.dispatches, mean=tally.mean) if tally else None

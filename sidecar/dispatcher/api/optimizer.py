"""POST /api/optimizer/run and /api/rules: what would make choices better, and doing it."""

from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response, read_body
from dispatcher.api.optimizer_replies import optimized_reply, ranking_reply, rule_reply
from dispatcher.api.optimizer_schemas import OptimizeBody, OptimizedReply, RuleBody, RuleReply, RulesReply
from dispatcher.api.routes import Route, Scope
from dispatcher.errors import RuleNotFound
from dispatcher.service.optimize import Optimizer
from dispatcher.service.rules import Rules


@dataclass(frozen=True, slots=True)
class OptimizerApi:
    """Runs the optimizer, shows its rules, and applies them or takes them back."""

    optimizer: Optimizer
    rules: Rules

    def routes(self) -> list[Route]:
        """The routes."""
        admin, one = Scope.ADMIN, "/api/rules/{id}"
        run, listed = "Look at what was measured and suggest what to change", "List the rules and what came of them"
        return [
            Route("POST", "/api/optimizer/run", admin, run, self.run, body=OptimizeBody, reply=OptimizedReply),
            Route("GET", "/api/rules", Scope.DISPATCH, listed, self.list, reply=RulesReply),
            Route(
                "POST", "/api/rules", admin, "Propose a change", self.add, body=RuleBody, reply=RuleReply, status=201
            ),
            Route("POST", f"{one}/apply", admin, "Change the model as a rule says", self.apply, reply=RuleReply),
            Route("POST", f"{one}/rollback", admin, "Take a rule's change back", self.rollback, reply=RuleReply),
        ]

    async def run(self, request: web.Request) -> web.StreamResponse:
        """One run; a request without a body asks for all but the training."""
        body = await read_body(request, OptimizeBody) if request.can_read_body else OptimizeBody()
        return json_response(optimized_reply(await self.optimizer.optimize(body.verbs)))

    async def list(self, _request: web.Request) -> web.StreamResponse:
        """All rules."""
        rules, places = await self.rules.list(), await self.optimizer.rankings()
        reply = RulesReply(rules=[rule_reply(rule) for rule in rules], rankings=[ranking_reply(one) for one in places])
        return json_response(reply)

    async def add(self, request: web.Request) -> web.StreamResponse:
        """An admin's own rule."""
        body = await read_body(request, RuleBody)
        return json_response(rule_reply(await self.rules.add(body.kind, body.model, body.value)), 201)

    async def apply(self, request: web.Request) -> web.StreamResponse:
        """A rule applied."""
        return json_response(rule_reply(await self.rules.apply(_id(request))))

    async def rollback(self, request: web.Request) -> web.StreamResponse:
        """A rule taken back."""
        return json_response(rule_reply(await self.rules.rollback(_id(request))))


def _id(request: web.Request) -> int:
    name = request.match_info["id"]
    if not name.isascii() or not name.isdecimal() or len(name) > 15:
        raise RuleNotFound(f"id: there is no rule {name[:200]!r}; GET /api/rules lists them")
    return int(name)

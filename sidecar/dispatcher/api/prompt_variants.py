"""/api/prompt-variants: how prompts are put to models, and how well each way does."""

from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response, read_body
from dispatcher.api.routes import Route, Scope
from dispatcher.api.times import iso
from dispatcher.api.variant_schemas import ExampleBody, VariantBody, VariantReply, VariantScoreReply, VariantsReply
from dispatcher.core.duel import Score, Sums
from dispatcher.core.variants import Variant, VariantKey
from dispatcher.core.wording import Example, Wording
from dispatcher.errors import PromptVariantNotFound
from dispatcher.service.variants import Variants

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class PromptVariantsApi:
    """Shows the variants, takes new ones, and an admin's word on them."""

    variants: Variants

    def routes(self) -> list[Route]:
        """The routes."""
        all_, one, admin = "/api/prompt-variants", "/api/prompt-variants/{family}/{task_type}/{version}", Scope.ADMIN
        body, reply = VariantBody, VariantReply
        return [
            Route(
                "GET",
                all_,
                Scope.DISPATCH,
                "List the ways prompts are put to models, and how each does",
                self.list,
                reply=VariantsReply,
            ),
            Route("POST", all_, admin, "Enter a new way, as a candidate", self.add, body=body, reply=reply, status=201),
            Route("POST", f"{one}/promote", admin, "Move it on: to a trial, then to live", self.promote, reply=reply),
            Route("POST", f"{one}/retire", admin, "Take it out of use", self.retire, reply=reply),
        ]

    async def list(self, _request: web.Request) -> web.StreamResponse:
        """All variants."""
        return json_response(VariantsReply(variants=[self._reply(variant) for variant in self.variants]))

    async def add(self, request: web.Request) -> web.StreamResponse:
        """A new version."""
        body = await read_body(request, VariantBody)
        wording = Wording(
            system=body.system,
            examples=tuple(Example(one.user, one.assistant) for one in body.examples),
            json_instruction=body.json_instruction,
            shows_schema=body.show_schema,
        )
        variant = await self.variants.add(VariantKey(body.family, body.task_type), wording)
        return json_response(self._reply(variant), 201)

    async def promote(self, request: web.Request) -> web.StreamResponse:
        """One step on."""
        return json_response(self._reply(await self.variants.promote(*_named(request))))

    async def retire(self, request: web.Request) -> web.StreamResponse:
        """Out of use."""
        return json_response(self._reply(await self.variants.retire(*_named(request))))

    def _reply(self, variant: Variant) -> VariantReply:
        mine, other = self.variants.scores(variant)
        wording = variant.wording
        return VariantReply(
            family=variant.key.family,
            task_type=variant.key.task_type,
            version=variant.version,
            state=variant.state,
            why=variant.why,
            system=wording.system,
            examples=[ExampleBody(user=one.user, assistant=one.assistant) for one in wording.examples],
            json_instruction=wording.json_instruction,
            show_schema=wording.shows_schema,
            score=_score(mine),
            against=_score(other),
            created_at=iso(variant.created_at),
            changed_at=iso(variant.changed_at),
        )


def _named(request: web.Request) -> tuple[VariantKey, int]:
    key = VariantKey(request.match_info["family"], request.match_info["task_type"])
    version = request.match_info["version"]
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise PromptVariantNotFound("version: send the number of one that GET /api/prompt-variants lists")
    return key, int(version)


def _score(score: Score) -> VariantScoreReply:
    return VariantScoreReply(dispatches=score.success.count, success=_mean(score.success), reward=_mean(score.reward))


def _mean(sums: Sums) -> float | None:
    return round(sums.mean, _DIGITS) if sums.weight > 0 else None

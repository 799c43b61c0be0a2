"""Choosing a model and the way to run it, from all that is known at this moment. Nothing here awaits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dispatcher.core.classification import Classification
from dispatcher.core.deadline import Deadline
from dispatcher.core.decision import Decision, Explanation, Option, Refusal, RefusalReason, Way
from dispatcher.core.explanation import explain
from dispatcher.core.exploration import THE_BEST, Contender, Pick
from dispatcher.core.features import RequestFeatures, TextFeatures
from dispatcher.core.forecast import Forecaster
from dispatcher.core.model import ModelSpec
from dispatcher.core.prospects import Hall, Situation, ineligible_in, prospects, questions_of, work_of
from dispatcher.core.selection import Ranking, Wish, rank
from dispatcher.core.task import DispatchRequest, ModelId, OnInfeasible
from dispatcher.core.variants import VariantPick
from dispatcher.core.waiting import Waiter
from dispatcher.errors import (
    TOO_LONG,
    DeadlineInfeasible,
    HostUnreachable,
    NoEligibleModel,
    RateLimited,
    Unsatisfiable,
)
from dispatcher.service.fleet import Fleet
from dispatcher.service.registry import Registry
from dispatcher.service.sides import sides_of
from dispatcher.service.variants import Variants


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision, and what it was made from."""

    situation: Situation
    wish: Wish
    decision: Decision
    forecaster: Forecaster

    @property
    def pick(self) -> VariantPick:
        """How the prompt is put to the chosen model."""
        return _pick_of(self.situation, self.decision.chosen.model_id)

    def explanation(self) -> Explanation:
        """The decision in words. Costs more than deciding: ask for it off the hot path."""
        said = explain(self.situation, self.wish, self.decision)
        other = self.decision.runner_up
        if said.deciding_term != "quality" or other is None:
            return said
        chosen, second = (self._spec(option.model_id) for option in (self.decision.chosen, other))
        reason = self.forecaster.reason(work_of(self.situation), self.decision.features, chosen, second)
        return replace(said, why=f"{said.why}, {reason}") if reason else said

    def _spec(self, model_id: ModelId) -> ModelSpec:
        return next(one.spec for one in self.situation.candidates if one.spec.id == model_id)


@dataclass(frozen=True, slots=True)
class Weighing:
    """All options of a dispatch, compared. `refused` are the models that can't be options at all.

    `features` are the request as the forecaster saw it.
    """

    situation: Situation
    wish: Wish
    ranking: Ranking
    refused: tuple[Refusal, ...]
    forecaster: Forecaster
    features: RequestFeatures | None

    @property
    def best(self) -> Option | None:
        """The option to take; None when there is none."""
        return self.ranking.options[0] if self.ranking.options else None

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """The options as exploration sees them, best first."""
        return tuple(_contender(option) for option in self.ranking.options)

    def choice(self, pick: Pick = THE_BEST) -> Choice:
        """Take an option, the best unless told otherwise.

        Raises: NoEligibleModel, HostUnreachable, Unsatisfiable, DeadlineInfeasible.
        """
        refused = (*self.refused, *self.ranking.refused)
        if self.best is None:
            raise _refusal(self.ranking, refused, self.situation.request)
        chosen = self.ranking.options[pick.index]
        decision = Decision(
            chosen=chosen,
            ranked=self.ranking.options,
            refused=refused,
            task_type=self.situation.task_type,
            complexity=self.situation.complexity,
            objective=self.wish.objective,
            propensity=pick.propensity,
            ranker=self.forecaster.name,
            explored=pick.explored,
            features=self.features,
            variant=_pick_of(self.situation, chosen.model_id).use,
        )
        return Choice(self.situation, self.wish, decision, self.forecaster)


class Chooser:
    """Decides, by core, on what registry and fleet say now.

    Args:
        confidence: the chance with which a model must keep the deadline to be chosen.
        max_tokens_default: the longest answer when the caller doesn't say.
    """

    def __init__(
        self,
        registry: Registry,
        fleet: Fleet,
        variants: Variants,
        budget_mib: int,
        confidence: float,
        max_tokens_default: int,
    ) -> None:
        self._registry = registry
        self._fleet = fleet
        self._variants = variants
        self._budget_mib = budget_mib
        self._confidence = confidence
        self._max_tokens_default = max_tokens_default

    def weigh(
        self,
        request: DispatchRequest,
        classified: Classification,
        text: TextFeatures,
        forecaster: Forecaster,
        now_s: float,
        deadline: Deadline,
        failed: Mapping[ModelId, str],
    ) -> Weighing:
        """Compare all models by what `forecaster` expects, but those that `failed` in this dispatch (with why).

        Raises: ModelNotFound.
        """
        newcomer = self.waiter(request, ModelId(""), 0.0, now_s, deadline)
        situation, features = _foretold(self._situation(request, classified, text, newcomer, failed), forecaster)
        wants = request.requirements
        wish = Wish(
            objective=request.objective,
            timeout_s=deadline.remaining_s(now_s),
            confidence=self._confidence,
            min_quality=wants.min_quality,
            max_cost_usd=wants.max_cost_usd,
            is_best_effort=wants.on_infeasible is OnInfeasible.BEST_EFFORT,
        )
        found, refused = prospects(situation)
        return Weighing(situation, wish, rank(found, wish), refused, forecaster, features)

    def waiter(
        self, request: DispatchRequest, model_id: ModelId, run_s: float, now_s: float, deadline: Deadline
    ) -> Waiter:
        """The request as one who waits for a model, on which it takes `run_s` seconds."""
        return Waiter(
            ticket=self._fleet.ticket(),
            model_id=model_id,
            share=request.share,
            priority=request.priority,
            arrived_s=now_s,
            deadline_s=deadline.at_s,
            run_s=run_s,
        )

    def _situation(
        self,
        request: DispatchRequest,
        classified: Classification,
        text: TextFeatures,
        newcomer: Waiter,
        failed: Mapping[ModelId, str],
    ) -> Situation:
        if request.model is not None:
            self._registry.spec(request.model)  # says what exists when it doesn't
        candidates = (self._registry.candidate(spec) for spec in self._registry)
        stranded = self._fleet.stranded
        max_tokens = request.requirements.max_tokens or self._max_tokens_default
        picker = self._variants.picker(request, classified.task_type, text.prompt_tokens + max_tokens)
        return Situation(
            request=request,
            task_type=classified.task_type,
            complexity=classified.complexity,
            text=text,
            max_tokens=max_tokens,
            candidates=tuple(
                replace(
                    candidate,
                    quarantine=failed.get(candidate.spec.id, candidate.quarantine),
                    pick=picker.pick(candidate.spec),
                )
                for candidate in candidates
            ),
            residents=self._fleet.residents(newcomer, request.model),
            budget_mib=self._budget_mib,
            halls=tuple(self._hall(model_id, waiters, newcomer) for model_id, waiters in stranded.items()),
            sides=sides_of(stranded, self._fleet, self._registry) if self._fleet.waiting else {},
            newcomer=newcomer,
        )

    def _hall(self, model_id: ModelId, waiters: tuple[Waiter, ...], newcomer: Waiter) -> Hall:
        spec = self._registry.spec(model_id)
        ahead_s = self._fleet.ahead_of(newcomer, waiters, spec.slots).work_s
        work_s = sum(waiter.run_s for waiter in waiters)
        return Hall(model_id, ahead_s / spec.slots, spec.load_s + work_s / spec.slots)


def _pick_of(situation: Situation, model_id: ModelId) -> VariantPick:
    return next(candidate.pick for candidate in situation.candidates if candidate.spec.id == model_id)


def _contender(option: Option) -> Contender:
    """Safe is what evicts nobody; that it keeps the deadline, the privacy and all limits has been seen to."""
    expected = option.forecast
    return Contender(
        model_id=option.model_id,
        utility=option.utility,
        doubt=option.chance_in_time * expected.success * expected.doubt,
        tries=expected.tries,
        is_safe=option.way is not Way.EVICT,
    )


def _foretold(situation: Situation, forecaster: Forecaster) -> tuple[Situation, RequestFeatures | None]:
    """The situation with all forecasts it needs: explaining the choice later finds the same."""
    ineligible = ineligible_in(situation)
    questions = questions_of(situation, ineligible)
    if not questions:
        return replace(situation, ineligible=ineligible), None
    foretold = forecaster.foretell(work_of(situation), questions)
    by_question = zip(questions, foretold.forecasts, strict=True)
    known = {(question.spec.id, question.threads): forecast for question, forecast in by_question}
    return replace(situation, forecasts=known, ineligible=ineligible), foretold.features


def _refusal(ranking: Ranking, refused: tuple[Refusal, ...], request: DispatchRequest) -> Exception:
    told = [refusal for refusal in refused if request.model is None or refusal.model_id == request.model]
    reasons = "; ".join(f"{refusal.model_id}: {refusal.message}" for refusal in told)
    if ranking.feasible_s is not None:
        timeout_s = request.requirements.timeout_s
        return DeadlineInfeasible(
            f"no model can finish within requirements.timeout = {timeout_s:g} s; "
            f"raise it to {math.ceil(ranking.feasible_s)} or more, ask for fewer requirements.max_tokens, or set "
            f"requirements.on_infeasible to best_effort ({reasons})",
            feasible_in_s=ranking.feasible_s,
            retry_after_s=ranking.again_in_s,
        )
    again_s = [one.again_in_s for one in told if one.reason is RefusalReason.RATE_LIMIT and one.again_in_s is not None]
    if again_s:
        return RateLimited(f"no model can take this now: {reasons}", retry_after_s=min(again_s))
    if any(refusal.reason is RefusalReason.HOST for refusal in told):
        return HostUnreachable(f"no model can take this now: {reasons}", retry_after_s=_ENGINE_BACK_S)
    if any(refusal.reason is RefusalReason.CONTEXT_LENGTH for refusal in told) and all(
        refusal.reason in _LASTING | _FOR_THE_ADMIN for refusal in told
    ):
        return Unsatisfiable(f"{TOO_LONG} for the models there are: {reasons}")
    kind = Unsatisfiable if told and all(refusal.reason in _LASTING for refusal in told) else NoEligibleModel
    return kind(f"no model can take this: {reasons}" if reasons else "no model is registered")


_ENGINE_BACK_S = 10.0  # about what a restart of Docker takes

# What no waiting changes.
_LASTING = frozenset(
    {
        RefusalReason.TASK,
        RefusalReason.CAPABILITY,
        RefusalReason.CONTEXT_LENGTH,
        RefusalReason.PRIVACY,
        RefusalReason.QUALITY,
        RefusalReason.COST,
    }
)

# What only somebody can change.
_FOR_THE_ADMIN = frozenset({RefusalReason.WEIGHTS, RefusalReason.DISABLED, RefusalReason.MEMORY})

"""One dispatch, top to bottom: classify, choose, lease, render, complete, check, record, fall back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dispatcher.core.classification import Classification
from dispatcher.core.deadline import Deadline
from dispatcher.core.decision import Decision, Explanation
from dispatcher.core.exploration import THE_BEST, Contender, Pick
from dispatcher.core.features import features_of
from dispatcher.core.forecast import Forecaster, first_token_s, prefill_s
from dispatcher.core.model import HostKind, ModelSpec
from dispatcher.core.outcome import Attempt, Completion, Ending, OnPiece, Piece, Timing
from dispatcher.core.retrying import RetryBudget, Tries
from dispatcher.core.task import Complexity, DispatchId, DispatchRequest, FormatKind, ModelId
from dispatcher.core.waiting import Waiter
from dispatcher.errors import (
    AnswerCut,
    DeadlineInfeasible,
    DispatcherError,
    HostUnreachable,
    InvalidAnswer,
    InvalidRequest,
    NoEligibleModel,
    ReplicaOutOfMemory,
    ReplicaStartFailed,
    RuntimeBadAnswer,
    RuntimeFault,
    RuntimeIncomplete,
    RuntimeRefused,
    RuntimeStalled,
    RuntimeUnreachable,
    Unsatisfiable,
)
from dispatcher.service.answer import Checked, check_answer, check_schemas
from dispatcher.service.asking import Question, question
from dispatcher.service.choose import Choice, Chooser, Weighing
from dispatcher.service.diagnose import Doctor
from dispatcher.service.equipment import Equipment
from dispatcher.service.lease import Lease, Leaser, OnWait
from dispatcher.service.model_names import ModelNames
from dispatcher.service.panel import Panel
from dispatcher.service.poison import PoisonGuard
from dispatcher.service.record import Recorder
from dispatcher.service.registry import Registry
from dispatcher.service.task_sense import TaskSense
from dispatcher.service.trail import OnChoice, Trail, ending_of
from dispatcher.service.warm import Warmer

# Faults of the wire and of starts, and an answer of the wrong shape: another model, or the same anew, may do better.
_WORTH_ANOTHER_TRY = (RuntimeFault, ReplicaStartFailed, InvalidAnswer)
_BUDGET_SPENT_S = 2.0  # a retry under way takes about so long to make room
_BAD_ANSWERS_MAX = 2  # told what was wrong with its answer, a model may do better; once
_CRASHES_MAX = 2  # after a crash it is tried once more, on another server, perhaps with more memory


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller gets."""

    dispatch_id: DispatchId
    completion: Completion
    json_value: object
    decision: Decision
    explanation: Explanation
    timing: Timing
    attempts: tuple[Attempt, ...]


class Dispatcher:
    """The main job. Everything it needs is handed in; between dispatches it keeps only how many try again."""

    def __init__(
        self,
        sense: TaskSense,
        chooser: Chooser,
        panel: Panel,
        explore: Callable[[Sequence[Contender]], Pick],
        leaser: Leaser,
        warmer: Warmer,
        registry: Registry,
        equipment: Equipment,
        doctor: Doctor,
        recorder: Recorder,
        poison: PoisonGuard,
        now: Callable[[], float],
        wall: Callable[[], float],
        attempts_max: int,
        stall_s: float,
    ) -> None:
        self._sense = sense
        self._chooser = chooser
        self._panel = panel
        self._explore = explore
        self._leaser = leaser
        self._warmer = warmer
        self._registry = registry
        self._names = ModelNames(registry)
        self._equipment = equipment
        self._doctor = doctor
        self._recorder = recorder
        self._poison = poison
        self._now = now
        self._wall = wall
        self._attempts_max = attempts_max
        self._stall_s = stall_s
        self._budget = RetryBudget()

    async def dispatch(
        self,
        dispatch_id: DispatchId,
        request: DispatchRequest,
        on_piece: OnPiece | None = None,
        on_wait: OnWait | None = None,
        on_choice: OnChoice | None = None,
    ) -> Answer:
        """Answer a prompt. With `on_piece`, the answer is also handed out piece by piece while it is written.

        `on_wait` is told at once for which model the dispatch waits, and `on_choice` of each choice: again after each
        fall-back.

        Raises: a DispatcherError. What happened is recorded however it ends, also when the caller leaves.
        """
        trail = self._trail(dispatch_id, request, self._panel.forecaster())
        trail.on_wait, trail.on_choice = on_wait, on_choice
        try:
            done = await self._answered(trail, on_piece)
        except DispatcherError as error:
            self._recorder.record(trail.record(ending_of(error), error.code, self._now()))
            raise
        except asyncio.CancelledError:
            self._recorder.record(trail.record(Ending.CANCELLED, "cancelled", self._now()))
            raise
        record = trail.record(Ending.SUCCEEDED, None, self._now())
        self._recorder.record(record)
        self._sense.note(request, trail.text)
        explanation = record.explanation or done.choice.explanation()
        return Answer(
            dispatch_id=dispatch_id,
            completion=done.completion,
            json_value=done.checked.value,
            decision=done.choice.decision,
            explanation=explanation,
            timing=record.timing,
            attempts=record.attempts,
        )

    def explain(self, request: DispatchRequest) -> tuple[Decision, Explanation]:
        """Say what would be chosen now. Nothing is run, nothing is recorded.

        Raises: what `dispatch` raises before it runs anything.
        """
        check_schemas(request)
        self._poison.check(request)
        choice = self._weighed(self._imagined(self._pinned(request)), {}).choice()
        return choice.decision, choice.explanation()

    def admit(self, request: DispatchRequest) -> None:
        """Refuse what can't be answered, but not for what may pass: for that a job can wait.

        Raises: InvalidRequest, QuarantinedRequest, ModelNotFound, Unsatisfiable, DeadlineInfeasible.
        """
        check_schemas(request)
        self._poison.check(request)
        with contextlib.suppress(NoEligibleModel, HostUnreachable):
            self._weighed(self._imagined(self._pinned(request)), {}).choice()

    def _trail(self, dispatch_id: DispatchId, request: DispatchRequest, forecaster: Forecaster) -> Trail:
        text = features_of(request.messages, request.toolbox.offered)
        begun_s = self._now()
        return Trail(
            dispatch_id=dispatch_id,
            request=request,
            started_at=self._wall(),
            begun_s=begun_s,
            deadline=Deadline.after(begun_s, request.requirements.timeout_s),
            text=text,
            classified=_with_tools(request, self._sense.classify(request.task_type, request.complexity, text)),
            forecaster=forecaster,
        )

    def _pinned(self, request: DispatchRequest) -> DispatchRequest:
        """The request with the id of the model that it names, be it as the model's own server calls it.

        Raises: ModelNotFound.
        """
        return request if request.model is None else replace(request, model=self._names.model(request.model).id)

    def _imagined(self, request: DispatchRequest) -> Trail:
        """Of a dispatch that isn't run."""
        return self._trail(DispatchId(""), request, self._panel.live)

    def _chosen(self, trail: Trail, failures: Mapping[ModelId, Sequence[DispatcherError]]) -> Choice:
        weighing = self._weighed(trail, failures)
        self._warmer.note(weighing.situation, weighing.wish, weighing.best)
        may_explore = trail.request.explore and not failures and not weighing.wish.is_best_effort
        return weighing.choice(self._explore(weighing.contenders) if may_explore and weighing.best else THE_BEST)

    def _weighed(self, trail: Trail, failures: Mapping[ModelId, Sequence[DispatcherError]]) -> Weighing:
        failed = {model_id: errors[-1].message for model_id, errors in failures.items() if _is_given_up(errors)}
        return self._chooser.weigh(
            trail.request, trail.classified, trail.text, trail.forecaster, self._now(), trail.deadline, failed
        )

    async def _answered(self, trail: Trail, on_piece: OnPiece | None) -> _Done:
        """Try candidates until one answers; all on the same deadline, and none after the first streamed piece."""
        check_schemas(trail.request)
        self._poison.check(trail.request)
        trail.request = self._pinned(trail.request)
        failures: dict[ModelId, list[DispatcherError]] = {}
        last: DispatcherError | None = None
        with self._budget.under_way() as tries:
            while True:
                try:
                    choice = self._chosen(trail, failures)
                except (NoEligibleModel, HostUnreachable, DeadlineInfeasible, Unsatisfiable) as error:
                    raise last or error from error
                try:
                    return await self._attempt(trail, choice, on_piece)
                except _WORTH_ANOTHER_TRY as error:
                    model_id = choice.decision.chosen.model_id
                    if trail.crashes and not trail.has_streamed:
                        self._poison.check(trail.request)
                    if not self._may_try_again(trail, tries, model_id, error):
                        raise
                    failures.setdefault(model_id, []).append(error)
                    last = error
                    self._recorder.fell_back(model_id)

    def _may_try_again(self, trail: Trail, tries: Tries, model_id: ModelId, error: DispatcherError) -> bool:
        """Whether what failed may be tried once more; what no server was asked costs them nothing, and always may."""
        if trail.has_streamed or trail.crashes >= _CRASHES_MAX or len(trail.attempts) >= self._attempts_max:
            return False
        if not trail.was_asked or tries.again():
            return True
        self._recorder.refused_retry(model_id)
        if error.retry_after_s is None:
            error.retry_after_s = _BUDGET_SPENT_S
        return False

    async def _attempt(self, trail: Trail, choice: Choice, on_piece: OnPiece | None) -> _Done:
        """One try at one model. The lease is taken before anything awaits, so the choice still holds."""
        trail.tries(choice)
        begun_s = self._now()
        self._recorder.decided(begun_s - trail.begun_s)
        try:
            async with self._leaser.lease(self._waiter(trail, choice), trail.on_wait) as lease:
                trail.leased(lease)
                asked, said = await self._completed(trail, choice, lease, on_piece)
            completion, checked = self._checked(trail, asked, said)
            if on_piece is not None and completion.text and not trail.has_streamed:
                await trail.noting(on_piece)(Piece(completion.text))  # it had to be read whole first
        except DispatcherError as error:
            trail.attempts.append(Attempt(choice.decision.chosen.model_id, error.code, self._now() - begun_s))
            raise
        trail.attempts.append(Attempt(choice.decision.chosen.model_id, None, self._now() - begun_s))
        return _Done(choice, completion, checked)

    def _checked(self, trail: Trail, asked: Question, said: Completion) -> tuple[Completion, Checked]:
        wants, toolbox = trail.request.requirements, trail.request.toolbox
        try:
            completion = asked.understood(said, trail.dispatch_id)
            checked = check_answer(completion, wants.output, toolbox)
        except InvalidAnswer as error:
            trail.is_valid = False
            trail.mends(said, error.message)
            raise
        is_shaped = wants.output.kind is not FormatKind.TEXT or bool(completion.tool_calls)
        trail.completion, trail.is_valid = completion, True if is_shaped else None
        return completion, checked

    def _waiter(self, trail: Trail, choice: Choice) -> Waiter:
        chosen = choice.decision.chosen
        run_s = chosen.forecast.run.p50
        waiter = self._chooser.waiter(trail.request, chosen.model_id, run_s, self._now(), trail.deadline)
        return replace(waiter, is_alone=True) if self._poison.is_suspect(trail.request) else waiter

    def _patience(self, trail: Trail, choice: Choice, spec: ModelSpec) -> Deadline:
        """Until the first word as long as the whole answer may well take, and a load where that isn't ours to do."""
        expected = choice.decision.chosen.forecast
        load_s = expected.load.p90 if spec.host is HostKind.REMOTE else 0.0
        return trail.deadline.patient_for(load_s + expected.run.p90 + self._stall_s, self._stall_s)

    async def _completed(
        self, trail: Trail, choice: Choice, lease: Lease, on_piece: OnPiece | None
    ) -> tuple[Question, Completion]:
        spec = self._registry.spec(choice.decision.chosen.model_id)
        asked = question(trail, choice, spec)
        asked_s = self._now()
        at_once = lease.replica.in_flight
        trail.asks(at_once)
        heard = asked.hearing(trail.noting(on_piece))
        try:
            completion = await self._equipment.runtime_of(spec).complete(
                lease.endpoint, asked.ask, self._patience(trail, choice, spec), heard
            )
        except BaseException as error:
            if not _says_that_it_ended(error):
                reading_s = prefill_s(spec, asked.prompt_tokens, lease.replica.order.threads)
                lease.rest_s = 0.0 if trail.has_text else max(0.0, asked_s + reading_s - self._now())
            if isinstance(error, RuntimeFault):
                await self._faulted(trail, lease, error)
            raise
        self._doctor.answered(lease.replica)
        expected_s = first_token_s(spec, asked.prompt_tokens, lease.replica.order.threads)
        self._doctor.spoke(lease.replica, completion.first_token_s, expected_s, at_once)
        self._poison.answered(trail.request, spec.id)
        trail.completed(completion, asked_s)
        return asked, completion

    async def _faulted(self, trail: Trail, lease: Lease, error: RuntimeFault) -> None:
        in_flight = await self._doctor.failed(lease.replica, error)
        if in_flight:
            trail.crashes += 1
            self._poison.crashed(trail.request, lease.replica.model_id, was_alone=in_flight == 1)


@dataclass(frozen=True, slots=True)
class _Done:
    choice: Choice
    completion: Completion
    checked: Checked


def _with_tools(request: DispatchRequest, classified: Classification) -> Classification:
    """To know when a tool helps, and how to call it, is hard for a small model, however easy the prompt looks."""
    is_open = request.complexity is Complexity.AUTO and bool(request.toolbox.offered)
    return replace(classified, complexity=Complexity.HIGH) if is_open else classified


def _says_that_it_ended(error: BaseException) -> bool:
    """Whether the server itself ended the request with this, and so works on it no longer."""
    has_failed = isinstance(error, RuntimeFault | RuntimeRefused | InvalidRequest)
    return has_failed and not isinstance(error, RuntimeBadAnswer | RuntimeStalled)


def _is_given_up(errors: Sequence[DispatcherError]) -> bool:
    last = errors[-1]
    if isinstance(last, InvalidAnswer):
        return isinstance(last, AnswerCut) or len(errors) >= _BAD_ANSWERS_MAX
    crashed = isinstance(last, RuntimeUnreachable | RuntimeIncomplete | ReplicaOutOfMemory)
    return not crashed or len(errors) >= _CRASHES_MAX

"""The route that measures a model: POST /api/models/{id}/calibrate, told step by step."""

from contextlib import aclosing
from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.calibration_schemas import CalibrationReply, CalibrationStepReply
from dispatcher.api.events import EventStream
from dispatcher.api.middleware import error_reply
from dispatcher.api.routes import Route, Scope
from dispatcher.api.schemas import ErrorReply
from dispatcher.core.calibration import Calibration
from dispatcher.core.model import ModelSpec
from dispatcher.errors import CallerGone, DispatcherError
from dispatcher.service.calibrate import Calibrator, Step
from dispatcher.service.registry import Registry


@dataclass(frozen=True, slots=True)
class CalibrationApi:
    """Measures models for an admin."""

    calibrator: Calibrator
    registry: Registry
    write_timeout_s: float

    def routes(self) -> list[Route]:
        """The routes."""
        events = (("progress", CalibrationStepReply), ("done", CalibrationReply), ("error", ErrorReply))
        path, told = "/api/models/{id}/calibrate", "Measure its speed, load and memory with five prompts"
        return [Route("POST", path, Scope.ADMIN, told, self.calibrate, reply=CalibrationReply, events=events)]

    async def calibrate(self, request: web.Request) -> web.StreamResponse:
        """Measure one model. What was measured before a caller left is kept, and no more is asked."""
        spec = self.registry.spec(request.match_info["id"])
        stream = EventStream(request, self.write_timeout_s)
        try:
            async with aclosing(self.calibrator.calibrate(spec)) as told:
                async for one in told:
                    if isinstance(one, Calibration):
                        await stream.send("done", _reply(spec, one))
                    else:
                        await stream.send("progress", _step(one))
        except CallerGone:
            raise
        except DispatcherError as error:
            await stream.send("error", error_reply(error, None))
        return await stream.end()


def _step(step: Step) -> CalibrationStepReply:
    measure = step.measure
    return CalibrationStepReply(
        done=step.done,
        prompts=step.prompts,
        prefill_tps=_rounded(measure.prefill_tps),
        decode_tps=_rounded(measure.decode_tps),
    )


def _reply(spec: ModelSpec, found: Calibration) -> CalibrationReply:
    return CalibrationReply(
        id=spec.id,
        answers=found.answers,
        prefill_tps=_rounded(found.prefill_tps),
        decode_tps=_rounded(found.decode_tps),
        load_s=_rounded(found.load_s),
        memory_mib=found.memory_mib,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)

"""Measuring a model here by asking it a few prompts, on the path of any dispatch, and logged as what they are."""

import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import structlog

from dispatcher.core.calibration import Calibration, Measure, calibration_requests, measured, summed_up
from dispatcher.core.model import ModelSpec
from dispatcher.core.task import DispatchId
from dispatcher.service.dispatch import Dispatcher
from dispatcher.service.fleet import Fleet

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """So many of the prompts are answered; `measure` is of the last."""

    done: int
    prompts: int
    measure: Measure


class Calibrator:
    """Asks and measures. What comes of it is learned from the log, as of any other answer.

    Args:
        timeout_s: for each prompt, its load included.
    """

    def __init__(self, dispatcher: Dispatcher, fleet: Fleet, timeout_s: float) -> None:
        self._dispatcher = dispatcher
        self._fleet = fleet
        self._timeout_s = timeout_s

    async def calibrate(self, spec: ModelSpec) -> AsyncGenerator[Step | Calibration, None]:
        """Tell each step, and at last what the model does here. Who stops listening ends it.

        Raises: a DispatcherError when the model can't answer.
        """
        requests = calibration_requests(spec.id, self._timeout_s)
        measures: list[Measure] = []
        for request in requests:
            answer = await self._dispatcher.dispatch(DispatchId(f"d_{secrets.token_hex(16)}"), request)
            measures.append(measured(answer.completion, answer.timing.load_s))
            yield Step(len(measures), len(requests), measures[-1])
        found = summed_up(measures, self._memory_mib(spec))
        _LOG.info("model_calibrated", model=spec.id, prefill_tps=found.prefill_tps, decode_tps=found.decode_tps)
        yield found

    def _memory_mib(self, spec: ModelSpec) -> int | None:
        peaks = [replica.memory_peak_mib for replica in self._fleet if replica.model_id == spec.id]
        return max((peak for peak in peaks if peak is not None), default=None)

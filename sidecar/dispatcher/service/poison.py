"""Keeping requests that crash servers away from them, for a while."""

from collections.abc import Callable

import structlog

from dispatcher.core.poison import Fingerprint, Streaks, Suspects, fingerprint
from dispatcher.core.task import DispatchRequest, ModelId
from dispatcher.errors import QuarantinedRequest
from dispatcher.metrics import Metrics
from dispatcher.service.quarantine import Quarantine

_LOG = structlog.get_logger(__name__)


class PoisonGuard:
    """Remembers crashes by the request they came with.

    Args:
        key: of this run of the sidecar; without it nothing can be learnt from what is remembered.
    """

    def __init__(self, key: bytes, quarantine: Quarantine, metrics: Metrics, now: Callable[[], float]) -> None:
        self._key = key
        self._quarantine = quarantine
        self._metrics = metrics
        self._now = now
        self._suspects = Suspects()
        self._streaks = Streaks()

    def check(self, request: DispatchRequest) -> None:
        """Let a request pass, unless it is quarantined.

        Raises: QuarantinedRequest.
        """
        if not self._suspects:
            return
        wait_s = self._suspects.quarantined_s(self._name(request), self._now())
        if wait_s is not None:
            raise QuarantinedRequest(
                "inference servers crashed again and again while they worked on this very prompt, "
                f"so it isn't tried for {wait_s / 60:.0f} min; change it, or make it shorter"
            )

    def is_suspect(self, request: DispatchRequest) -> bool:
        """Whether a server crashed while it worked on this request, be it among others: it is to be run alone."""
        return bool(self._suspects) and self._suspects.is_suspect(self._name(request), self._now())

    def crashed(self, request: DispatchRequest, model_id: ModelId, *, was_alone: bool) -> None:
        """A server crashed while it worked on this request, and on no other if it `was_alone`.

        When several different requests in a row did that to a model, it is the model that isn't tried for a while.
        """
        name, now_s = self._name(request), self._now()
        was_quarantined = self._suspects.quarantined_s(name, now_s) is not None
        self._suspects.crashed(name, now_s, was_alone=was_alone)
        if innocent := self._streaks.crashed(model_id, name):
            for one in innocent:
                self._suspects.answered(one)
            self._quarantine.failed(model_id, f"it crashed under {len(innocent)} different prompts in a row")
        elif not was_quarantined and self._suspects.quarantined_s(name, now_s) is not None:
            self._metrics.poison.inc()
            _LOG.warning("request_quarantined", request=name.hex())

    def answered(self, request: DispatchRequest, model_id: ModelId) -> None:
        """It got an answer."""
        self._streaks.answered(model_id)
        if self._suspects:
            self._suspects.answered(self._name(request))

    def _name(self, request: DispatchRequest) -> Fingerprint:
        return fingerprint(self._key, request.messages, request.requirements.output)

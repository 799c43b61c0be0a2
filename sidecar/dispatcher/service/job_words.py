"""How jobs are put into JSON and read from it. The words are the API's; who runs jobs is handed them."""

from collections.abc import Callable
from dataclasses import dataclass

from dispatcher.core.job import Job
from dispatcher.core.task import DispatchId, DispatchRequest
from dispatcher.errors import DispatcherError
from dispatcher.service.dispatch import Answer


@dataclass(frozen=True, slots=True)
class JobWords:
    """The four translations.

    Args:
        request: from a stored request; raises InvalidRequest when it isn't one any more.
        answer, error: to what is stored as a job's result.
        reply: to what a callback is told.
    """

    request: Callable[[str], DispatchRequest]
    answer: Callable[[Answer], str]
    error: Callable[[DispatcherError, DispatchId | None], str]
    reply: Callable[[Job], bytes]

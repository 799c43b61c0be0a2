"""A call on the simulated machine: from its arrival to its end."""

from dataclasses import dataclass
from enum import StrEnum

from dispatcher.core.eligibility import Candidate
from dispatcher.core.simulation.workload import Call


class End(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"  # in time
    LATE = "late"  # its caller gave up, waiting or while the answer was written
    REFUSED = "refused"  # at once


@dataclass(slots=True, eq=False)
class Visit:
    """One call that has come. Times on the simulated clock, in seconds.

    `candidate` is the model it was given to; `began_s` when it got a slot, if it did.
    """

    call: Call
    arrived_s: float
    candidate: Candidate | None = None
    began_s: float | None = None
    ended_s: float | None = None
    end: End | None = None

    @property
    def deadline_s(self) -> float:
        """When its caller gives up."""
        return self.arrived_s + self.call.timeout_s

    @property
    def is_waiting(self) -> bool:
        """Whether it still waits for a slot."""
        return self.end is None and self.began_s is None

    @property
    def took_s(self) -> float:
        """Until it was answered; without an answer, all the time its caller would have given."""
        if self.end is End.ANSWERED and self.ended_s is not None:
            return self.ended_s - self.arrived_s
        return self.call.timeout_s

    @property
    def waited_s(self) -> float:
        """Until it got a slot, or its end if it never did."""
        until_s = self.ended_s if self.began_s is None else self.began_s
        return 0.0 if until_s is None else until_s - self.arrived_s

"""What the load generator is told, and what it tells."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stream:
    """Requests of one workflow, at random moments, `per_s` of them a second on average."""

    workflow: str
    per_s: float


@dataclass(frozen=True, slots=True)
class Phase:
    """So many seconds of some streams at once; or, with `callers`, so many callers who ask again at each answer.

    With `requests` they end after so many, of ever new workflows, of which some can't be in time.
    """

    name: str
    seconds: float
    streams: tuple[Stream, ...] = ()
    callers: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """All phases, one after the other, of requests to one address with one token."""

    url: str
    token: str
    phases: tuple[Phase, ...]
    models: tuple[str, ...]
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One request and how it ended. Times in seconds on the monotonic clock, which all processes share.

    Args:
        due_s: when it should have been sent; what it was sent later is the generator's lag.
        status: of HTTP; 0 when the caller gave up or the connection broke.
        code: of an error.
    """

    phase: str
    workflow: str
    due_s: float
    sent_s: float
    done_s: float
    timeout_s: float
    status: int
    code: str

    @property
    def took_s(self) -> float:
        """From sending to the whole reply."""
        return self.done_s - self.sent_s

    @property
    def is_in_time(self) -> bool:
        """Whether it was answered by its deadline."""
        return self.status == 200 and self.took_s <= self.timeout_s

    @property
    def is_refused(self) -> bool:
        """Whether it was told to come back, or to ask for less."""
        return self.status in (429, 503)

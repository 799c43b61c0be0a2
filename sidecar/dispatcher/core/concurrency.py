"""How many dispatches a replica should work on at once: its slots, or fewer when that makes everybody wait longer."""

from dataclasses import dataclass, replace

_STRAIN_MAX = 2.0
_STRAIN_MEMORY = 0.3  # the share of a new measurement
_PACE_MEMORY = 0.1
_DOWN = 0.7
_UP = 0.1
_SAMPLE_MIN, _SAMPLE_MAX = 0.1, 10.0  # one measurement may be off by any amount; it counts as no more than this


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that goes down by a third when first tokens come much later than they should, and slowly up again.

    A server that shares its power fairly lets each of n wait n times as long for its first token as one alone: no
    longer than they would wait one after the other. When they wait for more than twice that, it queues inside, or lacks
    cores or memory, and fewer at once serve everybody better.

    Args:
        value: between 1 and the slots; only whole ones count.
        pace: time to the first token of one alone, as a multiple of what was expected for the length of its prompt;
            None before the first measurement.
        strain: how much longer than fair it has taken lately.
    Source: additive increase, multiplicative decrease (Chiu and Jain 1989), on the signal of Netflix'
        concurrency-limits, with time to first token for round-trip time, as an answer's length says nothing of load.
    """

    value: float
    pace: float | None = None
    strain: float = 1.0

    @property
    def slots(self) -> int:
        """How many may be worked on now."""
        return int(self.value)

    def measured(self, took: float, at_once: int, slots: int) -> "Limit":
        """After a first token.

        Args:
            took: time to it, as a multiple of what was expected.
            at_once: how many the server worked on when it was asked, this one counted.
            slots: the most that it may work on.
        """
        share = took / at_once
        pace = share if self.pace is None else self.pace
        sample = min(max(share / pace, _SAMPLE_MIN), _SAMPLE_MAX) if pace > 0 else 1.0
        strain = self.strain + _STRAIN_MEMORY * (sample - self.strain)
        if at_once == 1:
            pace += _PACE_MEMORY * (took - pace)
        if at_once > 1 and strain > _STRAIN_MAX:
            return Limit(max(1.0, min(self.value, at_once) * _DOWN), pace)
        is_used = at_once >= self.slots
        value = min(float(slots), self.value + _UP / self.value) if is_used else self.value
        return replace(self, value=value, pace=pace, strain=strain)

"""How many replicas a model should have: as many as its work needs, and one more only if that pays."""

import math
from dataclasses import dataclass

_UTILISATION = 0.7  # of the slots; above it, waiting grows out of proportion
_PANIC = 2.0  # a short-term rate this many times what the replicas can take counts at once


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of one model.

    Args:
        arrivals_per_s, burst_per_s: dispatches per second, over minutes and over the last half minute.
        service_s: expected seconds of work for each.
        waiting: dispatches without a slot now.
        replicas: those that are up or coming.
        load_s: what one more takes to come up.
    """

    arrivals_per_s: float
    burst_per_s: float
    service_s: float
    waiting: int
    slots: int
    replicas: int
    load_s: float


def wanted_replicas(demand: Demand) -> int:
    """How many replicas the work needs, at least one.

    The work under way is arrivals × service time (Little's law); it should fill 70 % of the slots. A burst is believed
    only when it is far beyond what the replicas can take, as in a panic window.

    Source: J. D. C. Little, A Proof for the Queuing Formula (1961); the panic window is Knative's autoscaler's.
    """
    steady = _for_rate(demand.arrivals_per_s, demand)
    burst = _for_rate(demand.burst_per_s, demand)
    is_panic = burst >= _PANIC * demand.replicas
    return max(1, steady, burst if is_panic else 0)


def one_more_pays(demand: Demand) -> bool:
    """Whether one more replica saves those who wait now more time than its load takes."""
    if demand.replicas < 1 or demand.waiting < 1:
        return False
    drain_s = demand.waiting * demand.service_s / demand.slots
    return drain_s / demand.replicas - drain_s / (demand.replicas + 1) > demand.load_s


def _for_rate(per_s: float, demand: Demand) -> int:
    return math.ceil(per_s * demand.service_s / (demand.slots * _UTILISATION) - 1e-9)

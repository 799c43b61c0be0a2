"""All measurements by name, in the order in which they are made."""

from collections.abc import Awaitable, Callable

from scripts.bench.containers import budget, cold_start, decoys, frozen, many_callers, reconcile, two_busy
from scripts.bench.containers.bench import Bench
from scripts.bench.containers.found import Found

MEASUREMENTS: dict[str, Callable[[Bench], Awaitable[Found]]] = {
    "frozen": frozen.measure,
    "reconcile": reconcile.measure,
    "cold_start": cold_start.measure,
    "many_callers": many_callers.measure,
    "two_busy": two_busy.measure,
    "budget": budget.measure,
    "decoys": decoys.measure,  # last: they must survive all the others
}

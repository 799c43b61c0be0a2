"""The models that are waited for, and those in memory, with whoever waits for them, as core wants to see them."""

from dispatcher.core.model import ModelSpec
from dispatcher.core.scheduling import Side
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Waiter
from dispatcher.service.fleet import Fleet
from dispatcher.service.registry import Registry


def sides_of(stranded: dict[ModelId, tuple[Waiter, ...]], fleet: Fleet, registry: Registry) -> dict[ModelId, Side]:
    """Those who are stranded, and everyone who waits for a model in memory."""
    resident = {replica.model_id: fleet.waiters(replica.model_id) for replica in fleet}
    specs = {spec.id: spec for spec in registry}
    return {
        model_id: _side(specs[model_id], waiters, fleet, registry)
        for model_id, waiters in {**resident, **stranded}.items()
        if model_id in specs
    }


def _side(spec: ModelSpec, waiters: tuple[Waiter, ...], fleet: Fleet, registry: Registry) -> Side:
    return Side(
        model_id=spec.id,
        waiters=waiters,
        load_s=spec.load_s,
        slots=spec.slots,
        footprint_mib=registry.footprint_mib(spec),
        arrivals_per_s=fleet.arrivals(spec.id).steady_per_s,
    )

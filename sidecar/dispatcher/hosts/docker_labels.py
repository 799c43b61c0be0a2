"""What marks a container as ours, and carries the order it was started by."""

from collections.abc import Mapping
from dataclasses import asdict

import orjson

from dispatcher.core.model import Engine
from dispatcher.core.replica import ReplicaId, StartOrder

_MANAGED = "ai-dispatch.managed"
_INSTALL = "ai-dispatch.install"
_MODEL = "ai-dispatch.model"
_REPLICA = "ai-dispatch.replica"
_GENERATION = "ai-dispatch.generation"
_ORDER = "ai-dispatch.order"


def labels_of(order: StartOrder, install_id: str, generation: str) -> dict[str, str]:
    """All labels of a replica's container. `generation` tells containers made from another template apart."""
    return {
        _MANAGED: "1",
        _INSTALL: install_id,
        _MODEL: order.model_id,
        _REPLICA: order.replica_id,
        _GENERATION: generation,
        _ORDER: orjson.dumps(asdict(order)).decode(),
    }


def filters_of(install_id: str, replica_id: ReplicaId | None = None) -> dict[str, list[str]]:
    """The engine's filter for our containers, or for one of them. It narrows a list; `is_ours` decides."""
    labels = [f"{_MANAGED}=1", f"{_INSTALL}={install_id}"]
    return {"label": [*labels, f"{_REPLICA}={replica_id}"] if replica_id is not None else labels}


def is_ours(labels: Mapping[str, str], install_id: str) -> bool:
    """Whether a container with these labels belongs to this installation."""
    return labels.get(_MANAGED) == "1" and labels.get(_INSTALL) == install_id


def replica_of(labels: Mapping[str, str]) -> ReplicaId:
    """The replica a container of ours is; empty, which none is, when it doesn't say."""
    return ReplicaId(labels.get(_REPLICA, ""))


def generation_in(labels: Mapping[str, str]) -> str:
    """From which template a container of ours was made; empty when it doesn't say."""
    return labels.get(_GENERATION, "")


def order_of(labels: Mapping[str, str]) -> StartOrder | None:
    """The order a container of ours was started by; None when it can't be read, or doesn't match its other labels."""
    try:
        raw = orjson.loads(labels.get(_ORDER, ""))
        order = StartOrder(**{**raw, "engine": Engine(raw["engine"])})
    except (orjson.JSONDecodeError, TypeError, KeyError, ValueError):
        return None
    is_whole = all(type(getattr(order, name)) is kind for name, kind in _KINDS.items())
    return order if is_whole and order.replica_id == replica_of(labels) else None


_KINDS: dict[str, type] = {
    "replica_id": str,
    "model_id": str,
    "weights_path": str,
    "weights_sha256": str,
    "context_tokens": int,
    "slots": int,
    "threads": int,
    "memory_limit_mib": int,
    "reference": str,
    "needs_gpu": bool,
    "is_ours": bool,
}

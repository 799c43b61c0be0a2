"""What the metrics show of the fleet: read off when somebody asks."""

import asyncio
import contextlib

from dispatcher.core.replica import GONE, ReplicaState
from dispatcher.errors import DispatcherError
from dispatcher.metrics import Metrics
from dispatcher.service.fleet import Fleet
from dispatcher.store.database import Database
from dispatcher.store.jobs import count_jobs

_DATABASE_MAX_S = 1.0


async def read_gauges(metrics: Metrics, fleet: Fleet, database: Database, budget_mib: int) -> None:
    """Set every gauge to what is true now; those of jobs stay as they were when the database doesn't answer."""
    with contextlib.suppress(DispatcherError, TimeoutError):
        async with asyncio.timeout(_DATABASE_MAX_S):
            for job_state, count in (await count_jobs(database)).items():
                metrics.jobs.labels(job_state).set(count)
    replicas = list(fleet)
    for state in ReplicaState:
        if state not in GONE:
            metrics.replicas.labels(state).set(sum(replica.state is state for replica in replicas))
    metrics.ejected.set(sum(replica.breaker.is_tripped for replica in replicas))
    metrics.in_flight.set(sum(replica.in_flight for replica in replicas))
    metrics.waiting.set(fleet.waiting)
    metrics.memory.labels("budget").set(budget_mib)
    metrics.memory.labels("reserved").set(fleet.reserved_mib)
    metrics.memory.labels("used").set(sum(replica.memory_mib or 0 for replica in replicas))
    metrics.dropped_log_rows.set(database.dropped_posts + database.failed_posts)

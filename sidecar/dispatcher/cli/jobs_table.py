"""Jobs as a table."""

from datetime import datetime

from rich.table import Table

from dispatcher.api.job_schemas import JobListReply, JobReply
from dispatcher.cli.durations import seconds
from dispatcher.cli.screen import harmless, new_table


def jobs_table(reply: JobListReply) -> Table:
    """A row for each job; all the rest is in the JSON."""
    table = new_table(
        *("job", "state", "priority", "accepted", "took", "why"),
        right=frozenset({"priority", "took"}),
        caption=f"jobs: {len(reply.jobs)}",
    )
    for job in reply.jobs:
        table.add_row(
            job.job_id,
            job.state,
            str(job.priority),
            job.created_at,
            seconds(_took_s(job)),
            harmless(job.error.message) if job.error else "",
        )
    return table


def _took_s(job: JobReply) -> float | None:
    if job.finished_at is None:
        return None
    return (datetime.fromisoformat(job.finished_at) - datetime.fromisoformat(job.created_at)).total_seconds()

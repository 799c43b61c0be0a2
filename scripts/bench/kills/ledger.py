"""What the callers know: which jobs were acknowledged to them, and every answer that they were ever given."""

from dataclasses import dataclass, field
from typing import Any

OVER = ("done", "failed", "cancelled", "expired")


@dataclass
class Ledger:
    """Kept by the callers, outside of the sidecar, which may be killed at any moment.

    `answers` holds, for each job, all that it was ever said to have ended with: more than one is a double result.
    """

    prompts: dict[str, str] = field(default_factory=dict)  # by the id of the acknowledged job
    ids_by_key: dict[str, set[str]] = field(default_factory=dict)
    answers: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    plain_asked: int = 0
    plain_lost: int = 0

    def acknowledged(self, key: str, prompt: str, job: dict[str, Any]) -> None:
        """A job was taken, or found again by its key."""
        self.ids_by_key.setdefault(key, set()).add(job["job_id"])
        self.prompts[job["job_id"]] = prompt
        self.told(job)

    def told(self, job: dict[str, Any]) -> None:
        """A job was shown to a caller."""
        if job.get("state") in OVER:
            self.answers.setdefault(job["job_id"], set()).add((job["state"], str(job["dispatch_id"])))

    @property
    def open_ids(self) -> list[str]:
        """Acknowledged jobs that nobody has been told the end of."""
        return [job_id for job_id in self.prompts if job_id not in self.answers]

    @property
    def lost(self) -> list[str]:
        """Acknowledged jobs that never came to an answer."""
        return [job_id for job_id in self.prompts if all(state != "done" for state, _ in self.answers.get(job_id, ()))]

    @property
    def doubled(self) -> list[str]:
        """Jobs that were said to have ended in two ways, and keys that stand for two jobs."""
        twice = [job_id for job_id, answers in self.answers.items() if len(answers) > 1]
        return twice + [key for key, ids in self.ids_by_key.items() if len(ids) > 1]

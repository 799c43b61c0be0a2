"""What the process host keeps on disk of each replica, so that the next sidecar finds it again."""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from dispatcher.core.replica import Endpoint, ReplicaId, StartOrder


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """One process: `pid` and `created_at` together name it, for a pid alone is used again."""

    order: StartOrder
    endpoint: Endpoint
    pid: int
    created_at: float


class ProcessRecords:
    """A folder with one file per replica, readable by this user only, for they hold the replicas' keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, record: ProcessRecord) -> None:
        """Keep a record; whole or not at all."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(record.order.replica_id)
        partial = path.with_suffix(".part")
        partial.touch(mode=0o600)
        partial.write_bytes(orjson.dumps(asdict(record)))
        partial.replace(path)

    def remove(self, replica_id: ReplicaId) -> None:
        """Forget a replica."""
        self._path(replica_id).unlink(missing_ok=True)

    def read_all(self) -> Iterator[ProcessRecord]:
        """Every record that can be read; others are removed, they say nothing."""
        for path in sorted(self._folder.glob("*.json")):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                yield _parsed(path.read_bytes())
                continue
            path.unlink(missing_ok=True)

    def _path(self, replica_id: ReplicaId) -> Path:
        return self._folder / f"{replica_id}.json"


def _parsed(text: bytes) -> ProcessRecord:
    raw = orjson.loads(text)
    return ProcessRecord(StartOrder(**raw["order"]), Endpoint(**raw["endpoint"]), raw["pid"], raw["created_at"])

"""Trains a ranker from a dataset; a program of its own, so that it can be held to limits and may die.

`python -m dispatcher.learning.train_child MEMORY_BYTES CPU_S DATASET FOLDER CREATED_AT FIRST_AT LAST_AT PARENT`
writes the ranker's folder and prints one line of JSON: the card's hash, rows, metrics and peak memory.
"""

import json
import resource
import sys
from pathlib import Path

from dispatcher.learning.confine import confine

_NOT_ENOUGH = 4
_MIB = 1024 if sys.platform != "darwin" else 1024 * 1024  # ru_maxrss counts KiB, or bytes there
_SEED = 1


def main(dataset: str, folder: str, created_at: str, first_at: str, last_at: str, parent: str) -> int:
    """Train all that there is enough of; returns the exit code."""
    from dispatcher.core.features import FEATURES
    from dispatcher.learning.artifact import Card, hashes_of, write_artifact
    from dispatcher.learning.dataset import read_dataset
    from dispatcher.learning.training_parts import trained_parts

    data = read_dataset(Path(dataset))
    parts = trained_parts(data, _SEED)
    if not parts.files:
        return _NOT_ENOUGH
    card = Card(
        created_at=float(created_at),
        rows=len(data),
        first_at=float(first_at),
        last_at=float(last_at),
        features=tuple(name for name, _ in FEATURES),
        features_version=f"{data.features_version} {data.encoder}",
        metrics=parts.metrics,
        files=hashes_of(parts.files),
        inputs=parts.inputs,
        parent=parent or None,
    )
    card_hash = write_artifact(Path(folder), card, parts.files)
    peak_mib = _peak_mib()
    sys.stdout.write(json.dumps({"hash": card_hash, "rows": len(data), "metrics": parts.metrics, "peak_mib": peak_mib}))
    return 0


def _peak_mib() -> float:
    """The most memory it has held; what getrusage says begins with that of whoever started it."""
    try:
        words = Path("/proc/self/status").read_text().split()
        return int(words[words.index("VmHWM:") + 1]) / 1024
    except (OSError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB


if __name__ == "__main__":
    confine(int(sys.argv[1]), int(sys.argv[2]))
    sys.exit(main(*sys.argv[3:9]))

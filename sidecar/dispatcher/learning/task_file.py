"""The shipped table of task types: how it is packed, and how it is read with distrust."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np

from dispatcher.learning.task_guess import KINDS, TaskWeights
from dispatcher.learning.task_words import ROWS

TABLE = Path(__file__).parent / "task_types.bin"
"""int8, (ROWS, kinds): weights of rows, each column in units of its own that the card names; then uint8, (ROWS,): how
common each row is, as the root of its share."""

CARD = TABLE.with_suffix(".json")
"""The small weights, and where the table comes from: sources, licences, sizes, accuracies."""

_UNITS = 127  # int8 is used symmetrically
_ROOTS = np.float32(255)


def load_task_weights(table: Path = TABLE, card: Path = CARD) -> TaskWeights:
    """Read the table.

    Raises: ValueError, OSError: it isn't there, or isn't what its card says.
    """
    packed, told = table.read_bytes(), json.loads(card.read_text())
    try:
        if sha256(packed).hexdigest() != told["sha256"] or told["kinds"] != list(KINDS):
            raise ValueError(f"{table} isn't the table that {card} describes")
        units = np.array(told["units"], np.float32)
        return TaskWeights(
            version=str(told["version"]),
            rows=np.frombuffer(packed[:-ROWS], np.int8).reshape(ROWS, len(KINDS)) * units,
            scores=np.array(told["scores"], np.float32),
            leaders=np.array(told["leaders"], np.float32),
            bias=np.array(told["bias"], np.float32),
            common=(np.frombuffer(packed[-ROWS:], np.uint8).astype(np.float32) / _ROOTS) ** 2,
            sure_from=float(told["sure_from"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{card} isn't the card of a table of task types: {error!r}") from error


def write_task_weights(weights: TaskWeights, facts: dict[str, object], table: Path = TABLE, card: Path = CARD) -> None:
    """Pack a table, and write its card with these facts beside the small weights."""
    units = np.abs(weights.rows).max(0) / _UNITS
    common = np.rint(np.sqrt(weights.common) * _ROOTS).astype(np.uint8)
    packed = np.rint(weights.rows / units).astype(np.int8).tobytes() + common.tobytes()
    told = {
        **facts,
        "version": weights.version,
        "sha256": sha256(packed).hexdigest(),
        "sure_from": weights.sure_from,
        "kinds": list(KINDS),
        "units": units.tolist(),
        "bias": weights.bias.tolist(),
        "scores": weights.scores.tolist(),
        "leaders": weights.leaders.tolist(),
    }
    table.write_bytes(packed)
    card.write_text(json.dumps(told, indent=1) + "\n")

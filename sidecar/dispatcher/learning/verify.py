"""Reads a ranker for the first time in a child process: a text that makes LightGBM abort takes only the child along.

As a program: `python -m dispatcher.learning.verify MEMORY_BYTES CPU_S FOLDER CARD_HASH`.
"""

import asyncio
import sys
from pathlib import Path

from dispatcher.learning.artifact import Artifact, RankerBroken, read_artifact
from dispatcher.learning.child import ChildEnding, run_child
from dispatcher.learning.confine import Limits, confine
from dispatcher.learning.treetext import check_trees

LIMITS = Limits(memory_bytes=2 << 30, cpu_s=20, wall_s=60.0)
_MODULE = "dispatcher.learning.verify"
_BROKEN = 3


async def verified(folder: Path, card_hash: str, limits: Limits = LIMITS) -> Artifact:
    """Read a ranker after a child process has loaded it and asked it something.

    Raises: RankerBroken when it isn't what was written, or when the child didn't live through it.
    """
    end = await run_child(_MODULE, [str(folder), card_hash], limits)
    if end.ending is not ChildEnding.DONE:
        last = end.words.strip().splitlines()[-1:] or [end.ending]
        raise RankerBroken(f"{folder.name} can't be used: {last[0][:300]}")
    return await asyncio.to_thread(read_artifact, folder, card_hash)


def model_text(artifact: Artifact, name: str) -> str:
    """The text of one LightGBM model, checked.

    Raises: RankerBroken when it isn't sound, or isn't there.
    """
    if name not in artifact.files or name not in artifact.card.inputs:
        raise RankerBroken(f"there is no model {name[:60]!r} in it")
    try:
        text = artifact.files[name].decode("ascii")
    except UnicodeDecodeError as error:
        raise RankerBroken(f"{name} is no text") from error
    check_trees(text, artifact.card.inputs[name])
    return text


def main(folder: str, card_hash: str) -> None:
    """Load every model of a ranker and have each answer twice, with zeros and with missing values."""
    import lightgbm
    import numpy as np

    artifact = read_artifact(Path(folder), card_hash)
    for name, features in artifact.card.inputs.items():
        text = model_text(artifact, name)
        probes = np.stack([np.zeros(features), np.full(features, np.nan)])
        answers = np.asarray(lightgbm.Booster(model_str=text).predict(probes, num_threads=1))
        if not np.isfinite(answers).all():
            raise RankerBroken(f"{name} answers with numbers without end")


if __name__ == "__main__":
    confine(int(sys.argv[1]), int(sys.argv[2]))
    try:
        main(*sys.argv[3:5])
    except RankerBroken as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_BROKEN)

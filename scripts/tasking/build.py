"""Fits, judges and writes the table of task types; see `scripts/tasks`."""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

from dispatcher.learning.task_file import load_task_weights, write_task_weights
from scripts.tasking.complexity import complexity_report
from scripts.tasking.examples import SOURCES, Example, fresh_examples, own_examples, public_examples
from scripts.tasking.fit import fit
from scripts.tasking.judge import Told, accuracy, best_threshold, blind, by_kind, cross_validated, told_by

_VERSION = "1"


def main() -> None:
    """Do it all."""
    words = argparse.ArgumentParser(prog="scripts/tasks", description=__doc__)
    words.add_argument("data", type=Path, help="folder with NAME.prompts.parquet: prompt, task_type")
    words.add_argument("--check", action="store_true", help="judge the table that is there; write nothing")
    given = words.parse_args()
    own, public = own_examples(), public_examples(given.data)
    seen = [one for one in own + public if not one.is_held_out]
    tried = cross_validated(seen)
    sure_from = best_threshold(tried)
    if not given.check:
        weights = replace(fit(seen, sure_from), version=_VERSION)
        write_task_weights(weights, {"sources": _sources(len(own), len(public))})
    weights = load_task_weights()
    fresh = fresh_examples()
    judged = {"held_out_own": _held(own), "held_out_public": _held(public), "fresh": fresh}
    words_only = fit([blind(one) for one in seen])
    report: dict[str, dict[str, float]] = {
        "cross_validated_own": _told([one for one in tried if one.example.is_own], sure_from),
        "cross_validated_public": _told([one for one in tried if not one.example.is_own], sure_from),
        **{name: _told(told_by(weights, part), weights.sure_from) for name, part in judged.items()},
    }
    for name, part in judged.items():
        report[name]["words_only"] = accuracy(told_by(words_only, map(blind, part)), 0.0).table
    complexity = complexity_report(given.data, own)
    if not given.check:
        facts = {"sources": _sources(len(own), len(public)), "accuracy": report, "complexity": complexity}
        write_task_weights(weights, facts)
    print(
        json.dumps(
            {
                **report,
                "complexity": complexity,
                "by_kind": by_kind(told_by(weights, _held(own) + fresh), weights.sure_from),
            }
        )
    )


def _held(examples: list[Example]) -> list[Example]:
    return [one for one in examples if one.is_held_out]


def _sources(own: int, public: int) -> dict[str, object]:
    return {
        "own": {"what": "instructions of scripts/tasking, written for this", "licence": "MIT", "prompts": own},
        "public": {"what": SOURCES, "prompts": public},
    }


def _told(told: list[Told], sure_from: float) -> dict[str, float]:
    return asdict(accuracy(told, sure_from))


if __name__ == "__main__":
    main()

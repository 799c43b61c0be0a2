"""The checker of the kill bench finds what it is there to find: forged histories are caught."""

import json
from pathlib import Path

from scripts.bench.kills.ledger import Ledger
from tests.fakes.ledger import overlaps_of, runs_of, unended_in


def shown(job_id: str, state: str = "queued", dispatch_id: str | None = None) -> dict[str, object]:
    return {"job_id": job_id, "state": state, "dispatch_id": dispatch_id}


def test_a_job_that_was_acknowledged_and_never_answered_is_lost() -> None:
    ledger = Ledger()
    for job_id in ("j1", "j2", "j3"):
        ledger.acknowledged(job_id, "prompt", shown(job_id))
    ledger.told(shown("j1", "done", "d1"))
    ledger.told(shown("j3", "failed", "d3"))
    assert ledger.open_ids == ["j2"]
    assert ledger.lost == ["j2", "j3"]


def test_two_answers_of_one_job_and_two_jobs_of_one_key_are_doubles() -> None:
    ledger = Ledger()
    ledger.acknowledged("k1", "prompt", shown("j1", "done", "d1"))
    ledger.acknowledged("k1", "prompt", shown("j1", "done", "d1"))
    assert ledger.doubled == []
    ledger.told(shown("j1", "done", "d2"))
    ledger.acknowledged("k1", "prompt", shown("j2"))
    assert ledger.doubled == ["j1", "k1"]


def test_runs_that_overlap_are_told_from_runs_that_follow_each_other(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    events = ["begin a", "end a", "begin a", "begin b", "begin b", "end a", "end b"]
    path.write_text("".join(json.dumps(event.split()) + "\n" for event in events))
    assert overlaps_of(path) == ["b"]
    assert runs_of(path) == {"a": 2, "b": 2}
    assert unended_in(path) == set()

"""What is known of containers: kept, replaced by newer sights, and never made up."""

from dataclasses import replace

import pytest

from dispatcher.core.replica import ReplicaId
from dispatcher.hosts.docker_sighting import REMOVED, Sighting
from dispatcher.hosts.docker_sightings import Sightings
from dispatcher.hosts.docker_usage import Usage

RUNNING = Sighting("c1", ReplicaId("r1"), "running", 4711, 0, is_oom_killed=False, error="", limit_mib=64, last_line="")
OUT_OF_MEMORY = "out of memory: its limit of 64 MiB is too little"


@pytest.fixture
def known() -> Sightings:
    known = Sightings()
    known.sees()
    known.expect(RUNNING.replica_id)
    return known


@pytest.mark.parametrize(
    ("seen", "had_oom", "ended"),
    [
        (RUNNING, True, OUT_OF_MEMORY),
        (RUNNING, False, None),
        (replace(RUNNING, status="created"), False, None),
        (replace(RUNNING, status="paused"), False, "its container was paused by someone else"),
        (replace(RUNNING, status="exited"), False, "it ended with exit code 0"),
        (
            replace(RUNNING, status="exited", exit_code=3, last_line="no file"),
            False,
            "it ended with exit code 3: no file",
        ),
        (replace(RUNNING, status="exited", exit_code=137), False, "it was killed (exit code 137)"),
        (replace(RUNNING, status="exited", exit_code=137, is_oom_killed=True), False, OUT_OF_MEMORY),
        (replace(RUNNING, status="exited", exit_code=1), True, OUT_OF_MEMORY),
        (replace(RUNNING, status="exited", exit_code=5), False, OUT_OF_MEMORY),
        (
            replace(RUNNING, status="dead", exit_code=128, error="no runtime"),
            False,
            "it ended with exit code 128: no runtime",
        ),
    ],
)
def test_an_end_is_told_in_words(seen: Sighting, had_oom: bool, ended: str | None) -> None:
    assert seen.ended(had_oom) == ended


def test_nobody_is_named_while_the_engine_is_silent(known: Sightings) -> None:
    known.saw(RUNNING, 1.0)
    known.blind()
    assert known.looks() == {}
    assert known.look(RUNNING.replica_id).ended is None
    known.measured({RUNNING.replica_id: Usage(42, 1.5)})
    assert known.looks()[RUNNING.replica_id].memory_mib == 42


def test_nobody_is_named_before_the_engine_has_answered() -> None:
    assert Sightings().is_blind


def test_what_is_not_in_a_full_list_was_removed(known: Sightings) -> None:
    known.saw(RUNNING, 1.0)
    known.saw_all((), 2.0)
    assert known.look(RUNNING.replica_id).ended == REMOVED
    assert known.running == ()


def test_what_began_after_a_full_list_was_asked_for_is_not_missed_in_it(known: Sightings) -> None:
    known.saw(RUNNING, 3.0)
    known.saw_all((), 2.0)
    assert known.look(RUNNING.replica_id).ended is None


def test_what_was_never_seen_was_not_removed(known: Sightings) -> None:
    known.saw_all((), 2.0)
    known.saw_none(RUNNING.replica_id)
    assert known.look(RUNNING.replica_id).ended is None
    assert known.looks() == {}


def test_a_kill_for_memory_inside_is_an_end_though_the_container_runs_on(known: Sightings) -> None:
    known.saw(RUNNING, 1.0)
    known.had_oom(RUNNING.replica_id)
    assert known.look(RUNNING.replica_id).ended == OUT_OF_MEMORY
    assert known.look(RUNNING.replica_id).is_out_of_memory
    known.saw(replace(RUNNING, status="exited", exit_code=1), 2.0)
    assert known.look(RUNNING.replica_id).ended == OUT_OF_MEMORY


def test_a_stopped_replica_is_forgotten_and_stays_so(known: Sightings) -> None:
    known.saw(RUNNING, 1.0)
    known.forget(RUNNING.replica_id)
    known.saw(RUNNING, 2.0)
    known.saw_all([RUNNING], 2.0)
    known.measured({RUNNING.replica_id: Usage(42, 1.5)})
    known.had_oom(RUNNING.replica_id)
    assert known.looks() == {}
    assert known.look(RUNNING.replica_id).ended == "it was stopped"


def test_a_pause_of_our_own_is_no_end_and_anothers_is(known: Sightings) -> None:
    paused = replace(RUNNING, status="paused")
    known.falls_asleep(RUNNING.replica_id)
    known.saw(paused, 2.0)
    assert known.look(RUNNING.replica_id).ended is None
    known.woke_up(RUNNING.replica_id, [RUNNING], 3.0)
    known.saw(paused, 2.5)  # seen before it woke up, told after
    assert known.look(RUNNING.replica_id).ended is None
    known.saw(paused, 4.0)
    assert known.look(RUNNING.replica_id).ended == "its container was paused by someone else"

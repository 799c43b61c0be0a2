"""Every way a model could be run."""

from dispatcher.core.breaker import BreakerState
from dispatcher.core.decision import RefusalReason, Way
from dispatcher.core.prospects import Prospect, prospects
from dispatcher.core.replica import ReplicaState
from dispatcher.core.scheduling import Side
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Waiter
from tests.unit.core.builders import big, candidate, resident, side, situation, spec, waiter


def test_a_loaded_model_needs_no_loading() -> None:
    (one,), _ = prospects(situation(spec(), residents=(resident("r", "small"),)))
    assert (one.way, one.replica_id, one.finish) == (Way.WARM, "r", one.forecast.run)


def test_a_model_that_is_being_loaded_is_joined_not_started_again() -> None:
    loading = resident("r", "small", state=ReplicaState.LOADING, ready_in_s=3.0)
    (one,), _ = prospects(situation(spec(), residents=(loading,)))
    assert (one.way, one.replica_id) == (Way.JOIN, "r")
    assert one.finish.p50 == 3.0 + one.forecast.run.p50


def test_a_cold_model_is_loaded_when_memory_is_free() -> None:
    (one,), _ = prospects(situation(spec()))
    assert (one.way, one.replica_id, one.evicts) == (Way.LOAD, None, ())
    assert one.finish.p50 == 1.0 + one.forecast.run.p50


def test_a_cold_model_takes_the_place_of_another_when_memory_is_full() -> None:
    there = resident("r", "small", footprint_mib=400, reload_s=2.0, uses_per_s=0.01)
    found, _ = prospects(situation(spec(), big(), residents=(there,), budget_mib=2000))
    one = next(prospect for prospect in found if prospect.model_id == "big")
    assert (one.way, one.evicts) == (Way.EVICT, ("r",))
    assert one.regret_s > 0


def test_a_queue_is_part_of_the_time() -> None:
    busy = resident("r", "small", in_flight=1, queue_s=7.0, drain_s=7.0)
    (one,), _ = prospects(situation(spec(), residents=(busy,)))
    assert one.finish.p50 == 7.0 + one.forecast.run.p50
    assert one.finish.p90 > one.finish.p50 + one.forecast.run.p90 - one.forecast.run.p50


def test_of_two_replicas_the_one_that_is_free_sooner_is_taken() -> None:
    there = (resident("busy", "small", queue_s=5.0, drain_s=5.0), resident("free", "small"))
    (one,), _ = prospects(situation(spec(), residents=there))
    assert one.replica_id == "free"


def test_a_replica_that_is_ejected_is_passed_over_while_there_is_another() -> None:
    sick = resident("sick", "small", breaker=BreakerState.EJECTED)
    well = resident("well", "small", queue_s=50.0, drain_s=50.0)
    coming = resident("coming", "small", state=ReplicaState.LOADING, ready_in_s=50.0)
    for other in (well, coming):
        (one,), _ = prospects(situation(spec(), residents=(sick, other)))
        assert one.replica_id == other.replica_id


def test_the_last_replica_of_a_model_is_asked_even_when_it_is_ejected() -> None:
    (one,), _ = prospects(situation(spec(), residents=(resident("sick", "small", breaker=BreakerState.EJECTED),)))
    assert (one.way, one.replica_id) == (Way.WARM, "sick")


def test_one_that_is_tried_again_gets_one_dispatch_at_a_time() -> None:
    idle, tried = (resident("a", "small", breaker=BreakerState.PROBING, in_flight=count) for count in (0, 1))
    well = resident("b", "small", queue_s=5.0, drain_s=5.0)
    assert prospects(situation(spec(), residents=(idle, well)))[0][0].replica_id == "a"
    assert prospects(situation(spec(), residents=(tried, well)))[0][0].replica_id == "b"


def test_a_condemned_replica_is_not_used_again() -> None:
    going = resident("r", "small", is_condemned=True)
    (one,), _ = prospects(situation(spec(), residents=(going,)))
    assert one.way is Way.LOAD


def test_every_model_is_either_a_prospect_or_refused_with_a_reason() -> None:
    models = (spec("a"), spec("b", is_enabled=False), candidate(spec("c"), quarantine="it broke"))
    found, refused = prospects(situation(*models))
    assert [prospect.model_id for prospect in found] == ["a"]
    assert [(no.model_id, no.reason) for no in refused] == [
        ("b", RefusalReason.DISABLED),
        ("c", RefusalReason.QUARANTINED),
    ]


def test_the_answer_is_never_longer_than_the_room_in_the_context() -> None:
    tight = spec(context_tokens=60)
    (one,), _ = prospects(situation(tight))
    assert one.forecast.output_tokens <= 60


def behind(queue: Side, newcomer: Waiter) -> Prospect:
    """A cold model, while this queue of `other` has all the memory and is a hundred seconds long."""
    busy = resident("r", "other", footprint_mib=4000, waiting=len(queue.waiters), in_flight_s=2.0, drain_s=100.0)
    sides = {ModelId("other"): queue}
    (one,), _ = prospects(situation(spec("cold"), residents=(busy,), sides=sides, newcomer=newcomer))
    return one


def test_a_queue_that_has_time_gives_way_for_a_deadline() -> None:
    patient = side("other", *(waiter(ticket, "other", deadline_s=900.0) for ticket in range(50)))
    urgent = behind(patient, waiter(99, deadline_s=40.0))
    assert urgent.way is Way.EVICT
    assert 25.0 < urgent.finish.p50 < 40.0  # not before it has to be
    assert behind(patient, waiter(99, deadline_s=900.0)).finish.p50 > 100.0


def test_a_queue_that_would_be_late_for_it_does_not_give_way() -> None:
    hurried = side("other", *(waiter(ticket, "other", deadline_s=101.0) for ticket in range(50)))
    assert behind(hurried, waiter(99, deadline_s=40.0)).finish.p50 > 100.0

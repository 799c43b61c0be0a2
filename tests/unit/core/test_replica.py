"""The states of a replica."""

from dispatcher.core.replica import GONE, STARTING, ReplicaState, may_become


def test_what_is_gone_stays_gone() -> None:
    assert not any(may_become(state, following) for state in GONE for following in ReplicaState)


def test_every_state_leads_to_an_end() -> None:
    reached = set(GONE)
    for _ in ReplicaState:
        reached |= {state for state in ReplicaState if any(may_become(state, following) for following in reached)}
    assert reached == set(ReplicaState)


def test_a_replica_answers_only_after_it_was_loaded() -> None:
    before_ready = {state for state in ReplicaState if may_become(state, ReplicaState.READY)}
    assert before_ready == {ReplicaState.LOADING}
    assert before_ready <= STARTING

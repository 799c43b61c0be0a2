"""CPU threads for replicas."""

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.threads import threads_for


@given(st.integers(2, 512))
def test_two_busy_replicas_never_exceed_the_cores(cores: int) -> None:
    assert 1 <= threads_for(cores) * 2 <= cores


def test_one_core_is_enough_for_one_thread() -> None:
    assert threads_for(1) == 1

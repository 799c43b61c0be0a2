"""A wall clock that goes on steadily whatever is done to the machine's."""

from dispatcher.clocks import steady_wall


def test_setting_the_clock_changes_nothing_and_time_passes() -> None:
    moments = {"now": 5.0, "wall": 1_000.0}
    steady = steady_wall(lambda: moments["now"], lambda: moments["wall"])
    assert steady() == 1_000.0
    moments["wall"] += 400 * 86_400
    moments["now"] += 2.5
    assert steady() == 1_002.5

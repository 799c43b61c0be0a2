"""A pull's progress is the sum of its layers."""

import pytest

from dispatcher.core.replica import Fetching
from dispatcher.hosts.docker_client import EngineFault
from dispatcher.hosts.docker_pull import progress


def event(status: str, layer: str, **detail: int) -> dict[str, object]:
    return {"status": status, "id": layer, "progressDetail": detail}


def test_layers_are_added_up_as_they_become_known() -> None:
    events: list[dict[str, object]] = [
        {"status": "Pulling from x", "id": "latest"},
        event("Pulling fs layer", "a"),
        event("Downloading", "a", current=10, total=100),
        event("Downloading", "b", current=5, total=50),
        event("Downloading", "a", current=90, total=100),
        event("Download complete", "a"),
        event("Extracting", "a", current=1, total=999),
        event("Pull complete", "b"),
        {"status": "Status: Downloaded newer image"},
    ]
    told = [(one.done_bytes, one.total_bytes) for one in progress("x", events)]
    assert told[:4] == [(10, 100), (15, 150), (95, 150), (105, 150)]
    assert told[-1] == (150, 150)
    assert all(one == Fetching("x", one.done_bytes, one.total_bytes) for one in progress("x", events))


def test_a_layer_that_is_taken_up_again_goes_on_from_what_was_there() -> None:
    events: list[dict[str, object]] = [
        event("Downloading", "a", current=40, total=100),
        event("Downloading", "a", current=100, total=100),  # what Docker says when the connection breaks
        {"status": "Retrying in 5 seconds", "id": "a", "progressDetail": {}},
        event("Downloading", "a", current=5, total=60),
        event("Downloading", "a", current=60, total=60),
        event("Download complete", "a"),
    ]
    told = [(one.done_bytes, one.total_bytes) for one in progress("x", events)]
    assert told == [(40, 100), (40, 100), (40, 100), (45, 100), (45, 100), (100, 100)]


def test_an_error_in_the_stream_is_told_as_it_is() -> None:
    with pytest.raises(EngineFault, match="toomanyrequests"):
        list(progress("x", [event("Pulling fs layer", "a"), {"error": "toomanyrequests: slow down"}]))


@pytest.mark.parametrize(
    "odd", [{}, {"progressDetail": None}, {"status": "Downloading", "id": "a", "progressDetail": {}}]
)
def test_events_without_numbers_say_nothing(odd: dict[str, object]) -> None:
    assert list(progress("x", [odd])) == []

"""Server-sent events out of bytes."""

from itertools import chain, pairwise, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.cli.events import Event, EventReader

_NAMES = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=8)
_DATA = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40)


@given(
    events=st.lists(st.tuples(_NAMES, _DATA), max_size=6),
    cuts=st.lists(st.integers(0, 500), max_size=12),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_events_are_the_same_wherever_the_bytes_are_cut(
    events: list[tuple[str, str]], cuts: list[int], line_end: str
) -> None:
    wire = "".join(f"event: {name}{line_end}data: {data}{line_end}{line_end}" for name, data in events).encode()
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    reader = EventReader()
    found = [event for start, end in pairwise(edges) for event in reader.feed(wire[start:end])]
    assert found == [Event(name, data.encode()) for name, data in events]


def test_comments_and_unknown_fields_are_passed_over() -> None:
    assert list(EventReader().feed(b": keep-alive\n\nid: 7\ndata: 1\ndata: 2\n\n")) == [Event("message", b"1\n2")]


def test_an_event_without_its_blank_line_is_not_one_yet() -> None:
    assert list(EventReader().feed(b"event: done\ndata: {}\n")) == []


@pytest.mark.parametrize("piece", [b"x" * 1_000_000, b"data: " + b"x" * 1_000_000 + b"\n"])
def test_an_event_that_never_ends_is_refused(piece: bytes) -> None:
    reader = EventReader()
    with pytest.raises(ValueError, match="an event longer than"):
        list(chain.from_iterable(map(reader.feed, repeat(piece, 20))))

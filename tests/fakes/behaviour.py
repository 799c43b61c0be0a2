"""How the fake inference server misbehaves: switches set at its start, while it runs, or by marks in a prompt."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """What goes wrong with a request. Those that end in `midway` strike after `after_pieces` pieces of text."""

    HANG = "hang"  # before the headers
    HANG_MIDWAY = "hang_midway"
    RESET = "reset"  # before the headers
    RESET_MIDWAY = "reset_midway"
    NOT_HTTP = "not_http"
    NOT_EVENTS = "not_events"
    NOT_AN_EVENT_MIDWAY = "not_an_event_midway"
    NOT_JSON_MIDWAY = "not_json_midway"
    WRONG_SHAPE_MIDWAY = "wrong_shape_midway"
    NOT_UTF8_MIDWAY = "not_utf8_midway"
    HUGE_LINE_MIDWAY = "huge_line_midway"
    CUT_MIDWAY = "cut_midway"  # the connection closes, mid chunk
    END_MIDWAY = "end_midway"  # the body ends as if it were whole
    ERROR_MIDWAY = "error_midway"
    NO_FINISH_REASON = "no_finish_reason"
    NO_END_MARKER = "no_end_marker"
    NO_USAGE = "no_usage"
    WRONG_USAGE = "wrong_usage"
    ENDLESS = "endless"  # ignores max_tokens
    COMPRESSED = "compressed"
    STATUS = "status"  # answers `status` and an error object that quotes the prompt
    CRASH = "crash"  # the process ends with 1
    CRASH_MIDWAY = "crash_midway"
    OUT_OF_MEMORY = "out_of_memory"  # the process ends with 5
    FEWER_VECTORS = "fewer_vectors"  # from here on: of embeddings only
    RAGGED_VECTORS = "ragged_vectors"
    NO_NUMBERS = "no_numbers"
    EMPTY_VECTORS = "empty_vectors"
    NOT_FINITE = "not_finite"
    TOO_LARGE_NUMBERS = "too_large_numbers"
    HUGE_VECTORS = "huge_vectors"
    SHUFFLED_VECTORS = "shuffled_vectors"  # no fault: each says which text it is of
    TWICE_THE_SAME_TEXT = "twice_the_same_text"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The switches. The default is a server that behaves; with `model`, they hold for servers of that model only."""

    model: str | None = None
    load_s: float = 0.0
    token_delay_s: float = 0.0
    fault: Fault | None = None
    after_pieces: int = 2
    status: int = 500
    headers: Mapping[str, str] | None = None  # sent with `status`
    answer: str | None = None
    exit_at_start: int | None = None
    ignores_sigterm: bool = False
    parallel: int | None = None  # from its start works on no more than so many at once, whatever its slots
    lingers_s: float = 0.0  # how long it works on, its slot taken, after its caller has left
    calls: Sequence[Mapping[str, Any]] | None = (
        None  # tools it calls, each with `name` and `arguments`, until one has run
    )
    thinking: str | None = None  # what it thinks aloud first
    mended: str | None = None  # its answer once it was told that the one before can't be used
    dimensions: int = 8  # numbers in a vector
    ledger: str | None = None  # a file that is told when work on a prompt begins and ends; see ledger.py

    def but(self, switches: Mapping[str, Any]) -> "Behaviour":
        """This behaviour with some switches set otherwise, from JSON."""
        unknown = set(switches) - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"the fake has no switch {unknown}")
        fault = switches.get("fault", self.fault)
        return replace(self, **{**switches, "fault": Fault(fault) if fault else None})

    def of(self, model: str) -> "Behaviour":
        """This behaviour as far as it concerns a server of that model."""
        return self if self.model in (None, model) else Behaviour()

    def as_asked(self, messages: Sequence[Mapping[str, Any]]) -> "Behaviour":
        """This behaviour with the switches of marks like `[[fake {"fault": "hang"}]]` in what the user says."""
        behaviour = self
        for message in messages:
            if message["role"] == "user":
                for mark in _MARK.findall(text_of(message)):
                    behaviour = behaviour.but(json.loads(mark))
        last = text_of(messages[-1]) if messages else ""
        if behaviour.mended is not None and last.startswith("That answer can't be used"):
            behaviour = replace(behaviour, answer=behaviour.mended, calls=None)
        has_run = messages and (messages[-1]["role"] == "tool" or last.startswith(("Result of ", "The tool's result")))
        return replace(behaviour, calls=None) if has_run else behaviour


def text_of(message: Mapping[str, Any]) -> str:
    """The words of a message, whether its content is text or parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content)


_MARK = re.compile(r"\[\[fake (\{.*?\})\]\]")


def mark(**switches: Any) -> str:
    """The mark that makes the fake treat this one prompt so."""
    return f"[[fake {json.dumps(switches)}]]"

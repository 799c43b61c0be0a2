"""An answer in Ollama's words, line by line."""

import json
from typing import Any

from dispatcher.api.ollama.lines import CHAT, GENERATE, Lines, stamp
from dispatcher.core.outcome import Piece, TokenLogprob
from dispatcher.core.task import ToolCall


def lines(data: bytes) -> list[dict[str, Any]]:
    assert data.endswith(b"\n")
    return [json.loads(line) for line in data.splitlines()]


def test_a_piece_is_a_line_whatever_its_text() -> None:
    for text in ("plain", ' "quoted" \\ \n\r\u2028 ü 🌍', ""):
        (chat,) = lines(Lines(CHAT, "m:1", lambda: 0.0).piece(Piece(text)))
        assert chat == {
            "model": "m:1",
            "created_at": "1970-01-01T00:00:00.000000Z",
            "message": {"role": "assistant", "content": text},
            "done": False,
        }
        (line,) = lines(Lines(GENERATE, "m:1", lambda: 0.0).piece(Piece(text)))
        assert (line["response"], line["done"], "message" in line) == (text, False, False)


def test_a_thought_has_a_line_of_its_own_so_that_no_text_beside_it_is_lost() -> None:
    thought, text = lines(Lines(CHAT, "m", lambda: 0.0).piece(Piece("a", "b")))
    assert thought["message"] == {"role": "assistant", "content": "", "thinking": "b"}
    assert text["message"] == {"role": "assistant", "content": "a"}
    (alone,) = lines(Lines(GENERATE, "m", lambda: 0.0).piece(Piece("", "b")))
    assert (alone["response"], alone["thinking"]) == ("", "b")


def test_log_probabilities_come_beside_the_text() -> None:
    one = TokenLogprob("ü", -0.5, (("ü", -0.5), ("u", -1.0)))
    (line,) = lines(Lines(CHAT, "m", lambda: 0.0).piece(Piece("ü", logprobs=(one,))))
    assert line["logprobs"] == [
        {
            "token": "ü",
            "logprob": -0.5,
            "bytes": [195, 188],
            "top_logprobs": [
                {"token": "ü", "logprob": -0.5, "bytes": [195, 188]},
                {"token": "u", "logprob": -1.0, "bytes": [117]},
            ],
        }
    ]


def test_calls_have_objects_for_arguments() -> None:
    calls = (ToolCall("c1", "a", '{"x": 1}'), ToolCall("c2", "b", ""))
    (line,) = lines(Lines(CHAT, "m", lambda: 0.0).calls(calls))
    functions = [call["function"] for call in line["message"]["tool_calls"]]
    assert functions == [{"index": 0, "name": "a", "arguments": {"x": 1}}, {"index": 1, "name": "b", "arguments": {}}]
    assert Lines(CHAT, "m", lambda: 0.0).calls(()) == b""


def test_a_time_always_has_its_fraction() -> None:
    assert stamp(1_790_000_000.5) == "2026-09-21T14:13:20.500000Z"

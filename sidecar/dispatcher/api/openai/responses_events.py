"""An answer as the events of a Responses stream, numbered and in the order in which OpenAI sends them."""

from typing import Any

import orjson

from dispatcher.api.openai.answer import token_logprobs
from dispatcher.api.openai.responses_reply import ResponseWords, text_part
from dispatcher.core.outcome import Completion, FinishReason, Piece, TokenLogprob
from dispatcher.core.task import ToolCall
from dispatcher.service.dispatch import Answer

_DELTA = "response.output_text.delta"


class ResponseEvents:
    """Words one answer. What is the same in all deltas of the text is made once, for the first."""

    def __init__(self, words: ResponseWords) -> None:
        self._words = words
        self._sequence = 0
        self._index = 0  # of the item that is open, or comes next
        self._has_begun = self._has_thoughts = self._is_thinking = self._has_text = False
        self._thoughts: list[str] = []
        self._delta = b""

    def piece(self, piece: Piece, model: str) -> bytes:
        """The events for a piece."""
        told = b"" if self._has_begun else self._begin(model)
        if piece.thinking and not self._has_text:
            told += self._think(piece.thinking)
        if piece.text or piece.logprobs:
            told += self._say(piece.text, piece.logprobs)
        return told

    def end(self, answer: Answer) -> bytes:
        """What is left: the ends of the items, the calls, the whole response."""
        completion = answer.completion
        told = [b"" if self._has_begun else self._begin(answer.decision.chosen.model_id)]
        if not self._has_text and not self._has_thoughts and completion.thinking:
            told.append(self._think(completion.thinking))
        if not self._has_text and (completion.text or not completion.tool_calls):
            told.append(self._say(completion.text, completion.logprobs))
        told.append(self._said(completion) if self._has_text else self._thought())
        told.extend(self._call(call, number) for number, call in enumerate(completion.tool_calls))
        response = self._words.whole(answer, has_thoughts=self._has_thoughts)
        told.append(self._event(f"response.{response['status']}", response=response))
        return b"".join(told)

    def fault(self, error: dict[str, object]) -> bytes:
        """The event `error`, with OpenAI's error object too, on which its Python client raises."""
        told = {name: error.get(name) for name in ("code", "message", "param")}
        data = {"type": "error", **told, "sequence_number": self._next(), "error": error}
        return b"event: error\ndata: " + orjson.dumps(data) + b"\n\n"

    def _begin(self, model: str) -> bytes:
        self._has_begun = True
        response = self._words.begun(model)
        return self._event("response.created", response=response) + self._event(
            "response.in_progress", response=response
        )

    def _think(self, thoughts: str) -> bytes:
        at = {"item_id": self._words.reasoning_id, "output_index": self._index, "summary_index": 0}
        told = b""
        self._thoughts.append(thoughts)
        if not self._has_thoughts:
            self._has_thoughts = self._is_thinking = True
            told = self._added(self._words.reasoning(None))
            part = {"type": "summary_text", "text": ""}
            told += self._event("response.reasoning_summary_part.added", **at, part=part)
        return told + self._event("response.reasoning_summary_text.delta", **at, delta=thoughts)

    def _thought(self) -> bytes:
        """The end of the thoughts, if there are any that haven't ended."""
        if not self._is_thinking:
            return b""
        self._is_thinking, thoughts = False, "".join(self._thoughts)
        at = {"item_id": self._words.reasoning_id, "output_index": self._index, "summary_index": 0}
        part = {"type": "summary_text", "text": thoughts}
        told = self._event("response.reasoning_summary_text.done", **at, text=thoughts)
        told += self._event("response.reasoning_summary_part.done", **at, part=part)
        return told + self._done(self._words.reasoning(thoughts))

    def _say(self, text: str, logprobs: tuple[TokenLogprob, ...]) -> bytes:
        told = b"" if self._has_text else self._open()
        if logprobs:
            return told + self._event(_DELTA, **self._at, delta=text, logprobs=token_logprobs(logprobs))
        return told + self._delta + orjson.dumps(text) + b',"sequence_number":%d}\n\n' % self._next()

    def _open(self) -> bytes:
        """The beginning of the text."""
        told = self._thought()
        self._has_text = True
        constant = orjson.dumps({"type": _DELTA, **self._at, "logprobs": []})[:-1]
        self._delta = b"event: " + _DELTA.encode() + b"\ndata: " + constant + b',"delta":'
        told += self._added(self._words.message([], "in_progress"))
        return told + self._event("response.content_part.added", **self._at, part=text_part(""))

    def _said(self, completion: Completion) -> bytes:
        """The end of the text."""
        part = text_part(completion.text, completion.logprobs)
        status = "incomplete" if completion.finish_reason is FinishReason.LENGTH else "completed"
        told = self._event("response.output_text.done", **self._at, text=part["text"], logprobs=part["logprobs"])
        told += self._event("response.content_part.done", **self._at, part=part)
        return told + self._done(self._words.message([part], status))

    def _call(self, call: ToolCall, number: int) -> bytes:
        """A call: its arguments come in one delta, and not in its beginning, for clients add them up."""
        item = self._words.call(call, number)
        at = {"item_id": item["id"], "output_index": self._index}
        told = self._added({**item, "status": "in_progress", "arguments": ""})
        told += self._event("response.function_call_arguments.delta", **at, delta=call.arguments)
        told += self._event("response.function_call_arguments.done", **at, arguments=call.arguments, name=call.name)
        return told + self._done(item)

    def _added(self, item: dict[str, Any]) -> bytes:
        return self._event("response.output_item.added", output_index=self._index, item=item)

    def _done(self, item: dict[str, Any]) -> bytes:
        told = self._event("response.output_item.done", output_index=self._index, item=item)
        self._index += 1
        return told

    @property
    def _at(self) -> dict[str, Any]:
        return {"item_id": self._words.message_id, "output_index": self._index, "content_index": 0}

    def _event(self, kind: str, **data: object) -> bytes:
        told = orjson.dumps({"type": kind, **data, "sequence_number": self._next()})
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), told)

    def _next(self) -> int:
        number = self._sequence
        self._sequence += 1
        return number

"""An answer as the Responses API words it: its items, and the object that holds them."""

from collections.abc import Mapping
from typing import Any

from dispatcher.api.openai.answer import chat_id, note, thought_tokens, token_logprobs
from dispatcher.api.openai.responses_schemas import ResponsesBody
from dispatcher.core.outcome import Completion, FinishReason, TokenLogprob
from dispatcher.core.task import ToolCall
from dispatcher.service.dispatch import Answer

Object = dict[str, Any]


class ResponseWords:
    """The parts of one response, with their ids."""

    def __init__(self, dispatch_id: str, created_s: float, body: ResponsesBody) -> None:
        self._dispatch_id = dispatch_id
        self._created_s = int(created_s)
        self._echo = _echo(body)

    def whole(self, answer: Answer, *, has_thoughts: bool = True) -> Object:
        """The response once the answer is whole."""
        completion = answer.completion
        was_cut = completion.finish_reason is FinishReason.LENGTH
        return {
            **self._object(answer.decision.chosen.model_id, "incomplete" if was_cut else "completed"),
            "completed_at": None if was_cut else self._created_s + int(answer.timing.total_s),
            "incomplete_details": {"reason": "max_output_tokens"} if was_cut else None,
            "output": self.output(completion, has_thoughts=has_thoughts),
            "usage": _usage(completion),
            "dispatch": note(answer),
        }

    def begun(self, model: str) -> Object:
        """The response before there is anything in it."""
        return {**self._object(model, "in_progress"), "incomplete_details": None, "output": [], "usage": None}

    def output(self, completion: Completion, *, has_thoughts: bool = True) -> list[Object]:
        """The items, in their order: thoughts, text, calls."""
        items = [self.reasoning(completion.thinking)] if completion.thinking and has_thoughts else []
        if completion.text or not completion.tool_calls:
            status = "incomplete" if completion.finish_reason is FinishReason.LENGTH else "completed"
            items.append(self.message([text_part(completion.text, completion.logprobs)], status))
        return [*items, *(self.call(call, number) for number, call in enumerate(completion.tool_calls))]

    def message(self, content: list[Object], status: str) -> Object:
        """The text as an item."""
        told = {"id": self.message_id, "type": "message", "role": "assistant"}
        return {**told, "status": status, "content": content}

    def reasoning(self, thoughts: str | None) -> Object:
        """The thoughts as an item; None while there are none yet."""
        summary = [] if thoughts is None else [{"type": "summary_text", "text": thoughts}]
        return {"id": self.reasoning_id, "type": "reasoning", "summary": summary}

    def call(self, call: ToolCall, number: int, status: str = "completed") -> Object:
        """A call as an item."""
        told = {"id": f"{self._id('fc_')}_{number}", "type": "function_call", "status": status}
        return {**told, "arguments": call.arguments, "call_id": call.id, "name": call.name}

    @property
    def message_id(self) -> str:
        """The id of the item with the text."""
        return self._id("msg_")

    @property
    def reasoning_id(self) -> str:
        """The id of the item with the thoughts."""
        return self._id("rs_")

    def _id(self, prefix: str) -> str:
        return chat_id(self._dispatch_id, prefix)

    def _object(self, model: str, status: str) -> Object:
        told = {"id": self._id("resp_"), "object": "response", "created_at": self._created_s}
        return {**told, "status": status, "error": None, "model": model, **self._echo}


def text_part(text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> Object:
    """A text within an item."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": token_logprobs(logprobs)}


def _echo(body: ResponsesBody) -> Object:
    """What of a request its response repeats."""
    return {
        "background": False,
        "instructions": body.instructions,
        "max_output_tokens": body.max_output_tokens,
        "max_tool_calls": None,
        "metadata": body.metadata or {},
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "previous_response_id": None,
        "reasoning": {"effort": body.reasoning.effort if body.reasoning else None, "summary": None},
        "service_tier": "default",
        "store": False,
        "temperature": body.temperature,
        "text": {"format": (body.text.format if body.text else None) or {"type": "text"}},
        "tool_choice": "auto" if body.tool_choice is None else body.tool_choice,
        "tools": [_tool(tool) for tool in body.tools or ()],
        "top_logprobs": body.top_logprobs or 0,
        "top_p": body.top_p,
        "truncation": "disabled",
    }


def _tool(tool: Mapping[str, Any]) -> Object:
    return {"description": None, "parameters": None, "strict": None, **tool, "type": "function"}


def _usage(completion: Completion) -> Object:
    read, written = completion.usage.prompt_tokens, completion.usage.completion_tokens
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": thought_tokens(completion)},
        "total_tokens": read + written,
    }

"""The requests of OpenAI's Responses API as far as they are understood here.

Source: https://platform.openai.com/docs/api-reference/responses
"""

from typing import Any

from pydantic import Field

from dispatcher.api.openai.schemas import Lenient, SamplingBody

_Object = dict[str, Any]


class ReasoningBody(Lenient):
    """Whether a model is to think first."""

    effort: str | None = Field(None, description="`none` or `minimal` has a model answer at once.")


class TextConfig(Lenient):
    """The shape of the answer."""

    format: _Object | None = Field(None, description="`text`, `json_object` or `json_schema`.")
    verbosity: str | None = Field(None, description="Passed over.")


class ResponsesBody(SamplingBody):
    """What to answer, and what with."""

    input: str | list[_Object] = Field(description="A text, or messages, calls of tools and their results.")
    instructions: str | None = Field(None, description="Instructions for the model, before everything else.")
    max_output_tokens: int | None = Field(None, ge=-1, description="Longest answer, in tokens.")
    tools: list[_Object] | None = Field(None, description="Functions that the model may call.")
    tool_choice: str | _Object | None = None
    parallel_tool_calls: bool | None = None
    text: TextConfig | None = None
    reasoning: ReasoningBody | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    include: list[str] | None = Field(None, description="`message.output_text.logprobs` for log probabilities.")
    store: bool | None = Field(None, description="Passed over: nothing is kept.")
    background: bool | None = Field(None, description="Not taken.")
    previous_response_id: str | None = Field(None, description="Not taken.")
    conversation: str | _Object | None = Field(None, description="Not taken.")
    prompt: _Object | None = Field(None, description="Not taken.")

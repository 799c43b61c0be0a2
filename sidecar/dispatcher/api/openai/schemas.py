"""The requests of OpenAI's API as far as they are understood here; what isn't known is passed over.

Source: https://platform.openai.com/docs/api-reference
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from dispatcher.api.schemas import Body
from dispatcher.core.aliases import AUTO

_Object = dict[str, Any]
_Model = Annotated[str, Field(min_length=1, max_length=200, description="`auto`, an alias, or a model's name.")]
_INT64 = 2**63 - 1
TOKENS_MAX = 131_072


class Lenient(Body):
    """A request in a protocol that grows: fields that aren't known are passed over."""

    model_config = ConfigDict(extra="ignore", alias_generator=None)


class StreamOptions(Lenient):
    """How a reply is streamed."""

    include_usage: bool | None = Field(None, description="Whether a last chunk says how many tokens it took.")


class SamplingBody(Lenient):
    """What the routes that write text share."""

    model: _Model = AUTO
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    stream: bool | None = Field(None, description="Send the answer as server-sent events while it is written.")
    metadata: _Object | None = Field(None, description="`dispatch_task_type` and other hints are read from it.")
    dispatch: _Object | None = Field(None, description="Hints: what the headers `x-dispatch-…` say, as one object.")


class TextBody(SamplingBody):
    """What chat completions and legacy completions share."""

    stream_options: StreamOptions | None = None
    stop: str | list[str] | None = Field(None, description="Text, or up to four, before which the answer ends.")
    seed: int | None = Field(None, ge=-_INT64, le=_INT64)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    max_tokens: int | None = Field(None, ge=-1, description="Longest answer, in tokens.")
    n: int | None = Field(None, description="One answer is written: 1.")
    logit_bias: _Object | None = Field(None, description="Not taken.")


class ChatBody(TextBody):
    """A chat to go on with."""

    messages: list[_Object] = Field(min_length=1, description="The chat, oldest first.")
    max_completion_tokens: int | None = Field(None, ge=-1, description="Longest answer; goes before max_tokens.")
    tools: list[_Object] | None = Field(None, description="Functions that the model may call.")
    tool_choice: str | _Object | None = None
    parallel_tool_calls: bool | None = None
    response_format: _Object | None = Field(None, description="`text`, `json_object` or `json_schema`.")
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    reasoning_effort: str | None = Field(None, description="`none` or `minimal` has a model answer at once.")
    modalities: list[str] | None = Field(None, description="Text only.")
    audio: _Object | None = Field(None, description="Not taken.")
    functions: list[_Object] | None = Field(None, description="Not taken; `tools` has replaced it.")
    function_call: str | _Object | None = Field(None, description="Not taken; `tool_choice` has replaced it.")
    web_search_options: _Object | None = Field(None, description="Not taken.")


class CompletionBody(TextBody):
    """A text to go on from, in the old way."""

    prompt: str | list[Any] = Field(description="One text, alone or in a list.")
    logprobs: int | None = Field(None, ge=0, le=5)
    echo: bool | None = Field(None, description="Not taken.")
    suffix: str | None = Field(None, description="Not taken.")
    best_of: int | None = Field(None, description="One answer is written: 1.")


class EmbeddingsBody(Lenient):
    """Texts to be turned into vectors."""

    model: _Model = AUTO
    input: str | list[Any] = Field(description="One text, or a list of texts.")
    encoding_format: Literal["float", "base64"] | None = Field(None, description="`float` unless said.")
    dimensions: int | None = Field(None, ge=1, description="Shorter vectors, of models made for that.")
    metadata: _Object | None = Field(None, description="Hints, as for chats.")
    dispatch: _Object | None = Field(None, description="Hints, as for chats.")

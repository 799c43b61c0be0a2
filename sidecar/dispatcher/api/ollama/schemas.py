"""The JSON bodies of Ollama's chat API: fields that nobody here knows are let through, those known are checked.

Source: https://github.com/ollama/ollama/blob/main/docs/api.md
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from dispatcher.api.schemas import Body
from dispatcher.core.task import Role

_TOOLS_MAX = 256
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_NAMED_MAX = 40
_IGNORED = ("keep_alive", "context")
_Names = Annotated[str, Field(max_length=200)]
_Base64 = Annotated[str, Field(min_length=1)]
Think = bool | Literal["low", "medium", "high", "max"]
KeepAlive = float | str


class OllamaBody(Body):
    """A request of Ollama's protocol; what isn't known is kept by name, so that it can be said that it was ignored."""

    model_config = ConfigDict(extra="allow", alias_generator=None)

    @property
    def meaningless(self) -> tuple[str, ...]:
        """The names of what was sent and means nothing here: only such as may stand in a header."""
        return tuple(islice(filter(_NAME.fullmatch, self._meaningless()), _NAMED_MAX))

    def _meaningless(self) -> Iterator[str]:
        for name in _IGNORED:
            if name in type(self).model_fields and getattr(self, name) is not None:
                yield name
        yield from self.model_extra or ()
        if isinstance(options := getattr(self, "options", None), OllamaBody):
            yield from options.meaningless


class OllamaIgnoredBody(OllamaBody):
    """An object of which nothing is taken."""


class OllamaOptionsBody(OllamaBody):
    """The options that are taken; every other is ignored, and said to be."""

    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    top_k: float | None = Field(None, ge=-1, le=1_000_000, description="At most 0: all.")
    min_p: float | None = Field(None, ge=0, le=1)
    seed: float | None = Field(None, ge=-(2**63), le=2**63 - 1, description="-1: by chance.")
    stop: list[str] | str | None = Field(None, description="Texts before which an answer ends.")
    num_predict: float | None = Field(None, ge=-(2**31), le=2**31, description="Less than 1: as long as is usual here.")
    repeat_penalty: float | None = Field(None, ge=0, le=10)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    format: Any = Field(None, description="Where n8n's node puts the request's own `format`.")


class OllamaFunctionCallBody(OllamaBody):
    """The function of a call."""

    name: str = Field(min_length=1, max_length=200)
    arguments: dict[str, Any] | str | None = None


class OllamaToolCallBody(OllamaBody):
    """A tool that the assistant called."""

    id: str | None = None
    function: OllamaFunctionCallBody


class OllamaMessageBody(OllamaBody):
    """One turn of a chat."""

    role: Role
    content: str | None = None
    images: list[_Base64] | None = None
    tool_calls: list[OllamaToolCallBody] | None = None
    tool_name: _Names | None = None
    tool_call_id: _Names | None = None
    name: _Names | None = None


class OllamaFunctionBody(OllamaBody):
    """What a tool is called and takes."""

    name: str = Field(min_length=1, max_length=200)
    description: str | None = None
    parameters: dict[str, Any] | None = None


class OllamaToolBody(OllamaBody):
    """A tool that may be called."""

    type: Literal["function"] | None = None
    function: OllamaFunctionBody


class OllamaAnswerBody(OllamaBody):
    """What a chat and a completion have in common."""

    model: str = Field("", max_length=200, description="A model, or `auto`, `auto:fast` and so on.")
    stream: bool | None = Field(None, description="Usually true: one JSON a line.")
    format: Any = Field(None, description="`json`, or a JSON schema.")
    options: OllamaOptionsBody | None = None
    think: Think | None = Field(None, description="Whether a model that can is to think aloud first.")
    keep_alive: KeepAlive | None = Field(None, description="Ignored: what stays in memory is the dispatcher's to say.")
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    dispatch: dict[str, Any] | None = Field(None, description="What the headers x-dispatch-… say, without that prefix.")


class OllamaChatBody(OllamaAnswerBody):
    """POST /api/chat."""

    messages: list[OllamaMessageBody] | None = Field(None, description="Oldest first; none only loads the model.")
    tools: list[OllamaToolBody] | None = Field(None, max_length=_TOOLS_MAX)


class OllamaGenerateBody(OllamaAnswerBody):
    """POST /api/generate."""

    prompt: str | None = Field(None, description="None only loads the model.")
    system: str | None = None
    images: list[_Base64] | None = None
    suffix: str | None = Field(None, description="Refused unless empty.")
    template: str | None = Field(None, description="Refused unless empty.")
    raw: bool | None = Field(None, description="Refused unless false.")
    context: Any = Field(None, description="Ignored.")


class OllamaNameBody(OllamaBody):
    """POST /api/show: a model by its name, in either field."""

    model: str = Field("", max_length=200)
    name: str = Field("", max_length=200)
    verbose: bool | None = Field(None, description="Ignored.")


class OllamaPullBody(OllamaNameBody):
    """POST /api/pull."""

    stream: bool | None = Field(None, description="Usually true: one JSON a line.")
    insecure: bool | None = Field(None, description="Ignored.")


class OllamaVectorsBody(OllamaBody):
    """What both ways of asking for vectors have in common."""

    model: str = Field("", max_length=200, description="A model for embeddings; `auto` means the default one.")
    truncate: bool | None = Field(None, description="Whether texts that are too long are cut, as usual, or refused.")
    dimensions: int | None = Field(None, ge=1, le=65_536, description="Shorter vectors, of models made for that.")
    options: OllamaIgnoredBody | None = Field(None, description="Ignored.")
    keep_alive: KeepAlive | None = Field(None, description="Ignored: what stays in memory is the dispatcher's to say.")
    dispatch: dict[str, Any] | None = Field(None, description="What the headers x-dispatch-… say, without that prefix.")


class OllamaEmbedBody(OllamaVectorsBody):
    """POST /api/embed."""

    input: str | list[str] = Field(description="A text, or many.")


class OllamaEmbeddingsBody(OllamaVectorsBody):
    """POST /api/embeddings."""

    prompt: str = Field("", description="The text.")

"""The JSON replies of Ollama's API, for its description and for those that are made from it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class OllamaReply(BaseModel):
    """A reply; others than the described fields may stand in it."""

    model_config = ConfigDict(frozen=True, extra="allow")


class OllamaAnswerReply(OllamaReply):
    """What a chat and a completion have in common; durations in nanoseconds, and only when done."""

    model: str = Field(description="The model that was chosen.")
    created_at: str
    done: bool
    done_reason: str | None = Field(None, description="`stop`, `length`, `load` or `unload`.")
    total_duration: int | None = None
    load_duration: int | None = None
    prompt_eval_count: int | None = None
    prompt_eval_duration: int | None = None
    eval_count: int | None = None
    eval_duration: int | None = None
    dispatch: dict[str, str] | None = Field(None, description="`id`, `model`, and `why` it was chosen.")


class OllamaChatReply(OllamaAnswerReply):
    """The whole turn; in a stream, a piece of it a line."""

    message: dict[str, Any] = Field(description="`role`, `content`, perhaps `thinking` and `tool_calls`.")


class OllamaGenerateReply(OllamaAnswerReply):
    """The whole text; in a stream, a piece of it a line."""

    response: str


class OllamaEmbedReply(OllamaReply):
    """One vector for each text, in their order."""

    model: str
    embeddings: list[list[float]]
    total_duration: int
    load_duration: int
    prompt_eval_count: int


class OllamaEmbeddingsReply(OllamaReply):
    """The vector of the text."""

    embedding: list[float]


class OllamaDetails(OllamaReply):
    """What is known of a model's weights."""

    parent_model: str
    format: str
    family: str
    families: list[str]
    parameter_size: str
    quantization_level: str


class OllamaModelReply(OllamaReply):
    """One model that may be asked for; an alias stands for whichever is chosen."""

    name: str
    model: str
    modified_at: str
    size: int = Field(description="Bytes of its weights; 0 for an alias.")
    digest: str
    details: OllamaDetails
    told: str | None = Field(None, description="What an alias stands for.")


class OllamaTagsReply(OllamaReply):
    """GET /api/tags."""

    models: list[OllamaModelReply]


class OllamaLoadedReply(OllamaReply):
    """One model in memory."""

    name: str
    model: str
    size: int
    digest: str
    details: OllamaDetails
    expires_at: str
    size_vram: int
    context_length: int


class OllamaPsReply(OllamaReply):
    """GET /api/ps."""

    models: list[OllamaLoadedReply]


class OllamaShowReply(OllamaReply):
    """POST /api/show."""

    license: str
    modelfile: str
    parameters: str
    template: str
    details: OllamaDetails
    model_info: dict[str, Any]
    capabilities: list[str]
    modified_at: str


class OllamaVersionReply(OllamaReply):
    """GET /api/version."""

    version: str


class OllamaStatusReply(OllamaReply):
    """How a pull does."""

    status: str

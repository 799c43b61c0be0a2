"""Texts to be turned into vectors: what a caller asks, what a runtime is asked, and what comes of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.task import Context, ModelId, Privacy

TEXTS_MAX = 2048
"""Texts in one request, as OpenAI allows."""

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class EmbedRequest:
    """Texts to embed. `model` None means the default one for embeddings; of `priority`, the larger goes first.

    Args:
        dimensions: shorten the vectors to so many numbers; only some models are made for that.
        truncate: cut a text that is longer than the model's context; else that is an error.
    """

    texts: tuple[str, ...]
    model: ModelId | None
    timeout_s: float
    context: Context
    priority: int = 0
    dimensions: int | None = None
    truncate: bool = True
    privacy: Privacy = Privacy.ANY

    @property
    def share(self) -> str:
        """Whose it is, such as a workflow: slots are shared out fairly between these."""
        return self.context.workflow_id or ""

    @property
    def chars(self) -> int:
        """The length of all texts together."""
        return sum(map(len, self.texts))


@dataclass(frozen=True, slots=True)
class EmbedAsk:
    """What a runtime is asked. Texts of more than `context_tokens` are cut, or refused without `truncate`.

    `first` is the number that the caller's first text here has in all that was asked.
    """

    model_id: ModelId
    texts: tuple[str, ...]
    context_tokens: int
    truncate: bool = True
    first: int = 0


@dataclass(frozen=True, slots=True)
class Vectors:
    """One vector for each text, in their order and all of one size; `total_s` seconds from asking to the last."""

    vectors: tuple[Vector, ...]
    prompt_tokens: int
    total_s: float

    @property
    def size(self) -> int:
        """Numbers in each vector; 0 when there are none."""
        return len(self.vectors[0]) if self.vectors else 0


def together(parts: Sequence[Vectors]) -> Vectors:
    """The vectors of several answers, one after the other."""
    return Vectors(
        tuple(vector for part in parts for vector in part.vectors),
        sum(part.prompt_tokens for part in parts),
        sum(part.total_s for part in parts),
    )


def shortened(vector: Vector, dimensions: int) -> Vector:
    """Its first numbers, at length 1 again: what models made for it keep most of the meaning in.

    Source: Matryoshka representation learning (Kusupati et al. 2022).
    """
    head = vector[:dimensions]
    length = math.hypot(*head)
    return tuple(number / length for number in head) if length else head


def may_be_shortened(name: str) -> bool:
    """Whether a model of this name is of a family whose vectors were trained to be cut short."""
    return any(family in name.lower() for family in _MATRYOSHKA)


_MATRYOSHKA = (
    "nomic-embed-text",
    "embeddinggemma",
    "qwen3-embedding",
    "mxbai-embed-large",
    "snowflake-arctic-embed2",
    "arctic-embed-m-v1.5",
    "arctic-embed-l-v2",
    "jina-embeddings-v3",
    "text-embedding-3",
)

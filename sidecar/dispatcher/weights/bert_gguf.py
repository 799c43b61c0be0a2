"""A BERT that turns texts into vectors, from safetensors and its word list to the GGUF that llama.cpp reads.

The same input gives the same bytes, so that the result is known by its SHA-256 too. Matrices are written as 16-bit
floats, all else as 32-bit.

Sources: the GGUF format (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md); the names that llama.cpp's "bert"
architecture looks for.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dispatcher.weights.safetensors import Tensor
from dispatcher.weights.weightfile import WrongContent

_VERSION = 3
_ALIGNMENT = 32
_F32, _F16 = 0, 1
_MOSTLY_F16 = 1
_MEAN = 1  # pooling: the vector of a text is the mean of those of its tokens
_NORMAL, _CONTROL = 1, 3
_U32, _I32, _FLOAT, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_BLOCK_FLOATS = 16 * 1024  # converted at a time, so that other threads get their turn


@dataclass(frozen=True, slots=True)
class BertFacts:
    """What the weights don't say themselves."""

    name: str
    heads: int
    context_tokens: int
    norm_epsilon: float = 1e-12


def gguf_of(tensors: Mapping[str, Tensor], words: Sequence[str], facts: BertFacts) -> Iterator[bytes]:
    """The file, piece by piece.

    Args:
        words: the word list, in the order of the tokens' numbers.
    Raises: WrongContent when the tensors aren't those of a BERT.
    """
    try:
        named = list(_named(tensors))
        yield _head(named, words, facts, tensors)
    except (KeyError, struct.error) as error:
        raise WrongContent(f"these aren't the weights of a BERT: {error!r}") from error
    for _, tensor, kind in named:
        written = 0
        for block in _numbers(tensor, kind):
            written += len(block)
            yield block
        yield b"\0" * (-written % _ALIGNMENT)


_LAYER = "encoder.layer.{}."
_OUTSIDE = (
    ("token_embd", "embeddings.word_embeddings", ("weight",)),
    ("position_embd", "embeddings.position_embeddings", ("weight",)),
    ("token_types", "embeddings.token_type_embeddings", ("weight",)),
    ("token_embd_norm", "embeddings.LayerNorm", ("weight", "bias")),
)
_INSIDE = (
    ("attn_q", "attention.self.query"),
    ("attn_k", "attention.self.key"),
    ("attn_v", "attention.self.value"),
    ("attn_output", "attention.output.dense"),
    ("attn_output_norm", "attention.output.LayerNorm"),
    ("ffn_up", "intermediate.dense"),
    ("ffn_down", "output.dense"),
    ("layer_output_norm", "output.LayerNorm"),
)
_EXACT = frozenset({"position_embd.weight", "token_types.weight"})  # added to, not multiplied: llama.cpp wants F32

_Named = tuple[str, Tensor, int]


def _named(tensors: Mapping[str, Tensor]) -> Iterator[_Named]:
    """Each tensor under the name llama.cpp gives it, with the type it is written in."""
    for ours, theirs, parts in _OUTSIDE:
        for part in parts:
            yield _one(f"{ours}.{part}", tensors[f"{theirs}.{part}"])
    for layer in range(_layers(tensors)):
        for ours, theirs in _INSIDE:
            for part in ("weight", "bias"):
                yield _one(f"blk.{layer}.{ours}.{part}", tensors[f"{_LAYER.format(layer)}{theirs}.{part}"])


def _one(name: str, tensor: Tensor) -> _Named:
    return name, tensor, _F16 if len(tensor.shape) == 2 and name not in _EXACT else _F32


def _layers(tensors: Mapping[str, Tensor]) -> int:
    return len({name.split(".")[2] for name in tensors if name.startswith("encoder.layer.")})


def _head(named: Sequence[_Named], words: Sequence[str], facts: BertFacts, tensors: Mapping[str, Tensor]) -> bytes:
    values = list(_values(words, facts, tensors))
    head = bytearray(b"GGUF" + struct.pack("<IQQ", _VERSION, len(named), len(values)))
    for key, value in values:
        head += _string(key) + value
    offset = 0
    for name, tensor, kind in named:
        head += _string(name) + struct.pack("<I", len(tensor.shape))
        head += struct.pack(f"<{len(tensor.shape)}Q", *reversed(tensor.shape))
        head += struct.pack("<IQ", kind, offset)
        size = tensor.count * (2 if kind == _F16 else 4)
        offset += size + -size % _ALIGNMENT
    return bytes(head) + b"\0" * (-len(head) % _ALIGNMENT)


def _values(words: Sequence[str], facts: BertFacts, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, bytes]]:
    vocabulary, width = tensors["embeddings.word_embeddings.weight"].shape
    if vocabulary != len(words):
        raise WrongContent(f"the word list has {len(words)} words for {vocabulary} tokens")
    inner = tensors["encoder.layer.0.intermediate.dense.bias"].shape[0]
    yield "general.architecture", _text("bert")
    yield "general.name", _text(facts.name)
    yield "general.file_type", _count(_MOSTLY_F16)
    yield "bert.block_count", _count(_layers(tensors))
    yield "bert.context_length", _count(facts.context_tokens)
    yield "bert.embedding_length", _count(width)
    yield "bert.feed_forward_length", _count(inner)
    yield "bert.attention.head_count", _count(facts.heads)
    yield "bert.attention.layer_norm_epsilon", struct.pack("<If", _FLOAT, facts.norm_epsilon)
    yield "bert.attention.causal", struct.pack("<I?", _BOOL, False)
    yield "bert.pooling_type", _count(_MEAN)
    yield "tokenizer.ggml.model", _text("bert")
    yield "tokenizer.ggml.token_type_count", _count(tensors["embeddings.token_type_embeddings.weight"].shape[0])
    yield "tokenizer.ggml.tokens", _list(_STRING, len(words), b"".join(_string(_spelled(word)) for word in words))
    kinds = [_CONTROL if word in _SPECIAL else _NORMAL for word in words]
    yield "tokenizer.ggml.token_type", _list(_I32, len(words), struct.pack(f"<{len(kinds)}i", *kinds))
    for word, key in _SPECIAL.items():
        yield f"tokenizer.ggml.{key}_token_id", _count(words.index(word))


# llama.cpp's spelling of the separator's key is with an e.
_SPECIAL = {"[UNK]": "unknown", "[SEP]": "seperator", "[PAD]": "padding", "[CLS]": "cls", "[MASK]": "mask"}


def _spelled(word: str) -> str:
    """A word as llama.cpp's list has it: what begins a word is marked there, here it is what goes on with one."""
    if word.startswith("[") and word.endswith("]"):
        return word
    return word[2:] if word.startswith("##") else f"\N{LOWER ONE EIGHTH BLOCK}{word}"


def _numbers(tensor: Tensor, kind: int) -> Iterator[bytes]:
    for block in tensor.blocks(_BLOCK_FLOATS):
        if kind == _F32:
            yield block
        else:
            count = len(block) // 4
            yield struct.pack(f"<{count}e", *struct.unpack(f"<{count}f", block))


def _string(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def _text(text: str) -> bytes:
    return struct.pack("<I", _STRING) + _string(text)


def _count(number: int) -> bytes:
    return struct.pack("<II", _U32, number)


def _list(kind: int, count: int, items: bytes) -> bytes:
    return struct.pack("<IIQ", _ARRAY, kind, count) + items

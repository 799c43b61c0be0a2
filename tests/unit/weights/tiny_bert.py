"""A BERT of a few numbers, as its makers would publish it."""

import json
import random
import struct

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "run", "##ning", "é")
WORD_LIST = "".join(f"{word}\n" for word in WORDS).encode()
WIDTH, INNER, LAYERS, POSITIONS = 4, 6, 2, 3

_INSIDE = {
    "attention.self.query": (WIDTH, WIDTH),
    "attention.self.key": (WIDTH, WIDTH),
    "attention.self.value": (WIDTH, WIDTH),
    "attention.output.dense": (WIDTH, WIDTH),
    "attention.output.LayerNorm": (WIDTH,),
    "intermediate.dense": (INNER, WIDTH),
    "output.dense": (WIDTH, INNER),
    "output.LayerNorm": (WIDTH,),
}


def shapes() -> dict[str, tuple[int, ...]]:
    """Every tensor's shape by its name."""
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
        "pooler.dense.bias": (WIDTH,),
    }
    for layer in range(LAYERS):
        for name, shape in _INSIDE.items():
            found[f"encoder.layer.{layer}.{name}.weight"] = shape
            found[f"encoder.layer.{layer}.{name}.bias"] = shape[:1]
    return found


def safetensors() -> bytes:
    """Its weights, the same each time."""
    chance, header, body = random.Random(3), {}, b""
    for name, shape in shapes().items():
        count = 1
        for length in shape:
            count *= length
        data = struct.pack(f"<{count}f", *(chance.uniform(-1, 1) for _ in range(count)))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    positions = struct.pack(f"<{POSITIONS}q", *range(POSITIONS))
    header["embeddings.position_ids"] = {
        "dtype": "I64",
        "shape": (1, POSITIONS),
        "data_offsets": [len(body), len(body) + len(positions)],
    }
    told = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return len(told).to_bytes(8, "little") + told + body + positions

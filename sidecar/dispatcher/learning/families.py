"""Which public family a model belongs to, by its name: `llama3.1:8b` and `Llama-3.1-8B-Instruct` are one."""

import re
from functools import lru_cache

FAMILIES = (
    "nemotron",
    "chatqa",
    "codegemma",
    "mathstral",
    "mixtral",
    "commandr",
    "llama31",
    "gemma2",
    "mistral",
    "qwen25",
    "qwen15",
    "phi3",
    "yi6b",
)
"""By which letters and digits a name tells its family; the first that fits counts. Files rely on the order."""

_BESIDE = re.compile(r"[^a-z0-9]+")
_OTHERS = re.compile(r"qwen25coder|phi35|mistral(nemo|small|large)")  # relatives that are quite another model


@lru_cache(maxsize=1024)
def family_number(model_id: str) -> int:
    """The family's place in FAMILIES; -1 when no public outcome is known of it."""
    bare = _BESIDE.sub("", model_id.lower())
    if _OTHERS.search(bare):
        return -1
    return next((place for place, family in enumerate(FAMILIES) if family in bare), -1)

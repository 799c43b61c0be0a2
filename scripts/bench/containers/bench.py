"""What is measured on: one engine, and the one installation that all sidecars here are, one after the other."""

import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from dispatcher.folder import install_id
from scripts.bench.containers import lookalikes
from scripts.bench.containers.image import IMAGE, USER
from scripts.bench.containers.owner import Owner
from scripts.bench.containers.process import SidecarProcess
from tests.engine.dockerd import PrivateEngine
from tests.fakes.launched import free_port

ONE_REPLICA_MIB = 700  # has room for one replica of the small model, not for two


class Bench:
    """Starts sidecars on `engine`, freezes it, and looks at its containers; look-alikes of ours stand there too."""

    def __init__(self, engine: PrivateEngine, weights: Path, folder: Path) -> None:
        self.engine = engine
        self.weights = weights
        self.docker = engine.client()
        self._folder = folder
        self._install = install_id(folder)
        self.decoys = lookalikes.stand(self.docker, self._install)

    @contextlib.asynccontextmanager
    async def sidecar(self, **settings: object) -> AsyncIterator[Owner]:
        """A sidecar in a process of its own; its replicas go with it."""
        owner = Owner(SidecarProcess(self._folder, free_port(), self._environment(settings)))
        try:
            owner.process.launch()
            await owner.connect()
            yield owner
        finally:
            await owner.close()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The engine stopped inside the block."""
        self.engine.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.engine.signal(signal.SIGCONT)

    def listed(self) -> list[dict[str, Any]]:
        """The containers of this installation, as the engine says."""
        labels = ["ai-dispatch.managed=1", f"ai-dispatch.install={self._install}"]
        return list(self.docker.containers(all=True, filters={"label": labels}))

    def ours(self) -> frozenset[str]:
        """Their ids."""
        return frozenset(item["Id"] for item in self.listed())

    def _environment(self, settings: dict[str, object]) -> dict[str, str]:
        """The environment of a sidecar, free of settings from outside."""
        given = {
            "docker_host": self.engine.address,
            "docker_user": USER,
            "weights_dir": self.weights.parent,
            "image_embedded": IMAGE,
            "cores": 2,
            "log_level": "warning",
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AI_DISPATCH_")}
        return kept | {f"AI_DISPATCH_{name.upper()}": str(value) for name, value in given.items()}

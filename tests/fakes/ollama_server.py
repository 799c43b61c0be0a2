"""A stand-in for Ollama on a socket: speaks its protocol over fake answers or real llama.cpp, and misbehaves on demand.

In a test: `with FakeOllama() as ollama: …`. As a process: see `ollama_process.py`. It is checked with Ollama's own
Python client, so that it can't lie. It needs Python's standard library only, llama.cpp as `ollama_llama.py` says.
Not as Ollama does: a prompt that is too long is always refused, as if asked with `"truncate": false`.
"""

import tempfile
import threading
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fakes.ollama_engine import FakeEngine, StartEngine
from tests.fakes.ollama_routes import Routes
from tests.fakes.ollama_scheduler import Limits, Scheduler, Shape
from tests.fakes.ollama_shelf import Shelf
from tests.fakes.ollama_switches import Switches

MODEL = "fake-model"
_MODEL_BYTES = 1_000_000


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512


class FakeOllama:
    """Serves the models it has pulled. `registry` names those it can pull: by default one, called `fake-model`.

    `switches` may be set at any time; `asked` holds the bodies of chats, `loads` the shapes that were loaded, in
    order; `left` counts callers who hung up before their answer was whole.
    """

    def __init__(
        self,
        switches: Switches = Switches(),  # noqa: B008 - frozen
        *,
        registry: Mapping[str, Path] | None = None,
        folder: Path | None = None,
        engine: StartEngine = FakeEngine,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory() if registry is None or folder is None else None
        scratch = Path(self._scratch.name) if self._scratch else Path()
        self._registry = {MODEL: _made_up(scratch / "weights")} if registry is None else registry
        self.shelf = Shelf(self._registry, folder or scratch / "models")
        self.scheduler = Scheduler(engine, limits, switches=switches)
        self.asked: list[dict[str, Any]] = []
        self.pulls = 0
        self.left = 0
        self.closing = threading.Event()
        self._busy = 0
        self._idle = threading.Condition()
        self._server = _Server((host, port), Routes.of(self))

    @property
    def switches(self) -> Switches:
        """How it behaves now."""
        return self.scheduler.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.scheduler.switches = switches

    @property
    def loads(self) -> list[Shape]:
        """Every load there was."""
        return self.scheduler.loads

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self.close()

    def serve(self) -> None:
        """Answer until closed."""
        self._server.serve_forever(poll_interval=0.02)

    def close(self) -> None:
        """Free everything; those who are being answered are hung up on."""
        self.closing.set()
        self._server.server_close()
        self.scheduler.stop()
        self.wait_until_idle()
        if self._scratch:
            self._scratch.cleanup()

    def begin(self) -> None:
        """One more is being answered."""
        with self._idle:
            self._busy += 1

    def finish(self, *, left: bool) -> None:
        """One has its answer, or has left without."""
        with self._idle:
            self._busy -= 1
            self.left += left
            self._idle.notify_all()

    def wait_until_idle(self, timeout_s: float = 5.0) -> bool:
        """Wait until nobody is being answered; whether it came to that."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._busy, timeout_s)


def _made_up(path: Path) -> Path:
    """A file that stands for a model's weights."""
    path.write_bytes(bytes(range(250)) * (_MODEL_BYTES // 250))
    return path

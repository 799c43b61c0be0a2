"""The sidecar as a user starts it."""

import os
import shlex
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.program import free_port, running

REPOSITORY = Path(__file__).parents[2]
_READY_S = 60


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Where a running sidecar listens, with the token it wants."""

    base_url: str
    token: str


@contextmanager
def running_sidecar(folder: Path) -> Iterator[Sidecar]:
    """Run `ai-dispatch serve` with its data in `folder`; E2E_SIDECAR names another program to run in its place."""
    port, data = free_port(), folder / "data"
    base_url = f"http://127.0.0.1:{port}"
    program = shlex.split(os.environ.get("E2E_SIDECAR", str(REPOSITORY / ".venv/bin/ai-dispatch")))
    command = [*program, "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir", str(data)]
    cache = Path(os.environ.get("AI_DISPATCH_CACHE") or Path.home() / ".cache/ai-dispatch")
    env = {"AI_DISPATCH_WEIGHTS_DIR": str(cache / "weights"), **os.environ}
    with running(command, env, folder / "sidecar.log", lambda: _is_ready(base_url), _READY_S):
        yield Sidecar(base_url, (data / "dispatch.token").read_text().strip())


def _is_ready(base_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base_url}/ready", timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False

"""The stand-in for Ollama as a process, set up by environment variables as Ollama is.

Ollama's own: OLLAMA_HOST, OLLAMA_MODELS, OLLAMA_NUM_PARALLEL, OLLAMA_MAX_QUEUE, OLLAMA_MAX_LOADED_MODELS,
OLLAMA_CONTEXT_LENGTH, OLLAMA_KEEP_ALIVE. Ours: FAKE_OLLAMA_REGISTRY, `name=file` separated by commas;
FAKE_OLLAMA_ENGINE, `fake` or `llama`; FAKE_OLLAMA_SWITCHES, JSON.
"""

import json
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tests.fakes.ollama_engine import FakeEngine
from tests.fakes.ollama_llama import LlamaEngine
from tests.fakes.ollama_scheduler import Limits
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.ollama_switches import Switches


def main(environment: Mapping[str, str]) -> int:
    """Serve until told to stop; returns the exit code."""
    stopped = _until_told()
    try:
        ollama = _set_up(environment)
    except OSError as error:
        print(f"Error: listen tcp: {error.strerror}", file=sys.stderr, flush=True)
        return 1
    with ollama:
        print(f"Listening on {ollama.base_url}", file=sys.stderr, flush=True)
        stopped.recv(1)
    return 0


def _until_told() -> socket.socket:
    """Readable once a signal to stop has come, whichever thread the system gave it to."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.detach())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    return reader


def _set_up(environment: Mapping[str, str]) -> FakeOllama:
    address = urlsplit(f"//{environment.get('OLLAMA_HOST', '127.0.0.1')}")
    pairs = [pair.partition("=") for pair in environment.get("FAKE_OLLAMA_REGISTRY", "").split(",") if pair]
    return FakeOllama(
        Switches().but(json.loads(environment.get("FAKE_OLLAMA_SWITCHES", "{}"))),
        registry={name: Path(file) for name, _, file in pairs} or None,
        folder=Path(environment.get("OLLAMA_MODELS") or Path.home() / ".ollama" / "models"),
        engine=LlamaEngine if environment.get("FAKE_OLLAMA_ENGINE") == "llama" else FakeEngine,
        limits=Limits(
            parallel=int(environment.get("OLLAMA_NUM_PARALLEL", "1")),
            queue_max=int(environment.get("OLLAMA_MAX_QUEUE", "512")),
            loaded_max=int(environment.get("OLLAMA_MAX_LOADED_MODELS", "0")),
            context_tokens=int(environment.get("OLLAMA_CONTEXT_LENGTH", "4096")),
            keep_alive=environment.get("OLLAMA_KEEP_ALIVE", "5m"),
        ),
        host=address.hostname or "0.0.0.0",
        port=address.port or 11434,
    )

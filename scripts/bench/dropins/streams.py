"""How long the first piece of a streamed answer is held up, in both protocols."""

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass

from scripts.bench.streaming.serve import MODEL
from scripts.bench.streaming.ways import Way, added_ms, measure, program

_UPSTREAM, _PROXY, _SIDECAR = (38_211, 38_212, 38_213)
_CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "What time is it?"}], "stream": True}


@dataclass(frozen=True, slots=True)
class Streams:
    """Milliseconds, medians, beyond those of the direct way."""

    openai_ms: float
    ollama_ms: float
    proxy_ms: float

    @property
    def worst_ms(self) -> float:
        """Of the two protocols."""
        return max(self.openai_ms, self.ollama_ms)


def streams(rounds: int) -> Streams:
    """Stream so many times each way."""
    direct = Way(f"http://127.0.0.1:{_UPSTREAM}/v1/chat/completions", _CHAT)
    proxy = Way(f"http://127.0.0.1:{_PROXY}/v1/chat/completions", _CHAT)
    openai = Way(f"http://127.0.0.1:{_SIDECAR}/v1/chat/completions", _CHAT)
    ollama = Way(f"http://127.0.0.1:{_SIDECAR}/api/chat", _CHAT)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        stack.enter_context(program("upstream", "--port", str(_UPSTREAM)))
        stack.enter_context(program("proxy", "--port", str(_PROXY), "--upstream", f"http://127.0.0.1:{_UPSTREAM}"))
        stack.enter_context(program("serve", "--port", str(_SIDECAR), "--folder", folder))
        asyncio.run(measure((direct, proxy, openai, ollama), rounds))
    added = [added_ms(way.first_ms, direct.first_ms) for way in (openai, ollama, proxy)]
    return Streams(*added)

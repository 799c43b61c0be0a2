"""How much longer a batch of embeddings takes through the sidecar than at llama.cpp itself."""

import asyncio
import contextlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from dispatcher.core.task import ModelId
from tests.fakes.launched import KEY, REAL_COMMAND, launched
from tests.fakes.real_weights import fetched

_MODEL = ModelId("all-minilm-l6-v2")
_PORT = 38_223
_TEXTS = 64
_WORDS = (
    "rain",
    "market",
    "engine",
    "letter",
    "garden",
    "winter",
    "price",
    "river",
    "signal",
    "paper",
    "doctor",
    "music",
)
_READY_S = 90.0


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Seconds for a batch, medians; and the median of what each batch took more than its twin, as a share."""

    ours_s: float
    bare_s: float
    overhead_ratio: float


@dataclass(frozen=True, slots=True)
class _Server:
    url: str
    headers: dict[str, str]


def embeddings(batches: int) -> Embeddings:
    """Embed so many batches each way, by turns; both servers have one thread and one slot."""
    weights = fetched(_MODEL)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        stack.enter_context(_sidecar(folder, weights.parent))
        bare = stack.enter_context(
            launched(REAL_COMMAND, weights, folder, "--embedding", "--context-tokens", "512", "--threads", "1")
        )
        bare.wait_until_ready()
        at_bare = _Server(bare.endpoint.base_url, {"Authorization": f"Bearer {KEY}"})
        return asyncio.run(_measure(_Server(f"http://127.0.0.1:{_PORT}", {}), at_bare, batches))


@contextlib.contextmanager
def _sidecar(folder: Path, weights: Path) -> Iterator[None]:
    command = [sys.executable, "-P", "-m", "scripts.bench.dropins.serve", "--port", str(_PORT)]
    with subprocess.Popen([*command, "--folder", str(folder / "data"), "--weights", str(weights)]) as process:
        try:
            yield
        finally:
            process.terminate()


async def _measure(ours: _Server, bare: _Server, batches: int) -> Embeddings:
    rng = random.Random(7)  # noqa: S311 - makes texts, guards no secret
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_READY_S)) as session:
        await _until_it_embeds(session, ours)
        for server in (ours, bare):
            await _took_s(session, server, _batch(rng))
        pairs: list[tuple[float, float]] = []
        for number in range(batches):
            texts = _batch(rng)
            order = (ours, bare) if number % 2 else (bare, ours)  # whoever is second meets a warmer cache
            took = {server.url: await _took_s(session, server, texts) for server in order}
            pairs.append((took[ours.url], took[bare.url]))
    ratio = statistics.median(our_s / bare_s for our_s, bare_s in pairs) - 1
    return Embeddings(statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs), ratio)


def _batch(rng: random.Random) -> list[str]:
    return [" ".join(rng.choices(_WORDS, k=8)) for _ in range(_TEXTS)]


async def _until_it_embeds(session: aiohttp.ClientSession, server: _Server) -> None:
    give_up_s = time.monotonic() + _READY_S
    while time.monotonic() < give_up_s:
        with contextlib.suppress(aiohttp.ClientError):
            await _took_s(session, server, ["ready?"])
            return
        await asyncio.sleep(0.2)
    sys.exit(f"nothing embeds at {server.url}")


async def _took_s(session: aiohttp.ClientSession, server: _Server, texts: list[str]) -> float:
    begun_s = time.monotonic()
    body = {"model": _MODEL, "input": texts}
    async with session.post(f"{server.url}/v1/embeddings", json=body, headers=server.headers) as response:
        response.raise_for_status()
        raw = await response.read()
    took_s = time.monotonic() - begun_s
    if len(json.loads(raw)["data"]) != len(texts):
        sys.exit(f"{server.url} left out some of {len(texts)} texts")
    return took_s

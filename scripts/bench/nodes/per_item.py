"""How long the node takes for an item beyond what a plain client of the sidecar takes for it."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.nodes.plain_client import PlainClient
from scripts.bench.nodes.runs import answered_ms, furnished
from tests.e2e.fake_engines import fake_engines
from tests.e2e.n8n_server import N8nServer


@dataclass(frozen=True, slots=True)
class PerItem:
    """Milliseconds per item, medians; `added_ms` is the median of what each run took more than its twin."""

    node_ms: float
    client_ms: float
    added_ms: float


def per_item(server: N8nServer, folder: Path, items: int, rounds: int) -> PerItem:
    """Have the items answered so many times by the node and by the client, by turns; once before to warm up."""
    folder.mkdir()
    with fake_engines(folder) as engines:
        credential_id = furnished(server, engines.base_url, engines.token)
        client = PlainClient(engines.base_url, engines.token)
        pairs: list[tuple[float, float]] = []
        for turn in range(rounds + 1):
            prompts = [f"Turn {turn}: this is item {index}" for index in range(items)]
            # Their own prompts, so that nobody asks again what somebody asked before.
            ours = answered_ms(server, credential_id, [f"{prompt} of the node" for prompt in prompts])
            plain = client.answered_s([f"{prompt} of the client" for prompt in prompts]) * 1000
            pairs.append((ours / items, plain / items))
    warm = pairs[1:]
    return PerItem(
        node_ms=statistics.median(ours for ours, _ in warm),
        client_ms=statistics.median(plain for _, plain in warm),
        added_ms=statistics.median(ours - plain for ours, plain in warm),
    )

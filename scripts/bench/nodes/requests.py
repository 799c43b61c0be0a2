"""How long the requests of one large run of the node last, while its model is loaded."""

from dataclasses import dataclass
from pathlib import Path

from scripts.bench.nodes.runs import answered_ms, furnished
from tests.e2e.fake_engines import fake_engines
from tests.e2e.n8n_server import N8nServer
from tests.e2e.recording_proxy import recording_proxy

LOAD_S = 40.0
"""Longer than a request may last."""


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of a run: the longest, how many, and how long all took together."""

    longest_s: float
    count: int
    run_s: float


def requests_of_a_run(server: N8nServer, folder: Path, items: int) -> Requests:
    """Send so many items through the node in one run, by a proxy that writes down what is asked."""
    folder.mkdir()
    with (
        fake_engines(folder, load_s=LOAD_S) as engines,
        recording_proxy(engines.base_url, engines.token) as proxy,
    ):
        credential_id = furnished(server, proxy.base_url, proxy.token)
        prompts = [f"This is item {index} of many" for index in range(items)]
        took_ms = answered_ms(server, credential_id, prompts)
        return Requests(max(asked.seconds for asked in proxy.asked), len(proxy.asked), took_ms / 1000)

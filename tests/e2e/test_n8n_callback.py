"""A workflow that waits for a job is put away by a real n8n, and resumed by the sidecar when the job is finished."""

from collections.abc import Iterator

import pytest

from tests.e2e.fake_engines import FakeEngines, fake_engines
from tests.e2e.n8n import N8n
from tests.e2e.n8n_server import running_server
from tests.e2e.workflows import awaiting, credential

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEngines]:
    # n8n takes itself to be at localhost, unless it is told otherwise.
    with fake_engines(tmp_path_factory.mktemp("fakes"), callback_hosts="localhost", token_delay_s=0.1) as running:
        yield running


def test_a_finished_job_resumes_the_execution_that_waits_for_it(n8n: N8n, sidecar: FakeEngines) -> None:
    with running_server(n8n) as server:
        chosen = server.keep(credential("fakes", sidecar.base_url, sidecar.token))
        execution = server.run(awaiting("waits", chosen, "Say «later»."), "Wait")
    assert (execution.error or {}).get("message") is None
    (item,) = execution.items
    assert item["body"]["state"] == "done"
    assert item["body"]["result"]["text"]

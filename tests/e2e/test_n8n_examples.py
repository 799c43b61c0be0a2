"""The workflows that the package shows its users are taken by a real n8n, and do what they say."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.fake_engines import FakeEngines, fake_engines
from tests.e2e.n8n import PACKAGE, Json, N8n
from tests.e2e.n8n_server import running_server
from tests.e2e.workflows import EXAMPLES, credential, example
from tests.fakes.behaviour import mark

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

NAMES = sorted(path.stem for path in EXAMPLES.glob("*.json"))


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEngines]:
    """A sidecar that may call back to this machine."""
    with fake_engines(tmp_path_factory.mktemp("fakes"), "localhost,127.0.0.1") as running:
        yield running


@pytest.fixture(scope="module")
def furnished(n8n: N8n, sidecar: FakeEngines) -> N8n:
    """An n8n that has all of them, under the names of their files."""
    n8n.import_credentials([credential("kept", sidecar.base_url, sidecar.token)])
    examples = {name: example(name, "kept", name) for name in NAMES}
    with_letters(examples["extract-and-learn"], LETTERS)
    n8n.import_workflows(list(examples.values()))
    return n8n


def letter(text: str, **said: Any) -> str:
    """A letter, with the mark of what the fake model makes of it."""
    return f"{text} {mark(answer=json.dumps(said | {'currency': 'EUR'}))}"


LETTERS = [
    letter("Invoice 2041 of Krause: 119.00 EUR", sender="Krause", invoice_number="2041", total=119),
    letter("Invoice 2042 of Krause: 119.00 EUR", sender="Krause", invoice_number="2042", total=7),
    letter("Krause wants 119.00 EUR", sender="Krause", invoice_number="none", total=119),
]
"""One that is read well, one that is read badly, and one that accounting refuses."""


def with_letters(workflow: Json, letters: list[str]) -> None:
    """Put letters of the test in place of those of the example."""
    (given,) = [node for node in workflow["nodes"] if node["name"] == "Letters"]
    given["parameters"]["jsonOutput"] = json.dumps({"letters": [{"text": text} for text in letters]})


@pytest.mark.parametrize("name", NAMES)
def test_an_example_names_only_nodes_that_n8n_or_our_package_has(name: str) -> None:
    kinds = {node["type"] for node in example(name, "kept", name)["nodes"]}
    assert any(kind.startswith(PACKAGE) for kind in kinds)
    assert {kind.rsplit(".", 1)[0] for kind in kinds} <= {PACKAGE, "n8n-nodes-base", "@n8n/n8n-nodes-langchain"}


def test_the_digest_has_a_line_for_every_mail(furnished: N8n) -> None:
    execution = furnished.execute("digest-of-mails", node="One Digest")
    (item,) = execution.items
    lines = item["concatenated_line"].splitlines()
    assert [line.split(",")[0] for line in lines] == ["- Maria", "- Ben (accounting)", "- Aylin"]
    assert all("You said" in line for line in lines)


def test_what_became_of_each_letter_is_told_to_the_sidecar(furnished: N8n, sidecar: FakeEngines) -> None:
    before = len(sidecar.jobs())
    runs = furnished.execute("extract-and-learn", node="It Was Right").runs
    told = {name: runs[name][0]["data"]["main"][0] for name in ("It Was Right", "It Was Wrong", "It Broke the Booking")}
    said = {name: [item["json"]["score"] for item in items] for name, items in told.items()}
    assert said == {"It Was Right": [1], "It Was Wrong": [0], "It Broke the Booking": [0]}
    ids = {items[0]["json"]["dispatch_id"] for items in told.values()}
    assert len(ids) == len(sidecar.jobs()) - before == len(LETTERS)


def test_a_live_webhook_answers_and_a_long_job_wakes_its_workflow(n8n: N8n, sidecar: FakeEngines) -> None:
    with running_server(n8n) as server:
        kept = server.keep(credential("kept", sidecar.base_url, sidecar.token))
        path = server.publish(example("live", kept, "answer-a-webhook"))
        status, said = server.call(f"/webhook/{path}", {"prompt": "Hello", "taskType": "chat", "complexity": "low"})
        assert (status, said["task_type"], said["complexity"]) == (200, "chat", "low")
        assert said["text"].startswith("You said")
        status, said = server.call(f"/webhook/{path}", {"prompt": "Hello", "taskType": "juggling"})
        assert status == 502
        assert said["error"].startswith("task_type: ")

        execution = server.run(example("long", kept, "long-job-with-wait"), "Get the Job")
        assert (execution.error or {}).get("message") is None
        (item,) = execution.items
        assert (item["state"], item["is_finished"]) == ("done", True)
        assert item["text"].startswith("You said")
        (woken,) = execution.runs["Wait"][-1]["data"]["main"][0]
        assert woken["json"]["body"]["job_id"] == item["job_id"]

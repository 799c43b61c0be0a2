"""Real workflows of a folder that isn't part of the repository: every node that calls a model is moved or explained."""

import json
import os
from pathlib import Path

import pytest

from dispatcher.migration.migrate import migrate
from dispatcher.migration.wishes import Target, Wishes

VARIABLE = "N8N_WORKFLOWS_DIR"


@pytest.mark.parametrize("target", Target)
def test_every_node_of_real_workflows_is_moved_or_explained(target: Target) -> None:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"set {VARIABLE} to a folder of exported n8n workflows to try them")
    paths = sorted(Path(folder).glob("*.json"))
    assert paths
    for path in paths:
        text = path.read_text()
        done = migrate(text, Wishes("http://127.0.0.1:3000", target))
        again = migrate(done.text, Wishes("http://127.0.0.1:3000", target))
        assert again.text == done.text
        assert not again.edits
        before, after = json.loads(text), json.loads(done.text)
        assert {key: value for key, value in after.items() if key != "nodes"} == {
            key: value for key, value in before.items() if key != "nodes"
        }
        found = {one.node for report in done.workflows for one in report.findings}
        assert all(one.why for report in done.workflows for one in report.findings)
        for old, new in zip(before["nodes"], after["nodes"], strict=True):
            assert (old["name"], old["id"], old["position"]) == (new["name"], new["id"], new["position"])
            assert old == new or old["name"] in found
            assert old["name"] in found or "ollama" not in old["type"].lower()

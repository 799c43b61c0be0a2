"""What holds of every workflow, whatever is in it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.migration.json_parts import Object, parse
from dispatcher.migration.migrate import migrate
from dispatcher.migration.report import Left, Moved
from dispatcher.migration.wishes import ModelChoice, Target, Wishes
from tests.unit.migration.examples import URL
from tests.unit.migration.generated import UNKNOWN, workflow_texts

WISHES = st.builds(Wishes, st.just(URL), st.sampled_from(Target), st.sampled_from(ModelChoice))
KEPT = ("name", "id", "position", "notes", "onError", "disabled", "__proto__")


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(item)


def code_of(value: object) -> set[str]:
    """Every piece of code that n8n would run, what surrounds it left out."""
    found = set()
    for text in strings(value):
        if text.startswith("="):
            found |= {_plain(code) for code in re.findall(r"\{\{(.*?)\}\}", text)}
    return found


def _plain(code: str) -> str:
    """Code without what moving it may change: where a quoted host leads, and that it makes JSON."""
    without_json = re.sub(r"JSON\.stringify\((.*)\)", r"\1", code.strip())
    return re.sub(r"http://(?:ollama:11434|127\.0\.0\.1:3000)", "HOST", without_json)


def check(text: str, wishes: Wishes) -> None:
    done = migrate(text, wishes)
    before, after = json.loads(text), json.loads(done.text)
    again = migrate(done.text, wishes)
    assert again.text == done.text
    assert again.edits == ()

    assert {**before, "nodes": 0} == {**after, "nodes": 0}
    (report,) = done.workflows
    moved = {one.node for one in report.findings if isinstance(one, Moved)}
    assert all(one.why for one in report.findings if isinstance(one, Left))
    for old, new in zip(before["nodes"], after["nodes"], strict=True):
        assert {key: old.get(key) for key in KEPT} == {key: new.get(key) for key in KEPT}
        kept = set(old.get("credentials", ())) - {"ollamaApi", "openAiApi"}
        assert kept <= set(new.get("credentials", ()))
        assert code_of(new) <= code_of(old)
        added = {text for text in strings(new) if text.startswith("=")} - set(strings(old))
        assert all("{{" in text or text.startswith(f"={URL}/") for text in added)
        if old["type"] in UNKNOWN or old["name"] not in moved:
            assert old == new
    _untouched_nodes_are_the_same_bytes(text, done.text, before, after)


def _untouched_nodes_are_the_same_bytes(
    text: str, after_text: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    old_root, new_root = parse(text), parse(after_text)
    assert isinstance(old_root, Object)
    assert isinstance(new_root, Object)
    places = zip(old_root.array("nodes"), new_root.array("nodes"), before["nodes"], after["nodes"], strict=True)
    for old, new, old_node, new_node in places:
        if old_node == new_node:
            assert text[old.start : old.end] == after_text[new.start : new.end]


@given(workflow_texts(), WISHES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_a_moved_workflow_is_the_same_graph_with_nothing_lost_and_no_new_code(text: str, wishes: Wishes) -> None:
    check(text, wishes)


@pytest.mark.heavy
@pytest.mark.timeout(900)  # about forty seconds on a machine that has nothing else to do
@given(workflow_texts(), WISHES)
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_so_it_is_with_very_many(text: str, wishes: Wishes) -> None:
    check(text, wishes)

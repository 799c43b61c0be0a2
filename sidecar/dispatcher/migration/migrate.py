"""A file of workflows, moved: its new text, and what was done and left, workflow by workflow."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dispatcher.migration.addresses import says_ollama
from dispatcher.migration.code_calls import code_call
from dispatcher.migration.http_calls import http_call
from dispatcher.migration.json_parts import Part, Text, Unreadable, parse
from dispatcher.migration.reply_readers import Readers
from dispatcher.migration.report import Finding, Left, Moved, WorkflowReport
from dispatcher.migration.splice import Edit, StringPlaces, applied
from dispatcher.migration.sub_nodes import model_node
from dispatcher.migration.wishes import Wishes
from dispatcher.migration.workflow import Node, NotAWorkflow, Workflow, workflow_of, workflows_of

_INLINE_MAX = 4


@dataclass(frozen=True, slots=True)
class Migration:
    """`text` is the file as it becomes: all but the places of `edits` is as it was."""

    text: str
    edits: tuple[Edit, ...]
    workflows: tuple[WorkflowReport, ...]


def migrate(text: str, wishes: Wishes) -> Migration:
    """Move the workflows of one file.

    Nothing in them is evaluated. Moving the result again changes nothing.
    Raises: Unreadable, NotAWorkflow.
    """
    workflows = workflows_of(parse(text))
    reports = tuple(_report(text, workflow, wishes) for workflow in workflows)
    edits = tuple(edit for report in reports for one in report.moved for edit in one.edits)
    return Migration(applied(text, edits), edits, reports)


def _report(text: str, workflow: Workflow, wishes: Wishes) -> WorkflowReport:
    findings = tuple(_findings(text, workflow, wishes, depth=0))
    moved = {one.node for one in findings if isinstance(one, Moved)}
    old = {node.model_credential for node in workflow.nodes if node.name in moved}
    return WorkflowReport(workflow.name, findings, tuple(sorted(name for name in old if name)))


def _findings(text: str, workflow: Workflow, wishes: Wishes, depth: int) -> Iterator[Finding]:
    readers = Readers(workflow)
    for node in workflow.nodes:
        found = (
            model_node(text, readers, node, wishes)
            or http_call(text, readers, node, wishes)
            or code_call(node, wishes.url)
        )
        if found:
            yield _noted(found, node)
        yield from _inline(text, node, wishes, depth)


def _noted(found: Finding, node: Node) -> Finding:
    """The finding, with a word on nodes that are switched off."""
    return replace(found, what=f"{found.what}, disabled") if node.is_disabled else found


def _inline(text: str, node: Node, wishes: Wishes, depth: int) -> Iterator[Finding]:
    """What is found in a workflow that a node brings with it, as text or as JSON."""
    part = node.parameters.get("workflowJson")
    if part is None or depth >= _INLINE_MAX:
        return
    if not isinstance(part, Text):
        yield from (_within(node, one) for one in _inner(text, part, wishes, depth))
        return
    found = _inner(part.value, None, wishes, depth)
    places = StringPlaces(text, part) if found else None
    for one in found:
        moved = replace(one, edits=tuple(places.outer(one.edits))) if places and isinstance(one, Moved) else one
        yield _within(node, moved)


def _inner(text: str, part: Part | None, wishes: Wishes, depth: int) -> list[Finding]:
    """The findings of an inner workflow."""
    try:
        return list(_findings(text, workflow_of(parse(text) if part is None else part), wishes, depth + 1))
    except (Unreadable, NotAWorkflow):
        why = "its inner workflow can't be read without running it: move that by hand, or make it a workflow of its own"
        return [Left("inner workflow", "inner workflow", why)] if part is None and says_ollama(text) else []


def _within(node: Node, found: Finding) -> Finding:
    return replace(found, node=f"{node.name} / {found.node}")

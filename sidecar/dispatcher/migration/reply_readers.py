"""Who, behind a node that calls a model, depends on the shape of its reply.

A node of AI Dispatch answers in a shape of its own, so it takes the place of another only where nobody looks.
"""

import re
from collections import defaultdict
from collections.abc import Mapping

from dispatcher.migration.json_parts import texts
from dispatcher.migration.workflow import Node, Workflow

_FIELDS = (
    "response|message|content|choices|data|body|done|done_reason|context|model|created_at|thinking|tool_calls"
    "|eval_count|prompt_eval_count|total_duration|load_duration|output|output_text|usage"
)
_READS = re.compile(rf"(?:\.\s*|\[\s*['\"`])(?:{_FIELDS})\b")
_FIELD_ALONE = re.compile(rf"(?:{_FIELDS})(?:\.[\w.\[\]]+)?")
_WHOLE_ITEM = re.compile(r"\$input\b|\$json\b|\bitems?\b|\b_input\b|\b_json\b|\b_items\b")
_CODE = re.compile(r"n8n-nodes-base\.(?:code|function|functionItem)|@n8n/n8n-nodes-langchain\.code")
_ANSWERING = {
    "n8n-nodes-base.executeWorkflowTrigger": None,
    "@n8n/n8n-nodes-langchain.chatTrigger": None,
    "@n8n/n8n-nodes-langchain.manualChatTrigger": None,
    "n8n-nodes-base.webhook": "lastNode",
    "n8n-nodes-base.formTrigger": "lastNode",
}


class Readers:
    """Knows the readers of every node of a workflow. All is looked through once, so that large ones take no time."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self._naming = _quoted_in(workflow)
        readings = {node.name: f"'{node.name}' {how}" for node in workflow.nodes if (how := _reading(node))}
        self._reader_at = self._leading_to(readings)
        ends = {node.name: "" for node in workflow.nodes if not workflow.after(node.name)}
        self._ends = self._leading_to(ends)
        self._answer = _answer_of(workflow)
        self._has_parts = {target for links in workflow.links.values() for kind, target in links if kind != "main"}

    def of(self, node: Node) -> str | None:
        """What reads a node's reply, in words; None when nothing is seen to."""
        for other in self._naming.get(node.name, ()):
            if other != node.name:
                return f"'{other}' refers to it by name"
        for following in self.workflow.after(node.name):
            if following in self._reader_at:
                return self._reader_at[following]
        return self._answer if node.name in self._ends else None

    def _leading_to(self, wanted: Mapping[str, str]) -> Mapping[str, str]:
        """Every node from which items come to one of these, or that is one, with what is said of that one."""
        before = defaultdict(list)
        for node in self.workflow.nodes:
            for following in self.workflow.after(node.name):
                before[following].append(node.name)
        found = dict(wanted)
        ahead = list(wanted)
        while ahead:
            name = ahead.pop()
            for earlier in before[name]:
                if earlier not in found:
                    found[earlier] = found[name]
                    ahead.append(earlier)
        return found

    def has_parts(self, node: Node) -> bool:
        """Whether sub-nodes belong to a node."""
        return node.name in self._has_parts


def _reading(node: Node) -> str | None:
    if node.type == "n8n-nodes-base.respondToWebhook":
        respond = node.parameters.text("respondWith") or "firstIncomingItem"
        if respond in ("firstIncomingItem", "allIncomingItems"):
            return "sends it on as it comes"
    is_code = _CODE.fullmatch(node.type) is not None
    for text in texts(node.parameters):
        found = _READS.search(text.value) if is_code or text.value.startswith("=") else None
        found = found or _FIELD_ALONE.fullmatch(text.value)
        if found:
            return f"reads {found[0].strip('.')} of what comes before it"
        if is_code and _WHOLE_ITEM.search(text.value):
            return "has code that reads what comes before it"
        if text.value in ("autoMapInputData", "autoMap"):
            return "stores all fields that come"
    return None


def _quoted_in(workflow: Workflow) -> Mapping[str, list[str]]:
    """By whatever stands in quotes anywhere: the nodes in which it does, at most two of them."""
    found: dict[str, list[str]] = defaultdict(list)
    for node in workflow.nodes:
        for text in texts(node.parameters):
            for quote in "'\"`":
                for piece in text.value.split(quote)[1:-1]:
                    if len(found[piece]) < 2 and node.name not in found[piece]:
                        found[piece].append(node.name)
    return found


def _answer_of(workflow: Workflow) -> str | None:
    """In words, that the last node's items are what the workflow answers with; None when they aren't."""
    for node in workflow.nodes:
        mode = _ANSWERING.get(node.type, "")
        if mode is None or (mode and node.parameters.text("responseMode") == mode):
            return f"the workflow answers '{node.name}' with it"
    return None

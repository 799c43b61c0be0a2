"""Who, behind a node that calls a model, depends on the shape of its reply.

A node of AI Dispatch answers in a shape of its own, so it takes the place of another only where nobody looks.
"""

import re
from collections.abc import Iterator

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


def reader_of(workflow: Workflow, node: Node) -> str | None:
    """What reads the node's reply, in words; None when nothing is seen to."""
    behind = list(_behind(workflow, node.name))
    for other in workflow.nodes:
        if other.name != node.name and _names(other, node.name):
            return f"'{other.name}' refers to it by name"
    for other in behind:
        how = _reading(other)
        if how:
            return f"'{other.name}' {how}"
    return _answer_of(workflow, [node, *behind])


def _behind(workflow: Workflow, name: str) -> Iterator[Node]:
    """All nodes that items of this one can come to."""
    nodes = {node.name: node for node in workflow.nodes}
    seen, ahead = {name}, list(workflow.after(name))
    while ahead:
        following = ahead.pop()
        if following in seen:
            continue
        seen.add(following)
        ahead += workflow.after(following)
        if following in nodes:
            yield nodes[following]


def _names(other: Node, name: str) -> bool:
    quoted = (f"'{name}'", f'"{name}"', f"`{name}`")
    return any(any(one in text.value for one in quoted) for text in texts(other.parameters))


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


def _answer_of(workflow: Workflow, chain: list[Node]) -> str | None:
    """Whether the last node's items are what the workflow answers with."""
    if all(workflow.after(node.name) for node in chain):
        return None
    for node in workflow.nodes:
        mode = _ANSWERING.get(node.type, "")
        if mode is None or (mode and node.parameters.text("responseMode") == mode):
            return f"the workflow answers '{node.name}' with it"
    return None

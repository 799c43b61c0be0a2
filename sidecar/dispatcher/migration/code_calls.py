"""Code in nodes that calls an Ollama: found and told, never rewritten."""

import re

from dispatcher.migration.json_parts import texts
from dispatcher.migration.report import Left
from dispatcher.migration.workflow import Node

_CODE = re.compile(
    r"(?:n8n-nodes-base\.(?:code|codeTool|function|functionItem|executeCommand|executeCommandTool|aiTransform|ssh)"
    r"|@n8n/n8n-nodes-langchain\.(?:code|toolCode))"
)
_PORT = re.compile(r"[\w.\-\[\]]{0,80}:11434(?!\d)")
_ROUTE = re.compile(r"/api/(?:generate|chat|embed|embeddings)\b")
_CLIENT = re.compile(
    r"(?i)(?:require\s*\(\s*|from\s+|import\s+)['\"]?[^'\"\n]{0,80}ollama|\b(?:Chat)?Ollama(?:Embeddings)?\s*\("
    r"|\bollama\s+(?:run|pull)\b|\bOLLAMA_(?:HOST|URL|BASE_URL|API)\w*"
)
_NAMES = re.compile(r"(?i)ollama")
_WHY = {
    "port": "names an Ollama's address ({what})",
    "route": "calls {what}",
    "client": "uses a client of Ollama",
}


def code_call(node: Node, url: str) -> Left | None:
    """Say that a code node calls an Ollama, at which line, and what to change there; None when it doesn't."""
    if _CODE.fullmatch(node.type) is None:
        return None
    for text in texts(node.parameters):
        found = _call_in(text.value)
        if found:
            line, what = found
            why = (
                f"line {line} {what}; code isn't rewritten. Change the address there to {url} "
                "and send the header Authorization: Bearer TOKEN, with the sidecar's dispatch token"
            )
            return Left(node.name, "code", why)
    return None


def _call_in(code: str) -> tuple[int, str] | None:
    """The first line that calls, and what it does; an address first, because that is what must be changed."""
    lines = code.split("\n")
    checks = [("port", _PORT), ("route", _ROUTE if _NAMES.search(code) else None), ("client", _CLIENT)]
    for name, pattern in checks:
        for number, line in enumerate(lines, 1):
            found = pattern.search(line) if pattern else None
            if found:
                return number, _WHY[name].format(what=found[0])
    return None

"""The body of an HTTP Request node that calls a model, read as far as a node of ours can say the same."""

from collections.abc import Mapping
from dataclasses import dataclass

from dispatcher.migration.json_parts import Array, Object, Part, Text
from dispatcher.migration.layout import Value
from dispatcher.migration.options import carried
from dispatcher.migration.texts_of_n8n import NotCarried, Template, as_literal, read_template
from dispatcher.migration.workflow import Node

_CANT_SAY = {
    "images": "it sends images",
    "tools": "it offers tools",
    "functions": "it offers tools",
    "suffix": "it fills in a gap",
    "raw": "it sends a raw prompt",
    "template": "it brings a template of its own",
    "context": "it goes on from an earlier context",
    "think": "it sets thinking",
    "n": "it asks for several answers",
}
_ANSWERING_PATHS = frozenset({"/api/generate", "/api/chat", "/v1/chat/completions", "/v1/completions"})


@dataclass(frozen=True, slots=True)
class Ask:
    """What a call asks for, as values of n8n fields: those that begin with `=` are expressions, as they were."""

    model: str
    prompt: str
    options: Mapping[str, Value]
    lost: tuple[str, ...]


def read_ask(node: Node, path: str) -> Ask:
    """Read a call of this route. Raises: NotCarried, saying what a node of ours can't do."""
    if path not in _ANSWERING_PATHS:
        raise NotCarried(f"{path} has no node of its own")
    parameters = node.parameters
    method = parameters.text("method") or parameters.text("requestMethod")
    if method != "POST":
        raise NotCarried("it isn't a POST")
    if node.version < 3:
        return _from_json(parameters.get("bodyParametersJson"), parameters.says("jsonParameters", value=True))
    if not parameters.says("sendBody", value=True) or parameters.text("contentType") not in (None, "json", "raw"):
        raise NotCarried("its body isn't JSON")
    if parameters.text("contentType") == "raw":
        return _from_json(parameters.get("body"), is_json=True)
    if parameters.text("specifyBody") == "json":
        return _from_json(parameters.get("jsonBody"), is_json=True)
    return _from_pairs(parameters.object("bodyParameters"))


def _from_json(body: Part | None, is_json: bool) -> Ask:
    if not is_json or not isinstance(body, Text):
        raise NotCarried("its body isn't one JSON text")
    return _TemplateReader(read_template(body.value)).ask()


def _from_pairs(body: Object | None) -> Ask:
    """Names and values, each value a field of its own: literals and expressions come over as they are."""
    pairs: dict[str, str] = {}
    for item in body.array("parameters") if body else ():
        value = item.get("value") if isinstance(item, Object) else None
        name = item.text("name") if isinstance(item, Object) else None
        if name:
            pairs[name] = value.value if isinstance(value, Text) else ""
    _refuse(pairs)
    if not pairs.get("prompt") or not pairs.get("model"):
        raise NotCarried("its body has no prompt and model of its own")
    options: dict[str, Value] = {"systemPrompt": pairs["system"]} if pairs.get("system") else {}
    if pairs.get("format") == "json":
        options["outputFormat"] = {"is": {"kind": "json"}}
    rest = [name for name in pairs if name not in ("model", "prompt", "system", "stream", "keep_alive")]
    lost = [f"{name}: the node has no such field" for name in rest if name != "format" or pairs[name] != "json"]
    if "keep_alive" in pairs:
        lost.append("keep_alive: AI Dispatch decides how long a model stays in memory")
    return Ask(pairs["model"], pairs["prompt"], options, tuple(lost))


def _refuse(names: Mapping[str, object]) -> None:
    for name, why in _CANT_SAY.items():
        if name in names:
            raise NotCarried(why)


class _TemplateReader:
    """Reads a JSON body, literal or with code in it."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._body = template.root

    def ask(self) -> Ask:
        _refuse({member.key.value: None for member in self._body.members})
        model = self._field("model")
        system, prompt = self._messages() if self._body.get("messages") else self._prompt()
        options: dict[str, Value] = {"systemPrompt": system} if system else {}
        options |= self._format()
        lost: list[str] = []
        for group in (self._body.object("options"), self._body):
            here = carried(self._template.source, group, are_fields=False)
            options |= here.options
            lost += here.lost
        return Ask(model, prompt, options, tuple(lost))

    def _prompt(self) -> tuple[str, str]:
        return self._optional("system"), self._field("prompt")

    def _field(self, name: str) -> str:
        part = self._body.get(name)
        if not isinstance(part, Text) or not part.value:
            raise NotCarried(f"its body has no {name}")
        return self._template.text(part)

    def _optional(self, name: str) -> str:
        part = self._body.get(name)
        return self._template.text(part) if isinstance(part, Text) and part.value else ""

    def _messages(self) -> tuple[str, str]:
        """System text and prompt of a chat that has nothing else."""
        part = self._body.get("messages")
        turns = [self._turn(item) for item in part.items] if isinstance(part, Array) else []
        match turns:
            case [("user", prompt)]:
                return "", prompt
            case [("system", system), ("user", prompt)]:
                return system, prompt
        raise NotCarried("its messages are more than a system text and one prompt")

    def _turn(self, part: Part) -> tuple[str, str]:
        content = part.get("content") if isinstance(part, Object) else None
        if not isinstance(part, Object) or not isinstance(content, Text) or len(part.members) != 2:
            raise NotCarried("its messages hold more than text")
        return part.text("role") or "", self._template.text(content)

    def _format(self) -> dict[str, Value]:
        wanted = self._body.get("format")
        if wanted is None:
            wanted = self._body.get("response_format")
            wanted = _openai_format(wanted) if isinstance(wanted, Object) else None
        if wanted is None or (isinstance(wanted, Text) and wanted.value in ("", "text")):
            return {}
        if self._template.has_code(wanted):
            raise NotCarried("its format is code")
        if isinstance(wanted, Object):
            return {"outputFormat": {"is": {"kind": "schema", "schema": self._schema(wanted)}}}
        if isinstance(wanted, Text) and wanted.value == "json":
            return {"outputFormat": {"is": {"kind": "json"}}}
        raise NotCarried("its format isn't one that is known")

    def _schema(self, wanted: Object) -> str:
        return as_literal(self._template.source[wanted.start : wanted.end])


def _openai_format(wanted: Object) -> Part | None:
    if wanted.text("type") == "json_object":
        return Text(wanted.start, wanted.end, "json")
    schema = wanted.object("json_schema")
    return schema.object("schema") if schema else None

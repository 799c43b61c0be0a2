"""Nodes that reach their model through a credential: chat models, embeddings, and n8n's own Ollama and OpenAI nodes."""

from collections.abc import Mapping

from dispatcher.migration.addresses import read_base
from dispatcher.migration.dispatch_node import (
    CHAT_MODEL_TYPE,
    DISPATCH_TYPE,
    chat_model_parameters,
    dispatch_parameters,
)
from dispatcher.migration.http_body import Ask
from dispatcher.migration.json_parts import Object, Text
from dispatcher.migration.kinds import Kind, Role, base_url_of, kind_of, model_of
from dispatcher.migration.layout import Value
from dispatcher.migration.node_edits import NodeEditor
from dispatcher.migration.options import carried, ignored
from dispatcher.migration.reply_readers import Readers
from dispatcher.migration.report import Action, Finding, Left, Moved
from dispatcher.migration.splice import Edit, StringPlaces
from dispatcher.migration.task_guess import task_of_text, task_of_users
from dispatcher.migration.texts_of_n8n import NotCarried
from dispatcher.migration.wishes import CredentialType, ModelChoice, Target, Wishes
from dispatcher.migration.workflow import Node

_NO_NODE = "there is no node of AI Dispatch for it"


def model_node(text: str, readers: Readers, node: Node, wishes: Wishes) -> Finding | None:
    """What becomes of a node that has a model; None when it isn't an Ollama's, or is moved already."""
    kind = kind_of(node)
    if kind is None:
        return None
    if wishes.target is Target.NODES and kind.role is not Role.EMBEDDINGS:
        try:
            return _replaced(text, readers, node, kind, wishes)
        except NotCarried as reason:
            return _repointed(text, node, kind, wishes, f"kept as it is, for {reason}")
    return _repointed(text, node, kind, wishes, "")


def _repointed(text: str, node: Node, kind: Kind, wishes: Wishes, why: str) -> Finding | None:
    editor = NodeEditor(text, node)
    edits = editor.credential(kind.credential, wishes.credentials[kind.credential])
    base = base_url_of(node)
    if base is not None:
        lead = read_base(base.value, wishes.url)
        if lead is None:
            return Left(node.name, kind.what, f"its option Base URL is an expression: let it give {wishes.url}/v1")
        edits += StringPlaces(text, base).outer([lead])
    is_open = wishes.model is ModelChoice.AUTO and kind.role is not Role.EMBEDDINGS
    if is_open:
        edits += _with_model_auto(editor, kind)
    if not edits:
        return None
    notes = [why] if why else []
    notes.append(_model_note(model_of(node, kind), kind, is_open=is_open))
    lost = ignored(node.parameters.object("options"))
    return Moved(node.name, kind.what, Action.REPOINT, "; ".join(notes), lost, kind.credential, tuple(edits))


def _model_note(model: str, kind: Kind, *, is_open: bool) -> str:
    if kind.role is Role.EMBEDDINGS:
        return f"model {model or 'unnamed'} is kept, for vectors of another don't fit those that are stored"
    if is_open:
        return "AI Dispatch chooses the model"
    return f"goes on asking for {model}" if model else "its model is kept"


def _with_model_auto(editor: NodeEditor, kind: Kind) -> list[Edit]:
    if model_of(editor.node, kind) == "auto":
        return []
    there = editor.node.parameters.get(kind.model_key)
    if isinstance(there, Object) or kind.role is Role.MESSAGE:
        return editor.parameters({kind.model_key: {"__rl": True, "mode": "id", "value": "auto"}})
    return editor.parameters({kind.model_key: "auto"})


def _replaced(text: str, readers: Readers, node: Node, kind: Kind, wishes: Wishes) -> Moved:
    if kind.role is Role.CHAT:
        return _as_chat_model(text, readers, node, kind, wishes)
    if kind.credential is not CredentialType.OLLAMA:
        raise NotCarried(_NO_NODE)
    return _as_dispatch(text, readers, node, kind, wishes)


def _as_chat_model(text: str, readers: Readers, node: Node, kind: Kind, wishes: Wishes) -> Moved:
    options = node.parameters.object("options")
    base = base_url_of(node)
    if base is not None and base.value.startswith("="):
        raise NotCarried("its option Base URL is an expression")
    tools = node.parameters.object("builtInTools")
    if tools and tools.members:
        raise NotCarried("it uses tools that OpenAI runs itself")
    asked = carried(text, options)
    kept: dict[str, Value] = dict(asked.options)
    if options and (options.text("format") == "json" or options.text("responseFormat") == "json_object"):
        kept["responseFormat"] = "json_object"
    parameters = chat_model_parameters(model_of(node, kind), task_of_users(readers.workflow, node), kept, wishes.model)
    return _moved(text, node, kind, CHAT_MODEL_TYPE, parameters, asked.lost, wishes)


def _as_dispatch(text: str, readers: Readers, node: Node, kind: Kind, wishes: Wishes) -> Moved:
    """n8n's node Ollama, when all it does is to answer one prompt."""
    parameters = node.parameters
    if (parameters.text("resource") or "text") != "text" or (parameters.text("operation") or "message") != "message":
        raise NotCarried("it looks at images")
    if readers.has_parts(node):
        raise NotCarried("it has tools")
    is_tool = node.type.endswith("Tool")
    reader = None if is_tool else readers.of(node)
    if reader:
        raise NotCarried(f"{reader}, and AI Dispatch answers in another shape")
    ask = _ask_of(text, node, kind)
    task = task_of_text(str(ask.options.get("systemPrompt", "")), ask.prompt)
    new = dispatch_parameters(node, ask, task, wishes.model)
    return _moved(text, node, kind, DISPATCH_TYPE + ("Tool" if is_tool else ""), new, ask.lost, wishes)


def _ask_of(text: str, node: Node, kind: Kind) -> Ask:
    messages = node.parameters.object("messages")
    turns = messages.array("values") if messages else ()
    if len(turns) != 1 or not isinstance(turns[0], Object) or (turns[0].text("role") or "user") != "user":
        raise NotCarried("its messages are more than one prompt")
    prompt = turns[0].text("content")
    if not prompt:
        raise NotCarried("it has no prompt")
    options = node.parameters.object("options")
    asked = carried(text, options)
    kept: dict[str, Value] = dict(asked.options)
    system = options.get("system") if options else None
    if isinstance(system, Text) and system.value:
        kept["systemPrompt"] = system.value
    if options and options.text("format") == "json":
        kept["outputFormat"] = {"is": {"kind": "json"}}
    return Ask(model_of(node, kind), prompt, kept, asked.lost)


def _moved(
    text: str, node: Node, kind: Kind, new: str, parameters: Mapping[str, Value], lost: tuple[str, ...], wishes: Wishes
) -> Moved:
    ours = wishes.credentials[CredentialType.DISPATCH]
    edits = NodeEditor(text, node).replaced(new, parameters, ours, frozenset({kind.credential}))
    note = _model_note(model_of(node, kind), kind, is_open=wishes.model is ModelChoice.AUTO)
    return Moved(node.name, kind.what, Action.REPLACE, note, lost, CredentialType.DISPATCH, tuple(edits))

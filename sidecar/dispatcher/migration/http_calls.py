"""HTTP Request nodes that call an Ollama: led to the sidecar, or replaced by a node of ours."""

from collections.abc import Mapping
from dataclasses import replace

from dispatcher.migration.addresses import Address, holds_host, read_address
from dispatcher.migration.dispatch_node import DISPATCH_TYPE, dispatch_parameters
from dispatcher.migration.http_body import Ask, read_ask
from dispatcher.migration.json_parts import Object, Text, texts
from dispatcher.migration.layout import Value
from dispatcher.migration.node_edits import NodeEditor, has_credential
from dispatcher.migration.options import in_seconds
from dispatcher.migration.reply_readers import Readers
from dispatcher.migration.report import Action, Finding, Left, Moved
from dispatcher.migration.splice import Edit, StringPlaces
from dispatcher.migration.task_guess import task_of_text
from dispatcher.migration.texts_of_n8n import NotCarried
from dispatcher.migration.wishes import CredentialType, ModelChoice, Target, Wishes
from dispatcher.migration.workflow import Node, Workflow

_REQUEST = "n8n-nodes-base.httpRequest"
_TOOL = "n8n-nodes-base.httpRequestTool"
_OLD_TOOL = "@n8n/n8n-nodes-langchain.toolHttpRequest"
_KINDS = frozenset({_REQUEST, _TOOL, _OLD_TOOL})
_WHAT = "HTTP Request"
_EMBEDDING = frozenset({"/api/embed", "/api/embeddings", "/v1/embeddings"})
_OURS = frozenset({CredentialType.OLLAMA, CredentialType.OPENAI})


def http_call(text: str, readers: Readers, node: Node, wishes: Wishes) -> Finding | None:
    """What becomes of an HTTP Request node; None when it calls something else, or AI Dispatch already."""
    url = node.parameters.get("url")
    if node.type not in _KINDS or not isinstance(url, Text):
        return None
    address = read_address(url.value, wishes.url)
    if address is None:
        return None
    if not address.is_served:
        return Left(node.name, _WHAT, f"{address.path} changes models of an Ollama; AI Dispatch has no such route")
    if wishes.target is Target.NODES and node.type != _OLD_TOOL:
        try:
            return _replaced(text, readers, node, address, wishes)
        except NotCarried as reason:
            return _repointed(text, readers, node, url, address, wishes, f"kept as HTTP Request, for {reason}")
    return _repointed(text, readers, node, url, address, wishes, "")


def _replaced(text: str, readers: Readers, node: Node, address: Address, wishes: Wishes) -> Moved:
    ask = read_ask(node, address.path)
    reader = readers.of(node) if node.type == _REQUEST else None
    if reader:
        raise NotCarried(f"{reader}, and AI Dispatch answers in another shape")
    ask = _with_timeout(node, ask)
    task = task_of_text(str(ask.options.get("systemPrompt", "")), ask.prompt)
    parameters = dispatch_parameters(node, ask, task, wishes.model)
    is_tool = node.type == _TOOL
    edits = NodeEditor(text, node).replaced(
        DISPATCH_TYPE + ("Tool" if is_tool else ""),
        parameters,
        wishes.credentials[CredentialType.DISPATCH],
        frozenset(_OURS),
    )
    chosen = "the model is chosen" if wishes.model is ModelChoice.AUTO else f"goes on asking for {ask.model}"
    why = f"{address.path} becomes a dispatch with its answer in the field text; {chosen}"
    return Moved(node.name, _WHAT, Action.REPLACE, why, ask.lost, CredentialType.DISPATCH, tuple(edits))


def _with_timeout(node: Node, ask: Ask) -> Ask:
    """The timeout of the request, in milliseconds there and in seconds here; other options of the request are named."""
    options = node.parameters.object("options")
    lost = list(ask.lost)
    kept: dict[str, Value] = {}
    for member in options.members if options else ():
        value = member.value
        if member.key.value == "timeout" and (seconds := in_seconds(value)):
            kept["timeout"] = seconds
        elif not (isinstance(value, Object) and not value.members):
            lost.append(f"{member.key.value}: an option of HTTP requests only")
    return replace(ask, options={**ask.options, **kept}, lost=tuple(lost))


def _repointed(
    text: str, readers: Readers, node: Node, url: Text, address: Address, wishes: Wishes, why: str
) -> Finding | None:
    if address.edit is None:
        return _left(readers.workflow, node, wishes)
    editor = NodeEditor(text, node)
    is_there = address.edit.start == address.edit.end and not address.edit.text
    if is_there and _knows_a_token(node):
        return None
    edits = [] if is_there else StringPlaces(text, url).outer([address.edit])
    kind, auth, lost = _authentication(editor, wishes)
    notes = [why] if why else []
    if address.path in _EMBEDDING:
        notes.append("its model is kept, for vectors of another don't fit those that are stored")
    elif wishes.model is ModelChoice.AUTO:
        notes.append("its body goes on naming its model")
    if auth or edits:
        return Moved(
            node.name, _WHAT, Action.REPOINT, "; ".join(notes) or "same call, to the sidecar", lost, kind,
            (*edits, *auth),
        )  # fmt: skip
    return None


def _left(workflow: Workflow, node: Node, wishes: Wishes) -> Left:
    others = [one for one in workflow.nodes if one.type not in _KINDS]
    holders = [one.name for one in others if any(map(holds_host, texts(one.parameters)))]
    where = f", as it stands in {', '.join(repr(name) for name in holders[:3])}" if holders else ""
    return Left(
        node.name,
        _WHAT,
        f"its host is an expression{where}, and nothing is evaluated: let it give {wishes.url}, and choose the "
        f"credential {wishes.credentials[CredentialType.HEADER].name} (Header Auth)",
    )


def _authentication(editor: NodeEditor, wishes: Wishes) -> tuple[CredentialType, list[Edit], tuple[str, ...]]:
    """Let the node send the sidecar's token: by the credential type it uses if that can, else by a header."""
    node = editor.node
    parameters = node.parameters
    how = parameters.text("authentication") or "none"
    named = parameters.text("nodeCredentialType")
    for kind in (CredentialType.OLLAMA, CredentialType.OPENAI):
        if how == "predefinedCredentialType" and named == kind:
            return kind, editor.credential(kind, wishes.credentials[kind]), ()
    kind = CredentialType.HEADER
    wanted: Mapping[str, Value]
    if node.version < 2 and node.type == _REQUEST:
        wanted = {"authentication": "headerAuth"}
    else:
        wanted = {"authentication": "genericCredentialType", "genericAuthType": str(kind)}
    is_other = how != "none" and not has_credential(node, kind, wishes.credentials[kind])
    lost = [f"authentication ({_name(how, parameters)}): it is the sidecar's token now"] if is_other else []
    if _sends_authorization(node):
        lost.append("its own Authorization header: the credential's takes its place; remove it")
    edits = [*editor.parameters(wanted), *editor.credential(kind, wishes.credentials[kind])]
    return kind, edits, tuple(lost)


def _name(how: str, parameters: Object) -> str:
    return parameters.text("genericAuthType") or parameters.text("nodeCredentialType") or how


def _knows_a_token(node: Node) -> bool:
    return (node.parameters.text("authentication") or "none") != "none" or _sends_authorization(node)


def _sends_authorization(node: Node) -> bool:
    headers = [node.parameters.get(key) for key in ("headerParameters", "headerParametersUi", "parametersHeaders")]
    return any(text.value.lower() == "authorization" for part in headers for text in texts(part))

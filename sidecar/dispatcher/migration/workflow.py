"""Workflows in the shapes that n8n exports them, as far as moving them needs it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatcher.migration.json_parts import Array, Number, Object, Part, Text
from dispatcher.migration.wishes import CredentialType

NODES_MAX = 5000


class NotAWorkflow(ValueError):
    """The JSON isn't a workflow; the message says what it would have to be."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node. `name` is what connections call it."""

    place: Object
    name: str
    type: str
    version: float
    parameters: Object
    credentials: Object | None

    @property
    def is_disabled(self) -> bool:
        """Whether n8n skips it."""
        return self.place.says("disabled", value=True)

    @property
    def model_credential(self) -> str | None:
        """The name of the credential through which it reaches its model."""
        for kind in (CredentialType.OLLAMA, CredentialType.OPENAI):
            there = self.credentials.object(kind) if self.credentials else None
            if there:
                return there.text("name")
        return None


@dataclass(frozen=True, slots=True)
class Workflow:
    """The nodes, and who follows whom: by node, the names of those after it, and by kind of connection."""

    name: str | None
    nodes: tuple[Node, ...]
    links: Mapping[str, tuple[tuple[str, str], ...]]

    def after(self, name: str) -> tuple[str, ...]:
        """The nodes that get a node's items."""
        return tuple(target for kind, target in self.links.get(name, ()) if kind == "main")

    def users(self, name: str) -> tuple[str, ...]:
        """The nodes that a sub-node belongs to."""
        return tuple(target for kind, target in self.links.get(name, ()) if kind != "main")


_NO_PARAMETERS = Object(-1, -1, ())


def workflows_of(root: Part) -> tuple[Workflow, ...]:
    """All workflows of a file: one, a list of them, or what n8n's API answers with. Raises: NotAWorkflow."""
    if isinstance(root, Object) and "nodes" not in (keys := [member.key.value for member in root.members]):
        if "data" not in keys:
            raise NotAWorkflow("not a workflow: it has no list of nodes")
        root = root.get("data") or root
    items = root.items if isinstance(root, Array) else (root,)
    return tuple(workflow_of(item) for item in items)


def workflow_of(part: Part) -> Workflow:
    """Read one workflow. Raises: NotAWorkflow."""
    if not isinstance(part, Object) or not isinstance(part.get("nodes"), Array):
        raise NotAWorkflow("not a workflow: it has no list of nodes")
    nodes = part.array("nodes")
    if len(nodes) > NODES_MAX:
        raise NotAWorkflow(f"a workflow of {len(nodes)} nodes; more than {NODES_MAX} aren't taken")
    return Workflow(part.text("name"), tuple(_node(node) for node in nodes), _links(part.object("connections")))


def _node(part: Part) -> Node:
    if not isinstance(part, Object):
        raise NotAWorkflow("not a workflow: a node isn't an object")
    version = part.get("typeVersion")
    return Node(
        part,
        part.text("name") or "",
        part.text("type") or "",
        float(version.raw) if isinstance(version, Number) else 1.0,
        part.object("parameters") or _NO_PARAMETERS,
        part.object("credentials"),
    )


def _links(connections: Object | None) -> Mapping[str, tuple[tuple[str, str], ...]]:
    links: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for source in connections.members if connections else ():
        for kind in source.value.members if isinstance(source.value, Object) else ():
            links[source.key.value] += ((kind.key.value, target) for target in _targets([kind.value]))
    return {name: tuple(found) for name, found in links.items()}


def _targets(parts: Sequence[Part]) -> list[str]:
    """Every `node` that a connection's lists of lists name."""
    found: list[str] = []
    for part in parts:
        if isinstance(part, Array):
            found += _targets(part.items)
        elif isinstance(part, Object) and isinstance(target := part.get("node"), Text):
            found.append(target.value)
    return found

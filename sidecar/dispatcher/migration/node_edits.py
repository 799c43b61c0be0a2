"""The changes that a node's JSON takes: its credential, its parameters, its kind."""

from collections.abc import Mapping

from dispatcher.migration.json_parts import Object, Part
from dispatcher.migration.layout import Layout, Raw, Value, layout_of
from dispatcher.migration.splice import Edit, with_members
from dispatcher.migration.wishes import Credential, CredentialType
from dispatcher.migration.workflow import Node


class NodeEditor:
    """Makes the edits of one node in the text it stands in."""

    def __init__(self, text: str, node: Node) -> None:
        self.text = text
        self.node = node
        self.layout = layout_of(text, node.place)

    def credential(self, kind: CredentialType, wanted: Credential) -> list[Edit]:
        """Give the node this credential, beside those of other types; none when it has it already."""
        if has_credential(self.node, kind, wanted):
            return []
        value: Value = {"id": wanted.id, "name": wanted.name}
        return self._merged("credentials", self.node.place.get("credentials"), {kind: value})

    def parameters(self, wanted: Mapping[str, Value]) -> list[Edit]:
        """Give the node these parameters, beside its others."""
        return self._merged("parameters", self.node.place.get("parameters"), wanted)

    def replaced(
        self, kind: str, parameters: Mapping[str, Value], credential: Credential, obsolete: frozenset[str]
    ) -> list[Edit]:
        """Make it a node of another kind; position, name, id, notes and settings of the run stay as they are.

        Args:
            obsolete: types of credential that only the old kind had.
        """
        old = self.node.credentials
        kept: dict[str, Value] = {
            member.key.value: self._raw(member.value)
            for member in (old.members if old else ())
            if member.key.value not in obsolete
        }
        ours: Value = {"id": credential.id, "name": credential.name}
        wanted: dict[str, Value] = {
            "type": kind,
            "typeVersion": 1,
            "parameters": parameters,
            "credentials": {**kept, CredentialType.DISPATCH: ours},
        }
        return with_members(self.text, self.node.place, wanted, self.layout)

    def _raw(self, part: Part) -> Value:
        return Raw(self.text[part.start : part.end])

    def _merged(self, key: str, there: Part | None, wanted: Mapping[str, Value]) -> list[Edit]:
        if not isinstance(there, Object):
            return with_members(self.text, self.node.place, {key: dict(wanted)}, self.layout)
        return with_members(self.text, there, wanted, self._inner(there))

    def _inner(self, target: Object) -> Layout:
        return layout_of(self.text, target) if target.members else self.layout.inner()


def has_credential(node: Node, kind: CredentialType, wanted: Credential) -> bool:
    """Whether a node uses a credential already: the one with the wanted id, or else with the wanted name."""
    there = node.credentials.object(kind) if node.credentials else None
    if there is None:
        return False
    return there.text("id") == wanted.id if wanted.id is not None else there.text("name") == wanted.name

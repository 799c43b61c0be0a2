"""The kinds of node that call a model of an Ollama, by n8n's types."""

import re
from dataclasses import dataclass
from enum import Enum

from dispatcher.migration.addresses import says_ollama
from dispatcher.migration.json_parts import Object, Text
from dispatcher.migration.wishes import CredentialType
from dispatcher.migration.workflow import Node

_LANGCHAIN = "@n8n/n8n-nodes-langchain."
_TAGGED = re.compile(r"(?:[\w.-]+/)*[A-Za-z][\w.-]*:[\w.-]+")
_TAGS_OF_OTHERS = frozenset({"free", "beta", "online", "nitro", "floor", "extended", "thinking", "exacto"})


class Role(Enum):
    """What a node of a kind is for."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Kind:
    """A node that reaches its model through a credential. `model_key` is the parameter that names the model."""

    what: str
    role: Role
    credential: CredentialType
    model_key: str
    default_model: str


_OLLAMA = CredentialType.OLLAMA
_OPENAI = CredentialType.OPENAI
_KINDS = {
    "lmChatOllama": Kind("Ollama Chat Model", Role.CHAT, _OLLAMA, "model", "llama3.2"),
    "lmOllama": Kind("Ollama Model", Role.CHAT, _OLLAMA, "model", "llama3.2"),
    "embeddingsOllama": Kind("Embeddings Ollama", Role.EMBEDDINGS, _OLLAMA, "model", "llama3.2"),
    "ollama": Kind("Ollama", Role.MESSAGE, _OLLAMA, "modelId", ""),
    "ollamaTool": Kind("Ollama Tool", Role.MESSAGE, _OLLAMA, "modelId", ""),
    "lmChatOpenAi": Kind("OpenAI Chat Model", Role.CHAT, _OPENAI, "model", ""),
    "lmOpenAi": Kind("OpenAI Model", Role.CHAT, _OPENAI, "model", ""),
    "embeddingsOpenAi": Kind("Embeddings OpenAI", Role.EMBEDDINGS, _OPENAI, "model", ""),
    "openAi": Kind("OpenAI", Role.MESSAGE, _OPENAI, "modelId", ""),
    "openAiTool": Kind("OpenAI Tool", Role.MESSAGE, _OPENAI, "modelId", ""),
}


def kind_of(node: Node) -> Kind | None:
    """What a node is, if its model runs in an Ollama as far as can be seen."""
    kind = _KINDS.get(node.type.removeprefix(_LANGCHAIN)) if node.type.startswith(_LANGCHAIN) else None
    if kind is None or kind.credential is _OLLAMA:
        return kind
    return kind if _is_ollama_behind_openai(node, kind) else None


def model_of(node: Node, kind: Kind) -> str:
    """The model that a node names, an expression as it stands; n8n's default when it names none."""
    part = node.parameters.get(kind.model_key)
    if isinstance(part, Object):
        part = part.get("value")
    return part.value if isinstance(part, Text) and part.value else kind.default_model


def base_url_of(node: Node) -> Text | None:
    """The address that an OpenAI node was given in its own options."""
    options = node.parameters.object("options")
    base = options.get("baseURL") if options else None
    return base if isinstance(base, Text) and base.value else None


def _is_ollama_behind_openai(node: Node, kind: Kind) -> bool:
    base = base_url_of(node)
    if base is not None and not says_ollama(base.value):
        return False
    if base is not None or says_ollama(node.name) or says_ollama(node.model_credential or ""):
        return True
    model = model_of(node, kind)
    return _TAGGED.fullmatch(model) is not None and model.rpartition(":")[2] not in _TAGS_OF_OTHERS

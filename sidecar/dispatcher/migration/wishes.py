"""What whoever moves workflows wants of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Target(StrEnum):
    """What becomes of a node: it keeps its kind and gets another credential, or becomes a node of AI Dispatch."""

    CREDENTIAL = "credential"
    NODES = "nodes"


class ModelChoice(StrEnum):
    """Whether a node goes on asking for the model it names, or leaves it open. Embeddings always keep theirs."""

    KEEP = "keep"
    AUTO = "auto"


class CredentialType(StrEnum):
    """The types of credential, by n8n's names, that lead to a sidecar."""

    OLLAMA = "ollamaApi"
    OPENAI = "openAiApi"
    HEADER = "httpHeaderAuth"
    DISPATCH = "aiDispatchApi"


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential in n8n; without an id, n8n finds it by its name when the workflow is imported."""

    name: str
    id: str | None = None


DEFAULT_CREDENTIALS: Mapping[CredentialType, Credential] = {
    CredentialType.OLLAMA: Credential("AI Dispatch (Ollama)"),
    CredentialType.OPENAI: Credential("AI Dispatch (OpenAI)"),
    CredentialType.HEADER: Credential("AI Dispatch (header)"),
    CredentialType.DISPATCH: Credential("AI Dispatch"),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """`url` is where n8n reaches the sidecar, without a slash at its end."""

    url: str
    target: Target = Target.CREDENTIAL
    model: ModelChoice = ModelChoice.KEEP
    credentials: Mapping[CredentialType, Credential] = field(default_factory=lambda: DEFAULT_CREDENTIALS)

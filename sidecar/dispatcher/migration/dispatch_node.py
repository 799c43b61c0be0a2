"""The nodes of AI Dispatch for n8n, and the parameters that they take."""

from collections.abc import Mapping

from dispatcher.core.task import TaskType
from dispatcher.migration.http_body import Ask
from dispatcher.migration.layout import Value
from dispatcher.migration.wishes import ModelChoice
from dispatcher.migration.workflow import Node

DISPATCH_TYPE = "n8n-nodes-ai-dispatch.aiDispatch"
CHAT_MODEL_TYPE = "n8n-nodes-ai-dispatch.aiDispatchChatModel"
_OF_TOOLS = ("descriptionType", "toolDescription")


def dispatch_parameters(node: Node, ask: Ask, task: TaskType, choice: ModelChoice) -> Mapping[str, Value]:
    """Those of the node AI Dispatch. `task` is a guess; the node's user can change it."""
    kept: dict[str, Value] = {name: value for name in _OF_TOOLS if (value := node.parameters.text(name)) is not None}
    return {
        **kept,
        "operation": "dispatch",
        "taskType": str(task),
        "complexity": "auto",
        "prompt": ask.prompt,
        "model": model_value(ask.model, choice),
        "simplify": True,
        "options": ask.options,
    }


def chat_model_parameters(
    model: str, task: TaskType, options: Mapping[str, Value], choice: ModelChoice
) -> Mapping[str, Value]:
    """Those of the sub-node AI Dispatch Chat Model."""
    return {
        "model": model_value(model, choice),
        "taskType": str(task),
        "complexity": "auto",
        "options": options,
    }


def model_value(model: str, choice: ModelChoice) -> Value:
    """A model as both nodes name it."""
    return {"__rl": True, "mode": "id", "value": "auto" if choice is ModelChoice.AUTO else model or "auto"}

"""Which kind of work a node asks for, where that can be seen without running it."""

import re

from dispatcher.core.classification import task_scores, words_of
from dispatcher.core.features import features_of
from dispatcher.core.task import Message, Role, TaskType
from dispatcher.migration.json_parts import texts
from dispatcher.migration.texts_of_n8n import holes
from dispatcher.migration.workflow import Node, Workflow

_SURE = 3
_BY_USER = {
    "informationExtractor": TaskType.EXTRACTION,
    "textClassifier": TaskType.CLASSIFICATION,
    "sentimentAnalysis": TaskType.CLASSIFICATION,
    "chainSummarization": TaskType.SUMMARIZATION,
    "chainRetrievalQa": TaskType.QUESTION_ANSWERING,
    "toolVectorStore": TaskType.QUESTION_ANSWERING,
}
_PROMPT_KEYS = frozenset({"text", "prompt", "message", "systemMessage", "messages", "options"})
_GAP = re.compile("[\\s\ud800-\udfff]+")  # half a character is none either


def task_of_text(*prompts: str) -> TaskType:
    """The kind of work that words clearly ask for; `auto` when they leave it open, for then the sidecar sees more."""
    text = _GAP.sub(" ", " ".join(_words(prompt) for prompt in prompts)).strip()
    if not text:
        return TaskType.AUTO
    features = features_of([Message(Role.USER, text)])
    scores = task_scores(features, words_of(features))
    best = max(scores, key=lambda one: scores[one], default=TaskType.AUTO)
    return best if scores.get(best, 0) >= _SURE else TaskType.AUTO


def _words(prompt: str) -> str:
    """A prompt without its code."""
    place = 0
    pieces = []
    for start, end in holes(prompt):
        pieces.append(prompt[place:start])
        place = end
    return " ".join((*pieces, prompt[place:])).removeprefix("=")


def task_of_users(workflow: Workflow, node: Node) -> TaskType:
    """The kind of work that a model's users do with it, when they all do the same."""
    names = set(workflow.users(node.name))
    users = [other for other in workflow.nodes if other.name in names]
    found = {_task_of(user) for user in users}
    return found.pop() if len(found) == 1 else TaskType.AUTO


def _task_of(user: Node) -> TaskType:
    kind = user.type.rpartition(".")[2]
    if kind in _BY_USER or kind == "agent":  # an agent's long instructions say how to use tools, not what is asked
        return _BY_USER.get(kind, TaskType.AUTO)
    parts = [member.value for member in user.parameters.members if member.key.value in _PROMPT_KEYS]
    return task_of_text(*(text.value for part in parts for text in texts(part)))

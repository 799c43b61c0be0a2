"""Which task type and complexity a prompt has, when its caller says `auto`.

Signal words in a short sample: no second model call. They know English and the commonest German, French and Spanish
instruction words; a caller who knows better says so in the request.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatcher.core.features import TextFeatures
from dispatcher.core.task import Complexity, TaskType


@dataclass(frozen=True, slots=True)
class _Sign:
    """Speaks for a task type, once, when any of its phrases occurs. Worth 3 names the task, 2 hints strongly, 1 hints.

    Phrases start at a word's beginning; one that ends in `_` must also end where a word ends.
    """

    task_type: TaskType
    worth: int
    phrases: tuple[str, ...]


def _sign(task_type: TaskType, worth: int, phrases: str) -> _Sign:
    return _Sign(task_type, worth, _phrases(phrases))


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" " + phrase.strip().replace("_", " ") for phrase in text.split(","))


# On a tie between task types, the one whose sign stands first here wins.
_SIGNS: tuple[_Sign, ...] = (
    _sign(TaskType.TRANSLATION, 3, "translat, übersetz, traduis, traduire, traduce, traducir"),
    _sign(
        TaskType.SUMMARIZATION,
        3,
        "summar, tldr_, tl dr_, zusammenfass, fasse_, fass_, résum, resume_, resumen, resumir",
    ),
    _sign(TaskType.SUMMARIZATION, 2, "key points, key takeaways, condense, shorten, recap_, digest_, the gist"),
    _sign(
        TaskType.CLASSIFICATION, 3, "classif, categoris, categoriz, klassifizier, clasific, triage, sentiment, spam or"
    ),
    _sign(
        TaskType.CLASSIFICATION, 3, "which category, which label, which class_, positive or negative, positive negative"
    ),
    _sign(TaskType.CLASSIFICATION, 2, "labels_, categories_, category_, yes or no, one of the following"),
    _sign(TaskType.EXTRACTION, 3, "extract, pull out, extrahier, extrai, extrae"),
    _sign(TaskType.EXTRACTION, 2, "find all, list all, return all, get all, find every, list every"),
    _sign(TaskType.EXTRACTION, 1, "json_, fields_"),
    _sign(
        TaskType.REASONING,
        3,
        "step by step, prove that, solve the, solve this, solve for, puzzle_, schritt für schritt",
    ),
    _sign(
        TaskType.REASONING,
        2,
        "how many, how much, how long, how far, how old, calculate, compute_, probability, wie viele",
    ),
    _sign(TaskType.REASONING, 2, "average speed, trade off, tradeoff, deduce, combien, cuánto, cuánta"),
    _sign(TaskType.QUESTION_ANSWERING, 3, "answer the question, answer the following question, answer this question"),
    _sign(
        TaskType.QUESTION_ANSWERING,
        3,
        "based on the context, based on the text, based on the following, according to the",
    ),
    _sign(
        TaskType.TEXT_GENERATION,
        2,
        "write_, draft_, compose_, generate_, create_, verfasse, schreib, rédige, écris, redacta",
    ),
)
_CODE_VERBS = _phrases("write_, implement, create_, fix_, refactor, debug, complete_, generate_, schreib, convert_")
_CODE_NOUNS = _phrases(
    "function_, functions_, script_, class_, code_, program_, query_, queries_, regex, "
    "sql_, python, javascript, typescript, "
    "bash_, java_, rust_, html_, css_, unit test, funktion_, skript_"
)
_CODE_MARKS = ("```", "def ", "function(", "#include", "import ", "traceback (most recent", "select *")
_LANGUAGE_GOALS = _phrases(
    "to english, to german, to french, to spanish, to italian, to portuguese, to dutch, "
    "into english, into german, into french, "
    "into spanish, into italian, in german_, in french_, in spanish_, ins deutsche, "
    "ins englische, auf deutsch, auf englisch, "
    "en français, en anglais, al español, al inglés"
)
_HARD_WORDS = _phrases(
    "step by step, detailed, in detail, thorough, in depth, comprehensive, analys, analyz, "
    "compare_, evaluate, justify, explain why, "
    "prove_, optimis, optimiz, edge case, trade off, tradeoff, architecture, must not, must also, at least, each of"
)
_EASY_WORDS = _phrases("one word, single word, one sentence, in short_, briefly, short_, simple_, yes or no, only the")
_QUESTION = re.compile(
    r"\W*(who|what|when|where|which|why|how|is|are|does|do|did|can|wer|was|wann|wo|warum|"
    r"qui|que|quand|où|qué|quién|cuándo|dónde)\b"
)
_GREETING = re.compile(r"\W*(hi|hello|hey|good (morning|evening)|thanks|thank you|how are you|hallo|bonjour|hola)\b")
_LISTED = re.compile(r"^(\d+[.)]|[-*•]) ", re.MULTILINE)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Classification:
    """The task type and complexity to choose a model by; never `auto`."""

    task_type: TaskType
    complexity: Complexity


def classify(task_type: TaskType, complexity: Complexity, text: TextFeatures) -> Classification:
    """Fill in what the caller left `auto`; what they said is kept."""
    if task_type is not TaskType.AUTO and complexity is not Complexity.AUTO:
        return Classification(task_type, complexity)
    words = words_of(text)
    if task_type is TaskType.AUTO:
        task_type = likeliest(task_scores(text, words), text)
    if complexity is Complexity.AUTO:
        complexity = complexity_of(task_type, text, words)
    return Classification(task_type, complexity)


def words_of(text: TextFeatures) -> str:
    """The words of a sample, each with a space before and after: what signs are looked for in."""
    return f" {' '.join(_WORD.findall(text.sample))} "


def task_scores(text: TextFeatures, words: str) -> dict[TaskType, int]:
    """What speaks for each task type; those for which nothing does aren't in it. `words` are the text's `words_of`."""
    scores: dict[TaskType, int] = {}
    for sign in _SIGNS:
        if _has(words, sign.phrases):
            scores[sign.task_type] = scores.get(sign.task_type, 0) + sign.worth
    for task_type, worth in _shapes(text, words):
        scores[task_type] = scores.get(task_type, 0) + worth
    return scores


def likeliest(scores: Mapping[TaskType, int], text: TextFeatures) -> TaskType:
    """The task type for which most speaks; without any, a question or a text to write."""
    if not scores:
        return TaskType.QUESTION_ANSWERING if text.question_marks else TaskType.TEXT_GENERATION
    return max(scores, key=lambda task_type: scores[task_type])


def complexity_of(task_type: TaskType, text: TextFeatures, words: str) -> Complexity:
    """How hard a prompt of this task type looks. `words` are the text's `words_of`."""
    points = sum(phrase in words for phrase in _HARD_WORDS)
    points += task_type in (TaskType.REASONING, TaskType.CODE_GENERATION)
    points += (text.prompt_tokens > 600) + (text.prompt_tokens > 2500)
    points += len(_LISTED.findall(text.sample)) >= 3
    points -= _has(words, _EASY_WORDS)
    points -= task_type is TaskType.CLASSIFICATION
    if points <= 0:
        return Complexity.LOW
    return Complexity.MEDIUM if points <= 2 else Complexity.HIGH


def _shapes(text: TextFeatures, words: str) -> list[tuple[TaskType, int]]:
    """What speaks for a task type beside single phrases."""
    found = []
    if _has(words, _CODE_VERBS) and _has(words, _CODE_NOUNS):
        found.append((TaskType.CODE_GENERATION, 3))
    if any(mark in text.sample for mark in _CODE_MARKS):
        found.append((TaskType.CODE_GENERATION, 2))
    if _has(words, _LANGUAGE_GOALS):
        found.append((TaskType.TRANSLATION, 1))
    if text.question_marks and _QUESTION.match(text.sample):
        found.append((TaskType.QUESTION_ANSWERING, 2))
    if _GREETING.match(text.sample) or text.turns > 2:
        found.append((TaskType.CHAT, 2))
    return found


def _has(words: str, phrases: Sequence[str]) -> bool:
    return any(phrase in words for phrase in phrases)

"""Task type and complexity of prompts that say `auto`."""

import pytest

from dispatcher.core.classification import classify
from dispatcher.core.features import features_of
from dispatcher.core.task import Complexity, Message, Role, TaskType

# Written for this test after the prompts people put into n8n workflows; the share that must be right stands below.
LABELLED = [
    ("Summarize the following e-mail thread in three bullet points:\n\n", TaskType.SUMMARIZATION),
    ("Please give me a TL;DR of this article", TaskType.SUMMARIZATION),
    ("Fasse den folgenden Text in zwei Sätzen zusammen:", TaskType.SUMMARIZATION),
    ("Condense this transcript so that a manager can read it in a minute.", TaskType.SUMMARIZATION),
    ("Classify this support ticket as billing, bug or other: I was charged twice", TaskType.CLASSIFICATION),
    ("What is the sentiment of this review? 'Great coffee, slow service'", TaskType.CLASSIFICATION),
    ("Is this message spam or not? Answer only yes or no.", TaskType.CLASSIFICATION),
    ("Which category fits best: invoice, contract, letter?", TaskType.CLASSIFICATION),
    ("Extract the invoice number, date and total from this text as JSON", TaskType.EXTRACTION),
    ("Find all e-mail addresses in the text below", TaskType.EXTRACTION),
    ("Extrahiere alle Namen aus dem Text", TaskType.EXTRACTION),
    ("Pull out every phone number you can see", TaskType.EXTRACTION),
    ("Write a Python function that parses a CSV file", TaskType.CODE_GENERATION),
    ("Fix this code:\n```js\nconst a = ;\n```", TaskType.CODE_GENERATION),
    ("Create a SQL query that lists the ten customers with the highest revenue", TaskType.CODE_GENERATION),
    ("Write a regex that matches ISO dates", TaskType.CODE_GENERATION),
    ("Translate to German: Good morning, how are you?", TaskType.TRANSLATION),
    ("Übersetze ins Englische: Guten Tag", TaskType.TRANSLATION),
    ("Please translate this product description into French.", TaskType.TRANSLATION),
    ("A train goes 60 km in 45 minutes. What is its average speed? Think step by step.", TaskType.REASONING),
    ("How many apples are left if Ann eats 3 of 12 and gives away half the rest?", TaskType.REASONING),
    ("Calculate the monthly rate of a loan of 10000 at 5 %", TaskType.REASONING),
    ("What is the capital of France?", TaskType.QUESTION_ANSWERING),
    ("Who wrote Faust?", TaskType.QUESTION_ANSWERING),
    ("Based on the context below, answer the question: when does the shop open?", TaskType.QUESTION_ANSWERING),
    ("Write a friendly reply to this customer who is waiting for a parcel", TaskType.TEXT_GENERATION),
    ("Draft a LinkedIn post about our new office", TaskType.TEXT_GENERATION),
    ("Compose a short birthday greeting for Anna", TaskType.TEXT_GENERATION),
    ("hi, how are you today?", TaskType.CHAT),
    ("Hello there!", TaskType.CHAT),
]


def found(prompt: str) -> TaskType:
    return classify(TaskType.AUTO, Complexity.AUTO, features_of([Message(Role.USER, prompt)])).task_type


def test_nine_in_ten_everyday_prompts_get_their_task_type() -> None:
    wrong = [(prompt, found(prompt)) for prompt, right in LABELLED if found(prompt) is not right]
    assert len(wrong) <= len(LABELLED) // 10, wrong


def test_what_the_caller_says_is_kept() -> None:
    text = features_of([Message(Role.USER, "Translate to German: hi")])
    kept = classify(TaskType.CHAT, Complexity.HIGH, text)
    assert (kept.task_type, kept.complexity) == (TaskType.CHAT, Complexity.HIGH)


def test_only_what_is_auto_is_filled_in() -> None:
    text = features_of([Message(Role.USER, "Translate to German: hi")])
    assert classify(TaskType.AUTO, Complexity.HIGH, text).complexity is Complexity.HIGH
    assert classify(TaskType.CHAT, Complexity.AUTO, text).task_type is TaskType.CHAT


def test_the_answer_is_never_auto() -> None:
    for prompt in ("", "?", "…", "x" * 100_000, "\x00\ud7ff"):
        answer = classify(TaskType.AUTO, Complexity.AUTO, features_of([Message(Role.USER, prompt)]))
        assert answer.task_type is not TaskType.AUTO
        assert answer.complexity is not Complexity.AUTO


def test_a_long_conversation_is_a_chat() -> None:
    turns = [Message(Role.USER, "ok"), Message(Role.ASSISTANT, "fine"), Message(Role.USER, "and then")]
    assert classify(TaskType.AUTO, Complexity.AUTO, features_of(turns)).task_type is TaskType.CHAT


@pytest.mark.parametrize(
    ("prompt", "complexity"),
    [
        ("Answer in one word: capital of France?", Complexity.LOW),
        ("Write a Python function that reverses a list", Complexity.MEDIUM),
        (
            "Compare both architectures in detail, justify the trade-offs, and write the code step by step",
            Complexity.HIGH,
        ),
    ],
)
def test_harder_words_make_harder_work(prompt: str, complexity: Complexity) -> None:
    assert classify(TaskType.AUTO, Complexity.AUTO, features_of([Message(Role.USER, prompt)])).complexity is complexity


def test_a_longer_prompt_is_never_easier() -> None:
    steps = [Complexity.LOW, Complexity.MEDIUM, Complexity.HIGH]
    ranks = [
        steps.index(
            classify(
                TaskType.SUMMARIZATION,
                Complexity.AUTO,
                features_of([Message(Role.USER, "Summarize: " + "some words here. " * count)]),
            ).complexity
        )
        for count in (1, 10, 100, 1000, 10_000)
    ]
    assert ranks == sorted(ranks)

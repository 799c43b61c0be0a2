"""A variant adds words beside the caller's; it never touches them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.features import features_of
from dispatcher.core.prompting import render
from dispatcher.core.task import PLAIN_TEXT, FormatKind, Message, OutputFormat, Role, TaskType
from dispatcher.core.variants import VariantKey, keys_for
from dispatcher.core.wording import PLAIN, Example, Wording, fitting, schema_text, tokens_of

FAMILIES = st.sampled_from(["smollm2", "qwen2.5", "gemma", "mistral", "never heard of"])
MARKS = st.sampled_from(["{}", "{0}", "%s", "%(x)s", "{{ x }}", "${x}", "{% raw %}", "\\1", "\x00", "\u202e", "🦕"])
TEXTS = st.lists(st.text() | MARKS, min_size=1).map("".join)
WORDS = st.none() | TEXTS.filter(bool)
WORDINGS = st.builds(
    Wording, WORDS, st.lists(st.builds(Example, TEXTS, TEXTS), max_size=3).map(tuple), WORDS, st.booleans()
)
SCHEMA = OutputFormat(FormatKind.JSON_SCHEMA, {"type": "object", "required": ["age"]})
OUTPUTS = st.sampled_from([PLAIN_TEXT, OutputFormat(FormatKind.JSON), SCHEMA])
HINT = Wording("Answer with the label only.", (Example("good", "positive"),), "Only JSON:", shows_schema=True)


def said_to(
    family: str, messages: list[Message], output: OutputFormat = PLAIN_TEXT, wording: Wording = HINT
) -> tuple[Message, ...]:
    return render(family, messages, output, fitting(wording, messages, output))


@given(FAMILIES, WORDINGS, TEXTS, OUTPUTS)
def test_a_prompt_is_never_a_template_and_neither_is_a_variant(
    family: str, wording: Wording, prompt: str, output: OutputFormat
) -> None:
    rendered = said_to(family, [Message(Role.USER, prompt)], output, wording)
    assert rendered[-1].role is Role.USER
    assert rendered[-1].content.endswith(prompt)
    everything = "".join(message.content for message in rendered)
    for example in wording.examples:
        assert example.user in everything
        assert example.assistant in everything
    assert wording.system is None or wording.system in everything


@given(FAMILIES, TEXTS, OUTPUTS)
def test_version_0_is_what_was_always_said(family: str, prompt: str, output: OutputFormat) -> None:
    messages = [Message(Role.USER, prompt)]
    assert render(family, messages, output, PLAIN) == render(family, messages, output)
    assert fitting(PLAIN, messages, output) == PLAIN


@given(FAMILIES, st.lists(st.builds(Message, st.sampled_from(Role), TEXTS), max_size=6), OUTPUTS, WORDINGS)
def test_there_is_still_at_most_one_system_message_and_it_is_first(
    family: str, messages: list[Message], output: OutputFormat, wording: Wording
) -> None:
    rendered = said_to(family, messages, output, wording)
    assert all(message.role is not Role.SYSTEM for message in rendered[1:])


@pytest.mark.heavy
@settings(max_examples=300)
@given(FAMILIES, WORDINGS, TEXTS, OUTPUTS)
def test_its_tokens_are_never_counted_too_few(family: str, wording: Wording, prompt: str, output: OutputFormat) -> None:
    messages = [Message(Role.USER, prompt)]
    fit = fitting(wording, messages, output)
    usual = features_of(render(family, messages, output)).prompt_tokens
    longer = features_of(render(family, messages, output, fit)).prompt_tokens
    assert longer - usual <= tokens_of(fit, output)


def test_a_variant_speaks_before_the_prompt_and_shows_its_examples() -> None:
    assert said_to("qwen2.5", [Message(Role.USER, "bad")]) == (
        Message(Role.SYSTEM, "Answer with the label only."),
        Message(Role.USER, "good"),
        Message(Role.ASSISTANT, "positive"),
        Message(Role.USER, "bad"),
    )


def test_whoever_gives_a_system_text_is_not_talked_over() -> None:
    messages = [Message(Role.SYSTEM, "Be kind."), Message(Role.USER, "bad")]
    assert said_to("qwen2.5", messages) == tuple(messages)
    assert fitting(HINT, messages, PLAIN_TEXT) == PLAIN


def test_a_conversation_is_not_begun_with_examples() -> None:
    messages = [Message(Role.USER, "Hi"), Message(Role.ASSISTANT, "Hello"), Message(Role.USER, "How are you?")]
    assert said_to("plain", messages) == tuple(messages)


def test_the_json_instruction_replaces_ours_and_the_schema_is_shown_as_it_is() -> None:
    system, _ = said_to("plain", [Message(Role.SYSTEM, "Be kind."), Message(Role.USER, "age?")], SCHEMA)
    assert system.content == 'Be kind.\n\nOnly JSON:\n{"type":"object","required":["age"]}'
    assert schema_text(SCHEMA) == '{"type":"object","required":["age"]}'


def test_an_instruction_that_shows_the_schema_is_not_said_without_one() -> None:
    (only,) = said_to("plain", [Message(Role.SYSTEM, "Be kind."), Message(Role.USER, "age?")])[:1]
    assert only.content == "Be kind."
    system, _ = said_to(
        "plain", [Message(Role.SYSTEM, "Be kind."), Message(Role.USER, "age?")], OutputFormat(FormatKind.JSON)
    )
    assert "Only JSON:" not in system.content
    plain = Wording(json_instruction="Only JSON.")
    system, _ = said_to("plain", [Message(Role.USER, "age?")], OutputFormat(FormatKind.JSON), plain)
    assert system.content == "Only JSON."


def test_the_most_specific_key_comes_first() -> None:
    names = [str(key) for key in keys_for("gemma", TaskType.CHAT)]
    assert names == ["gemma/chat", "gemma/any", "any/chat", "any/any"]
    assert keys_for("gemma", TaskType.CHAT)[0] == VariantKey("gemma", "chat")

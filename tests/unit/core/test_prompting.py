"""Messages for model families."""

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.prompting import render
from dispatcher.core.task import PLAIN_TEXT, FormatKind, Message, OutputFormat, Role

families = st.sampled_from(["smollm2", "qwen2.5", "gemma", "mistral", "never heard of"])


@given(families, st.text(min_size=1))
def test_the_prompt_arrives_as_it_is_whatever_it_holds(family: str, prompt: str) -> None:
    rendered = render(family, [Message(Role.USER, prompt)], PLAIN_TEXT)
    assert rendered[-1].role is Role.USER
    assert rendered[-1].content == prompt


@given(st.text(min_size=1), st.text(min_size=1))
def test_without_a_system_role_the_system_text_is_put_before_the_prompt(system: str, prompt: str) -> None:
    (only,) = render("gemma", [Message(Role.SYSTEM, system), Message(Role.USER, prompt)], PLAIN_TEXT)
    assert only == Message(Role.USER, system + "\n\n" + prompt)


@given(families, st.lists(st.builds(Message, st.sampled_from(Role), st.text()), max_size=6))
def test_there_is_at_most_one_system_message_and_it_is_first(family: str, messages: list[Message]) -> None:
    rendered = render(family, messages, PLAIN_TEXT)
    assert all(message.role is not Role.SYSTEM for message in rendered[1:])


def test_system_texts_are_joined_in_order() -> None:
    said = [Message(Role.SYSTEM, "one"), Message(Role.USER, "hi"), Message(Role.SYSTEM, "two")]
    assert render("plain", said, PLAIN_TEXT) == (Message(Role.SYSTEM, "one\n\ntwo"), Message(Role.USER, "hi"))


def test_a_json_answer_is_asked_for_in_words_too() -> None:
    system, _ = render("plain", [Message(Role.USER, "hi")], OutputFormat(FormatKind.JSON))
    assert "JSON" in system.content


def test_a_family_that_adds_words_of_its_own_is_given_ours() -> None:
    system, _ = render("smollm2", [Message(Role.USER, "hi")], PLAIN_TEXT)
    assert system.role is Role.SYSTEM
    assert render("never heard of", [Message(Role.USER, "hi")], PLAIN_TEXT) == (Message(Role.USER, "hi"),)

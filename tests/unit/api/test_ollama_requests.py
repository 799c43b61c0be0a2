"""What Ollama's clients send, put into core's words: by its body alone, without a sidecar."""

import base64

import pytest

from dispatcher.api.bodies import parsed
from dispatcher.api.ollama.load import is_unload
from dispatcher.api.ollama.schemas import OllamaChatBody, OllamaGenerateBody
from dispatcher.api.ollama.wish import OllamaWish, chat_wish, generate_wish
from dispatcher.core.task import FormatKind, Role, Sampling
from dispatcher.errors import InvalidRequest

CALLS = (
    '[{"function": {"name": "a", "arguments": {"x": 1}}}, {"id": "c2", "type": "function", "function": {"name": "b"}}]'
)


def chat(fields: str = "", turns: str = '{"role": "user", "content": "hi"}') -> OllamaWish:
    return chat_wish(parsed(f'{{"model": "auto", "messages": [{turns}]{fields}}}'.encode(), OllamaChatBody))


def generate(fields: str) -> OllamaWish:
    return generate_wish(parsed(f'{{"model": "auto", {fields}}}'.encode(), OllamaGenerateBody))


@pytest.mark.parametrize(
    ("options", "sampling", "max_tokens"),
    [
        ("{}", Sampling(), None),
        ('{"temperature": 0, "top_p": 1, "min_p": 0.1}', Sampling(temperature=0, top_p=1, min_p=0.1), None),
        ('{"top_k": -1, "num_predict": -1, "seed": -1}', Sampling(top_k=0), None),
        ('{"top_k": 40.0, "num_predict": 12.0, "seed": 7}', Sampling(top_k=40, seed=7), 12),
        ('{"num_predict": -2, "repeat_penalty": 1.1}', Sampling(repeat_penalty=1.1), None),
        ('{"num_predict": 0, "repeat_penalty": 0}', Sampling(), None),
        ('{"num_predict": 9999999, "stop": ["a", "", "b"]}', Sampling(stop=("a", "b")), 131_072),
        ('{"stop": "a", "temperature": null, "num_predict": null}', Sampling(stop=("a",)), None),
        (
            '{"presence_penalty": -2, "frequency_penalty": 2}',
            Sampling(presence_penalty=-2, frequency_penalty=2),
            None,
        ),
    ],
)
def test_options_are_taken_as_ollama_means_them(options: str, sampling: Sampling, max_tokens: int | None) -> None:
    found = chat(f', "options": {options}').wish
    assert (found.sampling, found.max_tokens) == (sampling, max_tokens)


@pytest.mark.parametrize(
    ("fields", "ignored"),
    [
        ("", ()),
        (', "keep_alive": "5m"', ("keep_alive",)),
        (', "keep_alive": 0, "options": {"num_ctx": 1, "temperature": 1}', ("keep_alive", "num_ctx")),
        (', "options": {"keep_alive": "1h", "format": "json"}', ("keep_alive",)),
        (', "a b": 1, "ü": 2, "x\\r\\ny": 3, "fine.one-2": 4', ("fine.one-2",)),
    ],
)
def test_what_means_nothing_is_named_if_its_name_may_stand_in_a_header(fields: str, ignored: tuple[str, ...]) -> None:
    assert chat(fields).ignored == ignored


def test_the_number_of_names_is_bounded() -> None:
    many = ", ".join(f'"o{number}": 1' for number in range(1000))
    assert len(chat(f', "options": {{{many}}}').ignored) == 40


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ("", FormatKind.TEXT),
        (', "format": ""', FormatKind.TEXT),
        (', "format": null', FormatKind.TEXT),
        (', "format": "json"', FormatKind.JSON),
        (', "format": {}', FormatKind.JSON),
        (', "format": {"type": "object"}', FormatKind.JSON_SCHEMA),
        (', "options": {"format": "json"}', FormatKind.JSON),
    ],
)
def test_a_format_is_text_json_or_a_schema(fields: str, kind: FormatKind) -> None:
    assert chat(fields).wish.output.kind is kind


@pytest.mark.parametrize(
    ("think", "meant"), [("true", True), ("false", False), ('"low"', True), ('"high"', True), ("null", None)]
)
def test_thinking_is_asked_for_or_not(think: str, meant: bool | None) -> None:
    assert chat(f', "think": {think}').wish.think is meant


@pytest.mark.parametrize(
    ("results", "linked"),
    [
        ('{"role": "tool", "content": "1"}, {"role": "tool", "content": "2"}', ["a", "b"]),
        ('{"role": "tool", "content": "2", "tool_name": "b"}, {"role": "tool", "content": "1"}', ["b", "a"]),
        ('{"role": "tool", "content": "2", "tool_call_id": "c2"}, {"role": "tool", "content": "1"}', ["b", "a"]),
        ('{"role": "tool", "content": "1", "tool_call_id": "unheard-of"}', ["a"]),
    ],
)
def test_results_are_linked_with_calls_by_id_by_name_or_by_order(results: str, linked: list[str]) -> None:
    turns = f'{{"role": "user", "content": "x"}}, {{"role": "assistant", "tool_calls": {CALLS}}}, {results}'
    messages = chat(turns=turns).wish.messages
    calls = {call.id: call for call in messages[1].tool_calls}
    assert [call.arguments for call in calls.values()] == ['{"x":1}', "{}"]
    found = [message for message in messages if message.role is Role.TOOL]
    assert [message.tool_name for message in found] == linked
    assert [calls[message.tool_call_id or ""].name for message in found] == linked


def test_a_result_without_a_call_is_taken_as_it_is() -> None:
    (_, result) = chat(turns='{"role": "user", "content": "x"}, {"role": "tool", "content": "1"}').wish.messages
    assert (result.tool_call_id, result.tool_name) == (None, None)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        (b"BM", "image/bmp"),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(head: bytes, kind: str) -> None:
    told = base64.b64encode(head + bytes(40)).decode()
    for picture in (told, f"data:image/x;base64,{told}"):
        wish = generate(f'"prompt": "x", "images": ["{picture}"]').wish
        assert [(image.media_type, image.base64) for image in wish.messages[-1].images] == [(kind, told)]


@pytest.mark.parametrize("picture", ["", "a", "%%%%", "aGVsbG8gd29ybGQ=", "http://example.org/x.png"])
def test_what_is_no_picture_is_refused_by_its_place(picture: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^images\.0: "):
        generate(f'"prompt": "x", "images": ["{picture}"]')


def test_a_completion_is_a_chat_of_one_turn() -> None:
    found = generate('"prompt": "x", "system": "Be brief.", "raw": false, "suffix": "", "template": "", "context": [1]')
    assert [message.role for message in found.wish.messages] == [Role.SYSTEM, Role.USER]
    assert found.ignored == ("context",)
    assert not found.is_load
    assert generate('"prompt": ""').is_load
    assert chat(turns="").is_load


@pytest.mark.parametrize(
    ("keep_alive", "meant"),
    [(0, True), ("0", True), ("0s", True), ("0m", True), ("-1", False), (-1, False), ("5m", False), (None, False)],
)
def test_no_time_at_all_means_that_a_model_may_go(keep_alive: float | str | None, meant: bool) -> None:
    assert is_unload(keep_alive) is meant

"""JSON is read strictly, with all places known."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.migration.indenting import indented
from dispatcher.migration.json_parts import Array, Number, Object, Part, Text, Unreadable, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def value_of(part: Part) -> object:
    match part:
        case Object():
            return {member.key.value: value_of(member.value) for member in part.members}
        case Array():
            return [value_of(item) for item in part.items]
        case Number():
            return json.loads(part.raw)
        case _:
            return part.value


@given(JSON, st.sampled_from([None, 2, "\t"]), st.booleans())
def test_what_is_read_is_what_json_says(value: object, indent: int | str | None, is_ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    part = parse(text)
    assert value_of(part) == value
    assert (part.start, part.end) == (0, len(text))
    assert json.loads(indented(text, part)) == value


@given(st.text(alphabet='{}[]",:\\ntrue0123456789.eE+- '))
def test_what_isnt_json_is_refused_and_nothing_else(text: str) -> None:
    try:
        expected = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        with pytest.raises(Unreadable):
            parse(text)
        return
    if len(_keys(text)) == len(set(_keys(text))):  # a key that stands twice is the one thing only we refuse
        assert value_of(parse(text)) == expected


def _keys(text: str) -> list[str]:
    keys: list[str] = []
    json.loads(text, object_pairs_hook=lambda pairs: keys.extend(key for key, _ in pairs))
    return keys


def _no_constant(name: str) -> object:
    raise ValueError(name)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"a": 1,\n "a": 2}', 'line 2, column 2: the key "a" stands here for the second time'),
        ('{"a": NaN}', "column 7: this isn't JSON"),
        ('{"a": Infinity}', "this isn't JSON"),
        ("[" * 65 + "]" * 65, "nested deeper than 64 levels"),
        ('{"a": 1} x', "something stands behind the end"),
        ('{"a": "b\nc"}', "must be escaped"),
        ("", "the text ends too early"),
        pytest.param("[" + "0," * 1_100_000 + "0]", "too many values", marks=pytest.mark.heavy),
        ("[1,]", "this isn't JSON"),
        ("[01]", "a comma or ] must stand here"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, what: str) -> None:
    with pytest.raises(Unreadable) as fault:
        parse(text)
    assert what in str(fault.value)


def test_too_long_a_text_is_refused() -> None:
    with pytest.raises(Unreadable, match="longer than 10 MiB"):
        parse(" " * (10 * 2**20 + 1))


def test_a_byte_order_mark_is_no_part_of_the_json() -> None:
    assert parse('\ufeff{"a": 1}').start == 1


def test_lone_halves_of_characters_and_numbers_without_end_are_only_carried() -> None:
    part = parse('["\\ud83d", ' + "9" * 5000 + "]")
    assert isinstance(part, Array)
    half, number = part.items
    assert isinstance(half, Text)
    assert half.value == "\ud83d"
    assert isinstance(number, Number)
    assert number.raw == "9" * 5000

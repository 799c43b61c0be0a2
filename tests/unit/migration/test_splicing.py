"""Changes to a text leave all the rest of it alone."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.migration.json_parts import Object, Text, parse
from dispatcher.migration.layout import layout_of
from dispatcher.migration.splice import Edit, StringPlaces, applied, with_members
from dispatcher.migration.unified_diff import unified_diff


@pytest.mark.parametrize("text", ['{"a":1}', '{"a": 1}', '{\n  "a": 1\n}', '{\r\n\t"a": 1\r\n}'])
def test_new_members_are_laid_out_as_the_others_are(text: str) -> None:
    target = parse(text)
    assert isinstance(target, Object)
    done = applied(text, with_members(text, target, {"a": 2, "b": {"c": (True, None)}}, layout_of(text, target)))
    assert json.loads(done) == {"a": 2, "b": {"c": [True, None]}}
    assert ("\n" in done) == ("\n" in text)
    assert done.count("\r") == done.count("\n") or "\r" not in text
    assert (": " in done) == (": " in text)


def test_members_that_are_there_in_these_words_need_no_edit() -> None:
    text = '{"a": {"b": null}}'
    target = parse(text)
    assert isinstance(target, Object)
    assert with_members(text, target, {"a": {"b": None}}, layout_of(text, target)) == []


@given(st.text(min_size=1), st.booleans(), st.data())
def test_an_edit_within_a_string_is_an_edit_of_what_it_means(value: str, is_ascii: bool, data: st.DataObject) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii)
    part = parse(text)
    assert isinstance(part, Text)
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, len(value)))
    new = data.draw(st.text())
    done = applied(text, StringPlaces(text, part).outer([Edit(start, end, new)]))
    assert json.loads(done) == value[:start] + new + value[end:]


LINES = st.text(alphabet="ab\r \u2028", max_size=3)


@given(st.lists(LINES, max_size=40), st.booleans(), st.data())
@pytest.mark.skipif(shutil.which("patch") is None, reason="needs the program patch")
def test_patch_makes_the_new_file_of_the_old_one_and_the_diff(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], ends: bool, data: st.DataObject
) -> None:
    before = "\n".join(lines) + ("\n" if ends and lines else "")
    places = sorted(data.draw(st.lists(st.integers(0, len(before)), max_size=6, unique=True)))
    edits = [
        Edit(start, end, data.draw(st.text(alphabet="xy\n", max_size=4)))
        for start, end in zip(places[::2], places[1::2], strict=False)
    ]
    after = applied(before, edits)
    diff = unified_diff(before, edits, "a/file", "b/file")
    if before == after:
        assert diff == ""
    if diff and before and after:  # patch takes an empty file for a missing one
        assert _patched(tmp_path_factory.mktemp("patch"), before, diff) == after


def _patched(folder: Path, before: str, diff: str) -> str:
    (folder / "file").write_bytes(before.encode())
    (folder / "diff").write_bytes(diff.encode())
    command = ["patch", "--binary", "--quiet", "--fuzz=0", "file", "diff"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "file").read_bytes().decode()

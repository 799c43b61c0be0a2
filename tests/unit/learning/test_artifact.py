"""A ranker's folder: whole or not there, and not believed by its looks."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.learning.artifact import RankerBroken, clear_unfinished, read_artifact, write_artifact
from tests.unit.learning.rankers import a_card, a_model_text, a_ranker


def _rewritten(folder: Path, **changes: object) -> str:
    """Change the card as someone would who can write files and knows the format; returns the new hash."""
    card = json.loads((folder / "card.json").read_text())
    data = json.dumps({**card, **changes}).encode()
    (folder / "card.json").write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def test_what_was_written_is_read(tmp_path: Path) -> None:
    card_hash = a_ranker(tmp_path / "r1")
    found = read_artifact(tmp_path / "r1", card_hash)
    assert found.files == {"model.txt": a_model_text().encode()}
    assert found.card.rows == 300
    assert oct((tmp_path / "r1" / "model.txt").stat().st_mode)[-3:] == "600"


def test_a_ranker_is_never_written_over(tmp_path: Path) -> None:
    a_ranker(tmp_path / "r1")
    with pytest.raises(FileExistsError):
        a_ranker(tmp_path / "r1")
    assert [path.name for path in tmp_path.iterdir()] == ["r1"]


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        a_ranker(tmp_path / "r1")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".unfinished-abc").mkdir()
    (tmp_path / ".unfinished-abc" / "model.txt").write_text("half")
    card_hash = a_ranker(tmp_path / "r1")
    clear_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["r1"]
    read_artifact(tmp_path / "r1", card_hash)


def test_a_card_that_does_not_fit_its_files_is_not_written(tmp_path: Path) -> None:
    card = a_card({"model.txt": b"other"})
    with pytest.raises(ValueError, match="card"):
        write_artifact(tmp_path / "r1", card, {"model.txt": b"tree\n"})


def test_another_card_is_refused_even_if_all_of_it_fits_together(tmp_path: Path) -> None:
    card_hash = a_ranker(tmp_path / "r1")
    a_ranker(tmp_path / "r2", a_model_text(trees=2))
    with pytest.raises(RankerBroken, match="hash"):
        read_artifact(tmp_path / "r2", card_hash)


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_flipped_bit_anywhere_is_noticed(tmp_path: Path, place: int, bit: int) -> None:
    folder = tmp_path / f"r{place}-{bit}"
    if folder.exists():
        return
    card_hash = a_ranker(folder)
    for path in (folder / "card.json", folder / "model.txt"):
        data = bytearray(path.read_bytes())
        data[place % len(data)] ^= 1 << bit
        path.write_bytes(data)
        with pytest.raises(RankerBroken):
            read_artifact(folder, card_hash)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    card_hash = a_ranker(tmp_path / "r1")
    path = tmp_path / "r1" / "model.txt"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RankerBroken, match=r"model\.txt"):
        read_artifact(tmp_path / "r1", card_hash)


def test_a_gigabyte_is_not_even_read(tmp_path: Path) -> None:
    card_hash = a_ranker(tmp_path / "r1")
    os.truncate(tmp_path / "r1" / "model.txt", 1 << 30)
    with pytest.raises(RankerBroken, match="at most"):
        read_artifact(tmp_path / "r1", card_hash)
    os.truncate(tmp_path / "r1" / "card.json", 1 << 30)
    with pytest.raises(RankerBroken, match="at most"):
        read_artifact(tmp_path / "r1", card_hash)


@pytest.mark.parametrize("name", ["model.txt", "card.json"])
def test_links_and_pipes_are_not_followed(tmp_path: Path, name: str) -> None:
    card_hash = a_ranker(tmp_path / "r1")
    inside, outside = tmp_path / "r1" / name, tmp_path / "elsewhere"
    inside.rename(outside)
    inside.symlink_to(outside)
    with pytest.raises(RankerBroken, match=name):
        read_artifact(tmp_path / "r1", card_hash)
    inside.unlink()
    os.mkfifo(inside)
    with pytest.raises(RankerBroken, match=name):
        read_artifact(tmp_path / "r1", card_hash)


def test_a_folder_that_is_a_link_or_missing_is_refused(tmp_path: Path) -> None:
    card_hash = a_ranker(tmp_path / "r1")
    (tmp_path / "link").symlink_to(tmp_path / "r1")
    for name in ("link", "nowhere"):
        with pytest.raises(RankerBroken, match=name):
            read_artifact(tmp_path / name, card_hash)


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "a/b.txt", "..", ".hidden.txt", "A.txt", "x\n.txt"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    a_ranker(tmp_path / "r1")
    (tmp_path / "secret.txt").write_bytes(b"x")
    card_hash = _rewritten(tmp_path / "r1", files={name: hashlib.sha256(b"x").hexdigest()})
    with pytest.raises(RankerBroken, match="card"):
        read_artifact(tmp_path / "r1", card_hash)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"rows": "300"},
        {"rows": -1},
        {"created_at": float("nan")},
        {"metrics": {"loss": float("inf")}},
        {"files": {}},
        {"files": {f"m{index}.txt": "0" * 64 for index in range(99)}},
        {"inputs": {"model.txt": 10**9}},
        {"surprise": 1},
        {"features": "abc"},
    ],
)
def test_a_card_of_another_shape_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    a_ranker(tmp_path / "r1")
    with pytest.raises(RankerBroken, match="card"):
        read_artifact(tmp_path / "r1", _rewritten(tmp_path / "r1", **changes))


@given(st.binary(max_size=300))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_noise_is_no_card(tmp_path: Path, noise: bytes) -> None:
    folder = tmp_path / "noise"
    folder.mkdir(exist_ok=True)
    (folder / "card.json").write_bytes(noise)
    with pytest.raises(RankerBroken):
        read_artifact(folder, hashlib.sha256(noise).hexdigest())

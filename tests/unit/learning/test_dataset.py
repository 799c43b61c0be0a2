"""A dataset on disk: all that a training reads, and nothing that can run."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dispatcher.core.reward import Label
from dispatcher.core.task import TaskType
from dispatcher.learning.dataset import DatasetBroken, DatasetWriter, read_dataset
from dispatcher.learning.fit_heads import _outcomes
from tests.unit.learning.lessons import MODEL_IDS, WIDTH, a_dataset, a_lesson, lessons


def test_outcomes_are_read_as_they_were(tmp_path: Path) -> None:
    taken = list(lessons(20))
    data = a_dataset(tmp_path / "d", *taken)
    for lesson, outcome in zip(taken, _outcomes(data), strict=True):
        timed = lesson.timed
        assert timed is not None
        assert (outcome.model_id, outcome.node, outcome.task_type) == (timed.model_id, timed.node, timed.task_type)
        assert (outcome.prompt_tokens, outcome.completion_tokens) == (timed.prompt_tokens, timed.completion_tokens)
        assert outcome.reading_s == pytest.approx(timed.reading_s)
        assert outcome.token_s == pytest.approx(timed.token_s)
        assert outcome.pace == timed.pace
    assert {model.model_id for model in data.models} == set(MODEL_IDS)
    assert data.numbers[3].tolist() == pytest.approx(taken[3].features.numbers if taken[3].features else ())


def test_what_nobody_measured_is_not_there_either(tmp_path: Path) -> None:
    lesson = a_lesson()
    assert lesson.timed is not None
    lesson = replace(lesson, timed=replace(lesson.timed, prefill_s=0.0, completion_tokens=1))
    (outcome,) = _outcomes(a_dataset(tmp_path / "d", lesson))
    assert outcome.reading_s is None
    assert outcome.token_s is None


def test_a_lesson_that_teaches_nothing_is_left_out(tmp_path: Path) -> None:
    silent = a_lesson(timed=None, label=Label(1.0, None, 0.0))
    unshared = a_lesson(timed=None, label=Label(1.0, None, 0.0))
    assert len(a_dataset(tmp_path / "d", silent, unshared, a_lesson(task_type=TaskType.EMBEDDING))) == 0


def test_a_judgement_without_times_and_times_without_a_judgement_are_kept(tmp_path: Path) -> None:
    data = a_dataset(tmp_path / "d", a_lesson(timed=None), a_lesson(label=Label(1.0, None, 0.0)))
    assert data.whole("is_timed").tolist() == [0, 1]
    assert np.isnan(data.real("quality")).tolist() == [False, True]


def test_requests_of_another_version_are_not_mixed_in(tmp_path: Path) -> None:
    features = a_lesson().features
    assert features is not None
    data = a_dataset(
        tmp_path / "d",
        a_lesson(),
        a_lesson(features=None),
        a_lesson(features=replace(features, version=features.version + 1)),
        a_lesson(features=replace(features, text=(1.0,) * (WIDTH + 1))),
    )
    assert data.whole("request").tolist() == [0, -1, -1, -1]
    assert data.vectors.shape == (1, WIDTH)


def test_an_empty_dataset_is_one(tmp_path: Path) -> None:
    for width in (3, 0):
        DatasetWriter("e", width).write(tmp_path / "d")
        assert len(read_dataset(tmp_path / "d")) == 0


def test_without_an_encoder_times_are_kept(tmp_path: Path) -> None:
    writer = DatasetWriter("", 0)
    for lesson in lessons(5):
        writer.add(lesson)
    writer.write(tmp_path / "d")
    assert read_dataset(tmp_path / "d").whole("is_timed").sum() == 5


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    a_dataset(tmp_path / "d", *lessons(5))
    whole = (tmp_path / "d").read_bytes()
    for broken in (
        b"",
        b"{}\n",
        whole[: len(whole) // 2],
        whole[:-1],
        pickle.dumps([1]),
        whole.replace(b"'<i8'", b"'|O'  "),
    ):
        (tmp_path / "d").write_bytes(broken)
        with pytest.raises(DatasetBroken):
            read_dataset(tmp_path / "d")
    with pytest.raises(DatasetBroken):
        read_dataset(tmp_path / "missing")

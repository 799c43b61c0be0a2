"""Means that are drawn towards broader ones while there is little of them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.shrinkage import Shrinkage

values = st.floats(-3.0, 3.0)
paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3)


def test_what_nobody_has_seen_is_the_prior() -> None:
    table = Shrinkage(sd=0.4, prior=0.7)
    assert table.mean(("model", "task")) == (0.7, 0.0)
    assert table.estimate(("model",)).sd == 0.4


def test_much_of_it_is_its_own_mean() -> None:
    table = Shrinkage(sd=1.0)
    for _ in range(300):
        table.learn(("", "model"), 2.0)
    mean, tries = table.mean(("", "model"))
    assert mean == pytest.approx(2.0, abs=0.02)
    assert tries > 100


def test_a_key_never_seen_takes_after_the_broader_one() -> None:
    table = Shrinkage(sd=1.0)
    for name in ("a", "b", "c"):
        for _ in range(50):
            table.learn(("machine", name), 1.0)
    mean, tries = table.mean(("machine", "new"))
    assert mean == pytest.approx(1.0, abs=0.05)
    assert 0 < tries < 25


def test_keys_that_are_alike_lend_each_other_more_than_keys_that_differ() -> None:
    rng = random.Random(5)
    alike, unlike = Shrinkage(sd=1.0), Shrinkage(sd=1.0)
    for _ in range(400):
        name = rng.choice("abcdef")
        noise = rng.gauss(0.0, 0.5)
        alike.learn(("", name), 1.0 + noise)
        unlike.learn(("", name), "abcdef".index(name) + noise)
    assert alike.estimate(("", "new")).tries > 3 * unlike.estimate(("", "new")).tries


def test_what_is_old_fades() -> None:
    table = Shrinkage(sd=1.0, half_life=10)
    for value in (0.0,) * 200 + (1.0,) * 40:
        table.learn(("k",), value)
    assert table.mean(("k",))[0] > 0.8


def test_what_is_doubted_gives_way_to_the_next_few_outcomes() -> None:
    table = Shrinkage(sd=1.0)
    for _ in range(200):
        table.learn(("", "model"), 0.0)
    table.doubt("model")
    for _ in range(12):
        table.learn(("", "model"), 1.0)
    assert table.mean(("", "model"))[0] > 0.7


def test_a_reset_forgets_the_model_and_nothing_else() -> None:
    table = Shrinkage(sd=1.0)
    for name in ("old", "other"):
        for _ in range(20):
            table.learn(("", name, "node"), 1.0)
    table.reset("old")
    assert table.mean(("", "other", "node"))[0] > 0.8
    assert table.estimate(("", "old", "node")).tries < table.estimate(("", "other", "node")).tries
    assert len(table) == 3


def test_the_keys_not_seen_for_longest_are_forgotten_and_memory_is_bounded() -> None:
    table = Shrinkage(sd=1.0, keys_max=50)
    for index in range(500):
        table.learn(("", "model", f"node {index}"), 1.0)
    assert len(table) == 50
    assert table.estimate(("", "model", "node 499")).tries > table.estimate(("", "model", "node 3")).tries


def test_an_outcome_that_weighs_nothing_teaches_nothing_much() -> None:
    table = Shrinkage(sd=1.0)
    table.learn(("k",), 1.0)
    before = table.mean(("k",))[0]
    table.learn(("k",), -3.0, weight=1e-6)
    assert table.mean(("k",))[0] == pytest.approx(before, abs=0.02)


@given(st.lists(st.tuples(paths, values, st.floats(0.1, 2.0)), max_size=60), paths)
def test_a_mean_lies_among_values_and_prior(seen: list[tuple[list[str], float, float]], path: list[str]) -> None:
    table = Shrinkage(sd=0.5)
    for where, value, weight in seen:
        table.learn(where, value, weight)
    found = table.estimate(path)
    all_values = [value for _, value, _ in seen] + [0.0]
    assert min(all_values) - 1e-9 <= found.mean <= max(all_values) + 1e-9
    assert found.sd >= 0.0
    assert found.tries >= 0.0


@given(st.lists(st.tuples(paths, values), max_size=40), paths)
def test_asking_changes_nothing(seen: list[tuple[list[str], float]], path: list[str]) -> None:
    asked, silent = Shrinkage(sd=0.5), Shrinkage(sd=0.5)
    for where, value in seen:
        asked.learn(where, value)
        silent.learn(where, value)
        asked.estimate(path)
        asked.estimate(where)
    assert asked.estimate(path) == silent.estimate(path)


def test_shrinking_beats_both_the_own_mean_and_the_common_one() -> None:
    rng = random.Random(11)
    errors = {"shrunk": 0.0, "own": 0.0, "common": 0.0}
    for _ in range(40):
        table, seen, truth = Shrinkage(sd=1.0, half_life=1000), {}, {}
        for name in "abcdefgh":
            truth[name] = rng.gauss(1.0, 0.4)
            seen[name] = [rng.gauss(truth[name], 0.8) for _ in range(4)]
        for turn in range(4):
            for name in seen:
                table.learn(("", name), seen[name][turn])
        common = sum(sum(row) for row in seen.values()) / 32
        for name, row in seen.items():
            errors["shrunk"] += (table.mean(("", name))[0] - truth[name]) ** 2
            errors["own"] += (sum(row) / 4 - truth[name]) ** 2
            errors["common"] += (common - truth[name]) ** 2
    assert errors["shrunk"] < errors["own"]
    assert errors["shrunk"] < 1.05 * errors["common"]

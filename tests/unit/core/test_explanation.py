"""Decisions in words; every change said to flip a choice is tried here."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.decision import Decision
from dispatcher.core.explanation import explain
from dispatcher.core.prospects import Situation, prospects
from dispatcher.core.selection import Wish, rank
from dispatcher.core.task import Complexity, Objective
from tests.unit.core.builders import STEPS, big, candidate, quality, resident, situation, spec, wish


def decide(at: Situation, asked: Wish) -> Decision | None:
    found, refused = prospects(at)
    ranking = rank(found, asked)
    if not ranking.options:
        return None
    return Decision(
        ranking.options[0],
        ranking.options,
        (*refused, *ranking.refused),
        at.task_type,
        at.complexity,
        asked.objective,
        1.0,
        "prior",
    )


def changed(flip: str, at: Situation, asked: Wish) -> list[tuple[Situation, Wish]]:
    """Each change that a flip names, made."""
    made: list[tuple[Situation, Wish]] = []
    other = flip.partition(" wins ")[0]
    if "were it loaded" in flip:
        made.append(
            (replace(at, residents=(*at.residents, resident("now", other, reload_s=0.0, uses_per_s=0.0))), asked)
        )
    if found := re.search(r"requirements\.timeout is [≥≤] ([\d.]+)", flip):
        made.append((at, replace(asked, timeout_s=float(found[1]))))
    if found := re.search(r"min_quality is ≥ ([\d.]+)", flip):
        made.append((at, replace(asked, min_quality=float(found[1]))))
    if found := re.search(r"objective is (\w+)", flip):
        made.append((at, replace(asked, objective=Objective(found[1]))))
    return made


@given(
    st.sampled_from(STEPS),
    st.sampled_from(Objective),
    st.floats(2, 900),
    st.lists(st.sampled_from(["small", "big", "odd"]), unique=True),
    st.floats(0.1, 0.99),
    st.floats(0.1, 30),
)
def test_every_change_it_names_really_makes_the_runner_up_win(
    complexity: Complexity, objective: Objective, timeout_s: float, loaded: list[str], odd_quality: float, load_s: float
) -> None:
    there = tuple(resident(f"r-{name}", name) for name in loaded)
    models = (spec(), big(), spec("odd", quality=quality(odd_quality), load_s=load_s))
    at = situation(*models, complexity=complexity, residents=there)
    asked = wish(objective=objective, timeout_s=timeout_s)
    decision = decide(at, asked)
    if decision is None or decision.runner_up is None:
        return
    flip = explain(at, asked, decision).flip
    for new_at, new_wish in changed(flip, at, asked) if flip else ():
        flipped = decide(new_at, new_wish)
        assert flipped is not None
        assert flipped.chosen.model_id == decision.runner_up.model_id, flip


def test_a_better_model_that_lost_for_being_cold_is_named_with_what_would_make_it_win() -> None:
    slow_to_load = big(load_s=200.0)
    at = situation(spec(), slow_to_load, complexity=Complexity.HIGH, residents=(resident("s", "small"),))
    asked = wish(timeout_s=600.0)
    decision = decide(at, asked)
    assert decision is not None
    told = explain(at, asked, decision)
    assert decision.chosen.model_id == "small"
    assert told.deciding_term == "time"
    assert "small is already loaded" in told.why
    assert told.flip is not None
    assert "big wins were it loaded" in told.flip


def test_every_flip_that_is_said_can_be_read_by_this_test() -> None:
    at = situation(spec(), big(), complexity=Complexity.HIGH)
    for objective in Objective:
        asked = wish(objective=objective)
        decision = decide(at, asked)
        assert decision is not None
        flip = explain(at, asked, decision).flip
        assert flip is None or changed(flip, at, asked)


def test_when_only_one_model_can_the_others_are_named() -> None:
    at = situation(spec(), candidate(big(), quarantine="it failed to start"))
    decision = decide(at, wish())
    assert decision is not None
    told = explain(at, wish(), decision)
    assert "no other model can take this" in told.why
    assert told.flip == "big was left out because it failed to start"

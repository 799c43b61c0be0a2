"""On real outcomes of real models, where there are any: AI_DISPATCH_ROUTING_DATA names the folder of tables."""

import os
from pathlib import Path

import pytest

from dispatcher.learning.examples import Floats
from dispatcher.learning.frontier import Played, play
from scripts.bench.routes.data import Table, load
from scripts.bench.routes.routers import by_task, encoder_of, expected_cost, ours

_FOLDER = os.environ.get("AI_DISPATCH_ROUTING_DATA", "")
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not _FOLDER, reason="AI_DISPATCH_ROUTING_DATA names no folder of public outcomes"),
]


def _played(name: str) -> tuple[Played, Played]:
    fit, judged = load(Path(_FOLDER), name).halves()
    cost = expected_cost(fit, judged)

    def of(expected: Floats) -> Played:
        return play(expected, cost, judged.quality, judged.cost_usd)

    return of(ours(fit, judged, encoder_of(fit))), of(by_task(fit, judged))


def test_nine_models_give_more_for_the_money_than_by_the_rule_table() -> None:
    mine, table = _played("llmrouter9")
    assert mine.summary().aiq > table.summary().aiq + 0.005
    assert mine.summary().saved_at_99 > table.summary().saved_at_99 + 0.03


def test_ten_models_that_text_says_little_of_are_chosen_no_worse_than_by_the_rule_table() -> None:
    mine, table = _played("mmlupro10")
    assert mine.summary().aiq > table.summary().aiq - 0.001


def test_holdout_and_fit_part_share_no_prompt() -> None:
    table: Table = load(Path(_FOLDER), "llmrouter9")
    fit, judged = table.halves()
    assert len(fit) + len(judged) == len(table)
    assert not set(fit.hashes) & set(judged.hashes)

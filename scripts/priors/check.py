"""What a prior that knows no model's name is worth on prompts that it hasn't seen."""

from collections.abc import Sequence

from dispatcher.learning.examples import Floats
from dispatcher.learning.frontier import play
from dispatcher.learning.shipped import ShippedPrior
from scripts.bench.routes.data import Table
from scripts.bench.routes.routers import by_task, expected_cost


def check(prior: ShippedPrior, halves: Sequence[tuple[Table, Table]]) -> dict[str, object]:
    """Measure each table's held-out part: AIQ and squared error beside the catalogue's and the rule table's."""
    return {judged.name: _one(prior, fit, judged) for fit, judged in halves}


def _one(prior: ShippedPrior, fit: Table, judged: Table) -> dict[str, dict[str, float]]:
    found = prior.predict_many(judged.requests(prior.encoder), judged.facts, judged.prior)
    routers = {"prior": found, "catalogue": judged.prior, "rule_table_of_these_models": by_task(fit, judged)}
    cost = expected_cost(fit, judged)
    return {name: _worth(expected, judged, cost) for name, expected in routers.items()}


def _worth(expected: Floats, judged: Table, cost: Floats) -> dict[str, float]:
    summary = play(expected, cost, judged.quality, judged.cost_usd).summary()
    return {
        "aiq": round(summary.aiq, 4),
        "best_quality": round(summary.quality_max, 4),
        "squared_error": round(float(((expected - judged.quality) ** 2).mean()), 4),
    }

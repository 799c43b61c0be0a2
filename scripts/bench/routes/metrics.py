"""RouteLLM's measure of a router between two models (arXiv 2406.18665)."""

import numpy as np

from dispatcher.learning.examples import Floats


def apgr(score: Floats, weak: Floats, strong: Floats) -> float:
    """Share of the strong model's lead that is recovered, on average over how often it is called. 0.5 is chance."""
    order = np.argsort(-score, kind="stable")
    gained = np.concatenate(([0.0], np.cumsum((strong - weak)[order]))) / len(score)
    return float(np.trapezoid(gained / (strong.mean() - weak.mean()), np.linspace(0, 1, len(gained))))

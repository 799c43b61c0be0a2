"""Builds the shipped prior from public outcomes; see `scripts/prior`."""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

from dispatcher.learning.examples import Requests
from dispatcher.learning.landmarks import Landmarks
from dispatcher.learning.lsa import fit_text_encoder
from dispatcher.learning.prior_base import save_base, usual_moves
from dispatcher.learning.shipped import FOLDER, ShippedPrior
from scripts.bench.routes.data import Table, load
from scripts.bench.routes.routers import WIDTH, expected_cost
from scripts.priors.check import check

_SEED = 1
_SIZE_MAX = 2_000_000
_SOURCES = {
    "llmrouter9": {"from": "ulab-uiuc/LLMRouter, data/dcrouter_preprocessed", "licence": "MIT"},
    "mmlupro10": {"from": "TIGER-AI-Lab/MMLU-Pro, eval_results", "licence": "Apache-2.0"},
    "routellm2": {"from": "lm-sys/RouteLLM, routellm/evals", "licence": "Apache-2.0"},
}
_CAVEATS = (
    "No public outcomes exist for summarization, classification, extraction, translation and chat: there the "
    "catalogue's table answers unchanged.",
    "The outcomes are of benchmarks in English with one right answer, of models from 3.8B to 72B; smaller "
    "ones are taken for the smallest of these, their own size counts through the catalogue only.",
    "Some scores show trouble with the format of an answer, not skill (qwen2.5-7b on MMLU).",
    "No prompt is in these files: the words' rows can't be turned back into text.",
)


def main() -> None:
    """Measure on held-out prompts, then fit on all of them and write the files."""
    parser = argparse.ArgumentParser(prog="prior", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with the tables")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder to write")
    asked = parser.parse_args()
    tables = [load(asked.data, name) for name in _SOURCES]
    halves = [table.halves() for table in tables]
    metrics = check(fit([one for one, _ in halves]), [(fit_part, judged) for fit_part, judged in halves])
    prior = fit(tables)
    prior.save(asked.to, _card(tables, metrics, prior))
    usual = usual_moves(prior, [(table.requests(prior.encoder), table.facts) for table in tables])
    save_base(_landmarks(tables, prior), usual, asked.to)
    size = sum(path.stat().st_size for path in asked.to.iterdir())
    if size > _SIZE_MAX:
        raise SystemExit(f"{size} bytes are more than {_SIZE_MAX}")
    print(json.dumps(metrics, indent=1))


def fit(tables: list[Table]) -> ShippedPrior:
    """Fit a prior on these tables and nothing else, its encoder included."""
    encoder = fit_text_encoder([sample for table in tables for sample in table.samples], WIDTH, _SEED)
    return ShippedPrior.fit(encoder, [table.examples(encoder, expected_cost(table, table)) for table in tables], _SEED)


def _landmarks(tables: list[Table], prior: ShippedPrior) -> Landmarks:
    """Typical requests of all tables alike; no outcome is used."""
    few = min(map(len, tables))
    rng = np.random.default_rng(_SEED)
    some = [table.take(np.sort(rng.permutation(len(table))[:few])).requests(prior.encoder) for table in tables]
    numbers, vectors = (np.concatenate([getattr(one, name) for one in some]) for name in ("numbers", "vectors"))
    return Landmarks.fit(Requests(numbers, vectors), _SEED)


def _card(tables: list[Table], metrics: dict[str, object], prior: ShippedPrior) -> dict[str, object]:
    sources = {
        table.name: _SOURCES[table.name] | {"prompts": len(table), "models": [one.model_id for one in table.facts]}
        for table in tables
    }
    packed = prior.booster.text.encode() + prior.encoder.to_bytes()
    return {
        "what": "how far the quality of models lies from the catalogue's, by size, task type and text",
        "sources": sources,
        "caveats": _CAVEATS,
        "measured_on_held_out_prompts": metrics,
        "sha256": hashlib.sha256(packed).hexdigest(),
    }


main()

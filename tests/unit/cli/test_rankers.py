"""`ai-dispatch rankers` and its verbs."""

import json

import pytest

from dispatcher.api.learning_schemas import EvidenceReply, RankerReply, RankersReply
from dispatcher.core.promotion import Stage
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_sidecar import FakeSidecar

FOUND = EvidenceReply(
    dispatches=900,
    effective=412.0,
    unsupported=0.1,
    clipped=0.0,
    snips=0.61,
    utility=0.6,
    gain=0.0213,
    gain_low95=0.0101,
    guardrails=[],
)


def ranker(name: str, state: Stage, evidence: EvidenceReply | None = None, created_at: str = "") -> RankerReply:
    card = {"rows": 1200} if created_at else {}
    return RankerReply(
        id=name,
        state=state,
        why="because",
        created_at=created_at or None,
        changed_at=created_at or None,
        sha256="",
        card=card,
        evidence=evidence,
        shadow=None,
        canary=None,
        live=None,
    )


RANKERS = RankersReply(
    rankers=[ranker("prior", Stage.LIVE), ranker("r_1", Stage.SHADOW, FOUND, "2026-01-31T12:00:00.000Z")]
)


@pytest.mark.parametrize("arguments", [("rankers",), ("rankers", "list")])
async def test_rankers_show_state_data_gain_and_why(run: Run, sidecar: FakeSidecar, arguments: tuple[str, ...]) -> None:
    sidecar.answers("GET /api/rankers", RANKERS)
    heading, prior, trained = (await run(*arguments)).stdout.splitlines()
    assert heading.split() == ["ranker", "state", "made", "from", "gain", "why"]
    assert prior.split() == ["prior", "live", "with", "this", "package", "–", "–", "because"]
    assert "1200 outcomes  +0.021 (≥ +0.010)  because" in trained
    assert json.loads((await run(*arguments, "--json")).stdout)["rankers"][1]["evidence"]["gain"] == 0.0213


@pytest.mark.parametrize("verb", ["evaluate", "promote", "rollback"])
async def test_a_verb_says_where_the_ranker_stands_then(run: Run, sidecar: FakeSidecar, verb: str) -> None:
    sidecar.answers(f"POST /api/rankers/r_1/{verb}", ranker("r_1", Stage.CANARY))
    result = await run("rankers", verb, "r_1")
    assert (result.exit_code, result.stderr) == (0, "r_1: canary, because\n")

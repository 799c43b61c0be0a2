"""`ai-dispatch optimizer` and its verbs."""

import json

from dispatcher.api.optimizer_schemas import FindingReply, OptimizedReply, RuleReply, RulesReply
from dispatcher.core.advice.findings import Flaw
from dispatcher.core.advice.rule import Author, ChangeKind, RuleState
from dispatcher.core.task import Complexity, TaskType
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_sidecar import FakeSidecar

NOW = "2026-01-31T12:00:00.000Z"


def rule(state: RuleState = RuleState.PROPOSED, verdict: str | None = None) -> RuleReply:
    return RuleReply(
        id=3,
        kind=ChangeKind.IDLE_STOP_S,
        model="tiny",
        before=0,
        after=60,
        state=state,
        author=Author.OPTIMIZER,
        why="it is used in bursts",
        verdict=verdict,
        saves_gb_s=1234.5,
        numbers_before=None,
        numbers_after=None,
        created_at=NOW,
        applied_at=None,
        changed_at=NOW,
    )


def found(*findings: FindingReply, rules: tuple[RuleReply, ...] = (), trained: str | None = None) -> OptimizedReply:
    saves = sum(one.saves_gb_s for one in rules)
    return OptimizedReply(
        since=NOW, findings=list(findings), rankings=[], rules=list(rules), saves_gb_s=saves, trained=trained
    )


WEAK = FindingReply(
    model="tiny",
    task_type=TaskType.CHAT,
    complexity=Complexity.LOW,
    flaw=Flaw.QUALITY,
    value=0.4,
    dispatches=100,
    alternative="large",
    alternative_value=0.8,
    message="tiny at chat, low: quality: 40%, large 80% (100 dispatches)",
)


async def test_a_run_says_what_it_found_and_suggests(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/optimizer/run", found(WEAK, rules=(rule(),)))
    finding, saved, heading, row, _ = (await run("optimizer", "run")).stdout.splitlines()
    assert finding == WEAK.message
    assert saved == "suggestions: 1, 1234 GB·s a day"
    assert heading.split() == ["rule", "state", "model", "change", "GB·s", "a", "day", "why"]
    assert "3     proposed  tiny   idle_stop_s usual → 60        1234  it is used in bursts" in row
    assert json.loads(sidecar.asked[0].body) == {}


async def test_one_verb_may_be_asked_for(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/optimizer/run", found(trained="r_1: trained on 300 outcomes"))
    assert (await run("optimizer", "run", "--verb", "train_ranker")).stdout == "r_1: trained on 300 outcomes\n"
    assert json.loads(sidecar.asked[0].body) == {"verbs": ["train_ranker"]}


async def test_a_run_on_an_empty_log_says_so(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/optimizer/run", found())
    assert "nothing to say yet" in (await run("optimizer", "run")).stdout


async def test_rules_show_what_came_of_them(run: Run, sidecar: FakeSidecar) -> None:
    kept = rule(RuleState.KEPT, "kept: no worse on 12 dispatches")
    sidecar.answers("GET /api/rules", RulesReply(rules=[kept], rankings=[]))
    assert "kept: no worse on 12 dispatches" in (await run("optimizer", "rules")).stdout


async def test_a_rule_is_applied_and_taken_back(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/rules/3/apply", rule(RuleState.APPLIED))
    sidecar.answers("POST /api/rules/3/rollback", rule(RuleState.ROLLED_BACK))
    assert (await run("optimizer", "apply", "3")).stderr == "rule 3: applied; idle_stop_s of tiny is 60\n"
    assert (await run("optimizer", "rollback", "3")).stderr == "rule 3: rolled_back; idle_stop_s of tiny is 0\n"
    assert (await run("optimizer", "apply", "x")).exit_code == 2

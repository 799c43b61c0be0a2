"""From what the optimizer says to the replies of the API."""

from dataclasses import asdict

from dispatcher.api.optimizer_schemas import (
    FindingReply,
    NumbersReply,
    OptimizedReply,
    RankingReply,
    RuleReply,
)
from dispatcher.api.times import iso
from dispatcher.core.advice.books import Numbers
from dispatcher.core.advice.findings import Finding
from dispatcher.core.advice.rankings import Place
from dispatcher.core.advice.rule import Rule
from dispatcher.service.optimize import Report


def optimized_reply(report: Report) -> OptimizedReply:
    """All that came of one run."""
    return OptimizedReply(
        since=iso(report.since),
        findings=[_finding(finding) for finding in report.findings],
        rankings=[ranking_reply(place) for place in report.places],
        rules=[rule_reply(rule) for rule in report.rules],
        saves_gb_s=round(sum(rule.evidence.saves_gb_s for rule in report.rules), 1),
        trained=report.trained,
    )


def rule_reply(rule: Rule) -> RuleReply:
    """One rule."""
    change, evidence = rule.change, rule.evidence
    return RuleReply(
        id=rule.id,
        kind=change.kind,
        model=change.model_id,
        before=change.before,
        after=change.after,
        state=rule.state,
        author=evidence.author,
        why=evidence.why,
        verdict=evidence.verdict,
        saves_gb_s=evidence.saves_gb_s,
        numbers_before=_numbers(evidence.before) if evidence.before else None,
        numbers_after=_numbers(evidence.after) if evidence.after else None,
        created_at=iso(rule.created_at),
        applied_at=None if evidence.applied_at is None else iso(evidence.applied_at),
        changed_at=iso(rule.changed_at),
    )


def ranking_reply(place: Place) -> RankingReply:
    """A model's place at some work."""
    row = place.row
    return RankingReply(
        model=row.model_id,
        task_type=row.task_type,
        complexity=row.complexity,
        place=place.place,
        numbers=_numbers(row.numbers),
    )


def _finding(finding: Finding) -> FindingReply:
    return FindingReply(
        model=finding.model_id,
        task_type=finding.task_type,
        complexity=finding.complexity,
        flaw=finding.flaw,
        value=finding.value,
        dispatches=finding.dispatches,
        alternative=finding.alternative,
        alternative_value=finding.alternative_value,
        message=finding.message,
    )


def _numbers(numbers: Numbers) -> NumbersReply:
    return NumbersReply(**asdict(numbers))

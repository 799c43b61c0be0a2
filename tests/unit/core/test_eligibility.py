"""Who can't take a dispatch, and why."""

import pytest

from dispatcher.core.decision import RefusalReason
from dispatcher.core.eligibility import Candidate, refusal
from dispatcher.core.features import features_of
from dispatcher.core.model import QualityTable, WeightsState
from dispatcher.core.task import (
    Capability,
    Complexity,
    DispatchRequest,
    FormatKind,
    ModelId,
    OutputFormat,
    Privacy,
    TaskType,
)
from tests.unit.core.builders import candidate, request, spec

JSON = OutputFormat(FormatKind.JSON)


def refused(one: Candidate, asked: DispatchRequest | None = None, budget_mib: int = 4096) -> tuple[str, str] | None:
    asked = asked or request()
    found = refusal(one, asked, TaskType.SUMMARIZATION, features_of(asked.messages), budget_mib)
    return (found.reason, found.message) if found else None


def test_a_model_that_can_do_it_is_not_refused() -> None:
    assert refused(candidate(spec())) is None


only_chat = QualityTable({TaskType.CHAT: {Complexity.LOW: 1.0}})


@pytest.mark.parametrize(
    ("one", "asked", "reason", "named"),
    [
        (candidate(spec()), request(model=ModelId("other")), RefusalReason.NOT_PINNED, "other"),
        (candidate(spec(is_enabled=False)), request(), RefusalReason.DISABLED, "disabled"),
        (candidate(spec(), weights=WeightsState.MISSING), request(), RefusalReason.WEIGHTS, "models pull small"),
        (candidate(spec(), weights=WeightsState.FETCHING), request(), RefusalReason.WEIGHTS, "downloaded"),
        (candidate(spec(), weights=WeightsState.CORRUPT), request(), RefusalReason.WEIGHTS, "models pull small"),
        (candidate(spec(), quarantine="it broke"), request(), RefusalReason.QUARANTINED, "it broke"),
        (candidate(spec(quality=only_chat)), request(), RefusalReason.TASK, "summarization"),
        (candidate(spec()), request(capabilities=frozenset({Capability.VISION})), RefusalReason.CAPABILITY, "vision"),
        (candidate(spec(capabilities=frozenset())), request(output=JSON), RefusalReason.CAPABILITY, "JSON"),
        (candidate(spec(is_local=False)), request(privacy=Privacy.LOCAL), RefusalReason.PRIVACY, "privacy"),
        (candidate(spec()), request("word " * 8000), RefusalReason.CONTEXT_LENGTH, "4096"),
        (candidate(spec(), footprint_mib=5000), request(), RefusalReason.MEMORY, "AI_DISPATCH_MEMORY_MIB"),
    ],
)
def test_every_refusal_says_why(one: Candidate, asked: DispatchRequest, reason: RefusalReason, named: str) -> None:
    found = refused(one, asked)
    assert found is not None
    assert found[0] is reason
    assert named in found[1]


def test_a_remote_model_needs_no_memory_here() -> None:
    assert refused(candidate(spec(is_local=False), footprint_mib=100_000)) is None

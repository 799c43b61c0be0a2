"""Workflows in a real n8n get their answers from the sidecar."""

import pytest

from tests.e2e.n8n import N8n
from tests.e2e.program import free_port
from tests.e2e.sidecar import Sidecar
from tests.e2e.workflows import credential, example, judged, workflow

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

SHORT = {"maxTokens": 16}


@pytest.fixture(scope="module")
def furnished(n8n: N8n, sidecar: Sidecar) -> N8n:
    """Return an n8n with every credential and workflow of these tests; n8n takes seconds for each import."""
    n8n.import_credentials(
        [
            credential("right", sidecar.base_url, sidecar.token),
            credential("wrong", sidecar.base_url, "not-the-token"),
            credential("nobody", f"http://127.0.0.1:{free_port()}", "any"),
        ]
    )
    hello_and_nothing = ["Say hello.", ""]
    no_such_model = {"__rl": True, "mode": "id", "value": "no-such-model"}
    n8n.import_workflows(
        [
            example("example", "right"),
            workflow("whole", "right", ["Say hello."], simplify=False, options=SHORT),
            workflow("explain", "right", ["Translate 'cheese' into French."], operation="explain"),
            workflow("go-on", "right", ["", "Say hello.", "Say goodbye."], "continueRegularOutput", options=SHORT),
            workflow("branch", "right", hello_and_nothing, "continueErrorOutput", options=SHORT),
            workflow("stop", "right", hello_and_nothing, options=SHORT),
            workflow("wrong-token", "wrong", ["Say hello."]),
            workflow("nobody", "nobody", ["Say hello."]),
            judged("score", "right", "Say hello.", score=0.25, comment="too short"),
            judged("failed", "right", "Say hello.", nextStepFailed=True),
            workflow("no-model", "right", ["Say hello."], model=no_such_model),
            workflow("no-model-go-on", "right", ["Say hello."], "continueRegularOutput", model=no_such_model),
        ]
    )
    return n8n


def test_the_example_workflow_gets_an_answer_with_the_model_and_the_reason(furnished: N8n) -> None:
    (item,) = furnished.execute("example").items
    assert all(item[field].strip() for field in ("text", "model", "why", "dispatch_id"))
    assert (item["task_type"], item["complexity"]) == ("summarization", "low")
    assert item["prompt_tokens"] > 0
    assert item["total_s"] > 0


def test_without_simplify_an_item_is_all_the_sidecar_said(furnished: N8n) -> None:
    (item,) = furnished.execute("whole").items
    assert {"decision", "usage", "timing", "attempts"} <= item.keys()
    assert item["decision"]["model"] == item["model"]


def test_explain_names_a_model_and_runs_nothing(furnished: N8n) -> None:
    (item,) = furnished.execute("explain").items
    assert item["model"]
    assert item["why"]
    assert item["way"] in {"warm", "join", "load", "evict"}
    assert {"runner_up", "flip", "refused"} <= item.keys()
    assert "text" not in item


def test_a_score_reaches_the_dispatch_whose_item_came_in(furnished: N8n) -> None:
    (item,) = furnished.execute("score").items
    assert (item["score"], item["source"], item["counted"]) == (0.25, "workflow", True)


def test_a_next_step_that_failed_makes_the_answer_one_of_no_use(furnished: N8n) -> None:
    (item,) = furnished.execute("failed").items
    assert (item["score"], item["source"], item["counted"]) == (0, "next_step", True)


def test_an_item_that_fails_stands_in_its_place_when_the_workflow_goes_on(furnished: N8n) -> None:
    execution = furnished.execute("go-on")
    failed, *answered = execution.items
    assert failed["error"] == "'Prompt' is empty"
    assert all(item["text"] for item in answered)
    assert [item["pairedItem"]["item"] for item in execution.outputs[0]] == [0, 1, 2]


def test_an_item_that_fails_takes_the_error_branch(furnished: N8n) -> None:
    answered, failed = furnished.execute("branch").outputs
    assert [item["json"]["text"] != "" for item in answered] == [True]
    assert [item["json"]["error"] for item in failed] == ["'Prompt' is empty"]


def test_a_failing_item_stops_the_workflow_and_is_named(furnished: N8n) -> None:
    error = furnished.execute("stop").error
    assert error is not None
    assert (error["message"], error["context"]["itemIndex"]) == ("'Prompt' is empty", 1)


def test_a_wrong_token_is_the_reason_shown(furnished: N8n) -> None:
    error = furnished.execute("wrong-token").error
    assert error is not None
    assert error["httpCode"] == "401"
    assert "token" in error["message"].lower()
    assert "dispatch.token" in error["description"]


def test_a_sidecar_that_is_not_there_says_how_to_start_it(furnished: N8n) -> None:
    error = furnished.execute("nobody").error
    assert error is not None
    assert error["message"].endswith("is the AI Dispatch sidecar running?")
    assert "ai-dispatch serve" in error["description"]


def test_a_refusal_is_shown_in_the_words_of_the_sidecar(furnished: N8n) -> None:
    error = furnished.execute("no-model").error
    assert error is not None
    assert "no-such-model" in error["message"]


def test_a_refused_item_says_what_a_workflow_may_act_on(furnished: N8n) -> None:
    (item,) = furnished.execute("no-model-go-on").items
    assert "no-such-model" in item["error"]
    assert (item["code"], item["retryable"]) == ("model_not_found", False)

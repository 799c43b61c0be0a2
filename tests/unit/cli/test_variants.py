"""`ai-dispatch variants` and what an admin does with them."""

import json
from pathlib import Path

import pytest

from dispatcher.api.variant_schemas import ExampleBody, VariantReply, VariantScoreReply, VariantsReply
from dispatcher.core.variants import VariantState
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_sidecar import FakeSidecar

BRIEF = VariantReply(
    family="any",
    task_type="classification",
    version=1,
    state=VariantState.CANARY,
    why="ahead",
    system="Answer with the label only.",
    examples=[ExampleBody(user="a", assistant="b")],
    json_instruction=None,
    show_schema=True,
    score=VariantScoreReply(dispatches=60, success=1.0, reward=0.8123),
    against=VariantScoreReply(dispatches=2900, success=0.98, reward=None),
    created_at="2026-01-31T12:00:00.000Z",
    changed_at="2026-01-31T12:00:00.000Z",
)


async def test_a_row_says_what_is_said_and_how_it_does(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/prompt-variants", VariantsReply(variants=[BRIEF]))
    heading, row, caption = (await run("variants")).stdout.splitlines()
    assert heading.split() == ["variant", "state", "dispatches", "success", "reward", "against", "says", "why"]
    assert row.split()[:8] == ["any/classification/1", "canary", "60", "100.0%", "81.2%", "98.0%", "/", "–"]
    assert "Answer with the label only. + 1 examples + the schema" in row
    assert caption.strip() == "variants: 1"
    assert json.loads((await run("variants", "--json")).stdout)["variants"][0]["state"] == "canary"


async def test_texts_are_sent_as_they_are(run: Run, sidecar: FakeSidecar, tmp_path: Path) -> None:
    sidecar.answers("POST /api/prompt-variants", BRIEF, status=201)
    shown = tmp_path / "examples.json"
    shown.write_text('[{"user": "{} 🦕", "assistant": "%s"}]', encoding="utf-8")
    result = await run(
        "variants", "add", "--family", "qwen2.5", "--task-type", "classification", "--system", "Say {{x}}.",
        "--examples", str(shown), "--json-instruction", "JSON:", "--show-schema",
    )  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "any/classification/1: entered, canary\n")
    assert json.loads(sidecar.asked[0].body) == {
        "family": "qwen2.5",
        "task_type": "classification",
        "system": "Say {{x}}.",
        "examples": [{"user": "{} 🦕", "assistant": "%s"}],
        "json_instruction": "JSON:",
        "show_schema": True,
    }


@pytest.mark.parametrize(
    "wrong",
    [("--system", "x" * 4001), (), ("--system", "x", "--task-type", "auto"), ("--system", "x", "--family", "a/b")],
)
async def test_what_cannot_be_sent_is_wrong_usage(run: Run, sidecar: FakeSidecar, wrong: tuple[str, ...]) -> None:
    assert (await run("variants", "add", *wrong)).exit_code == 2
    assert sidecar.asked == []


@pytest.mark.parametrize("content", ["no json", '{"user": "a"}', '[{"user": "a"}]', "[1]"])
async def test_examples_that_are_none_are_wrong_usage(
    run: Run, sidecar: FakeSidecar, tmp_path: Path, content: str
) -> None:
    shown = tmp_path / "examples.json"
    shown.write_text(content)
    result = await run("variants", "add", "--examples", str(shown))
    assert result.exit_code == 2
    assert sidecar.asked == []


async def test_an_admin_moves_one_on_and_takes_one_out(run: Run, sidecar: FakeSidecar) -> None:
    for verb in ("promote", "retire"):
        sidecar.answers(f"POST /api/prompt-variants/any/classification/1/{verb}", BRIEF)
        result = await run("variants", verb, "any/classification/1")
        assert (result.exit_code, result.stderr) == (0, "any/classification/1: canary\n")
    assert (await run("variants", "promote", "any/classification")).exit_code == 2

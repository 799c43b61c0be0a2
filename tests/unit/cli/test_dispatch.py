"""`ai-dispatch dispatch`."""

import json
from pathlib import Path

import pytest

from dispatcher.api.schemas import UsedVariantReply
from dispatcher.core.outcome import FinishReason
from tests.unit.cli.conftest import Run
from tests.unit.cli.examples import EXPLAINED, dispatched
from tests.unit.cli.fake_sidecar import TOKEN, FakeSidecar


@pytest.fixture(autouse=True)
def _replies(sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/dispatch", dispatched())
    sidecar.answers("POST /api/explain", EXPLAINED)


async def test_the_answer_alone_goes_to_standard_output(run: Run) -> None:
    result = await run("dispatch", "Capital of France?")
    assert (result.exit_code, result.stdout) == (0, "Paris.\n")
    for words in ("tiny (question-answering, low complexity)", "already loaded", "41 s or more", "1.3 s", "d-1"):
        assert words in result.stderr
    assert "large: runtime_fault" in result.stderr


@pytest.mark.parametrize(("version", "is_told"), [(0, False), (2, True)])
async def test_how_the_prompt_was_put_is_told_unless_plainly(
    run: Run, sidecar: FakeSidecar, version: int, is_told: bool
) -> None:
    put = UsedVariantReply(family="any", task_type="chat", version=version, propensity=0.02)
    decision = EXPLAINED.decision.model_copy(update={"prompt_variant": put})
    sidecar.answers("POST /api/dispatch", dispatched().model_copy(update={"decision": decision}))
    result = await run("dispatch", "Hello")
    assert ("as prompt variant any/chat/2 says" in result.stderr) is is_told


async def test_only_what_was_said_is_sent_with_the_token(run: Run, sidecar: FakeSidecar) -> None:
    await run("dispatch", "Hello")
    (asked,) = sidecar.asked
    assert json.loads(asked.body) == {"prompt": "Hello"}
    assert asked.authorization == f"Bearer {TOKEN}"


async def test_every_option_reaches_the_sidecar(run: Run, sidecar: FakeSidecar, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "object"}')
    await run(
        "dispatch", "Hi", "--task-type", "chat", "--complexity", "high", "--objective", "best", "--model", "tiny",
        "--system", "Be brief", "--max-tokens", "9", "--timeout", "2.5", "--format", str(schema),
    )  # fmt: skip
    assert json.loads(sidecar.asked[0].body) == {
        "prompt": "Hi",
        "task_type": "chat",
        "complexity": "high",
        "objective": "best",
        "model": "tiny",
        "system": "Be brief",
        "requirements": {"max_tokens": 9, "timeout": 2.5, "format": {"type": "object"}},
    }


async def test_the_prompt_can_come_from_standard_input(run: Run, sidecar: FakeSidecar) -> None:
    await run("dispatch", "-", stdin="Grüße [bold]\n".encode())
    assert json.loads(sidecar.asked[0].body) == {"prompt": "Grüße [bold]\n"}


async def test_json_is_the_whole_reply_on_one_line(run: Run) -> None:
    result = await run("dispatch", "Hello", "--json")
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout) == json.loads(dispatched().model_dump_json(by_alias=True))


async def test_explain_runs_nothing_and_tells_options_and_refusals(run: Run, sidecar: FakeSidecar) -> None:
    result = await run("dispatch", "Hello", "--explain")
    assert [asked.path for asked in sidecar.asked] == ["/api/explain"]
    for words in ("tiny (chat, low complexity)", "option tiny, warm: about 1.2 s", "out    large: it needs 9000 MiB"):
        assert words in result.stdout


async def test_explain_as_json_is_the_reply(run: Run) -> None:
    result = await run("dispatch", "Hello", "--explain", "--json")
    assert json.loads(result.stdout)["decision"]["model"] == "tiny"


async def test_markup_in_an_answer_stays_as_it_is(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/dispatch", dispatched("[red]a[/red] :smile: \x1b[31m"))
    assert (await run("dispatch", "Hello")).stdout == "[red]a[/red] :smile: \x1b[31m\n"


async def test_an_answer_cut_at_its_longest_length_is_said_to_be(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/dispatch", dispatched(finish_reason=FinishReason.LENGTH))
    assert "--max-tokens allows more" in (await run("dispatch", "Hello")).stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--max-tokens", "0"), "--max-tokens: Input should be greater than or equal to 1"),
        (("--timeout", "nan"), "--timeout: "),
        (("--timeout", "-1"), "--timeout: "),
        (("--format", "absent.json"), "'absent.json' can't be read"),
        (("--model", ""), "--model: "),
        (("--system", "\udcff"), "isn't UTF-8"),
    ],
)
async def test_what_cannot_be_sent_is_wrong_usage(
    run: Run, sidecar: FakeSidecar, arguments: tuple[str, ...], words: str
) -> None:
    result = await run("dispatch", "Hello", *arguments)
    assert (result.exit_code, sidecar.asked) == (2, [])
    assert words in result.stderr


@pytest.mark.parametrize(("text", "words"), [("{", "isn't JSON"), ("[1]", "holds no JSON schema")])
async def test_a_schema_file_must_hold_an_object(run: Run, tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "schema.json"
    path.write_text(text)
    result = await run("dispatch", "Hello", "--format", str(path))
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize(
    ("piped", "words"), [(b"\xff\xfe", "isn't UTF-8"), (b"a" * (16 * 2**20 + 1), "longer than 16 MiB")]
)
async def test_standard_input_must_be_text_of_a_sane_length(run: Run, piped: bytes, words: str) -> None:
    result = await run("dispatch", "-", stdin=piped)
    assert result.exit_code == 2
    assert words in result.stderr

"""`ai-dispatch models add` and `remove`, and the switches every model has."""

import json
import re
import shlex
from pathlib import Path

import pytest

from dispatcher.api.entries import model_spec
from dispatcher.api.schemas import ModelBody
from dispatcher.cli.model_entries import add
from tests.unit.cli.conftest import Run
from tests.unit.cli.examples import MODELS, error, model
from tests.unit.cli.fake_sidecar import FakeSidecar

_LLAMA = ("models", "add", "llama3.2-3b", "--engine", "ollama", "--reference", "llama3.2:3b", "--parameters-b", "3.2")
_CLOUD = ("models", "add", "cloud", "--engine", "openai", "--url", "https://api.example.com/v1", "--reference", "mini",
          "--parameters-b", "8")  # fmt: skip


@pytest.fixture(autouse=True)
def _replies(sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/models", model("llama3.2-3b"), status=201)
    sidecar.answers("PATCH /api/models/tiny", model(pinned=True))
    sidecar.answers("DELETE /api/models/tiny", MODELS)


def _examples() -> list[str]:
    """The commands that the help of `models add` shows."""
    lines = re.sub(r"\\\n\s*", "", add.__doc__ or "").splitlines()
    return [line.strip() for line in lines if "ai-dispatch models add" in line]


async def test_only_what_was_said_is_sent(run: Run, sidecar: FakeSidecar) -> None:
    result = await run(*_LLAMA)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "llama3.2-3b: entered, 300 MiB; ai-dispatch models start llama3.2-3b starts it\n"
    (asked,) = sidecar.asked
    assert json.loads(asked.body) == {
        "id": "llama3.2-3b",
        "engine": "ollama",
        "reference": "llama3.2:3b",
        "parameters_b": 3.2,
    }


async def test_every_option_reaches_the_sidecar(run: Run, sidecar: FakeSidecar) -> None:
    await run(
        *_LLAMA, "--host", "process", "--context-tokens", "8192", "--slots", "2", "--weights-mib", "1925",
        "--family", "llama3", "--licence", "Llama-3.2", "--needs-gpu", "--pinned", "--idle-stop-s", "60",
    )  # fmt: skip
    sent = json.loads(sidecar.asked[0].body)
    assert sent == {
        "id": "llama3.2-3b",
        "engine": "ollama",
        "reference": "llama3.2:3b",
        "parameters_b": 3.2,
        "host": "process",
        "context_tokens": 8192,
        "slots": 2,
        "weights_mib": 1925,
        "family": "llama3",
        "licence": "Llama-3.2",
        "needs_gpu": True,
        "pinned": True,
        "idle_stop_s": 60.0,
    }


async def test_what_the_help_shows_is_taken_by_the_sidecar(run: Run, sidecar: FakeSidecar) -> None:
    for example in _examples():
        assert (await run(*shlex.split(example)[1:])).exit_code == 0
    entered = [model_spec(ModelBody.model_validate_json(asked.body, strict=True)) for asked in sidecar.asked]
    assert [spec.reference for spec in entered][:3] == ["llama3.2:3b", "phi3:mini", "qwen2.5:7b"]
    assert entered[4].only_embeds
    assert [spec.host for spec in entered][5:] == ["remote", "remote"]
    assert len(entered) == 7


async def test_a_key_is_read_from_a_file_and_shown_nowhere(run: Run, sidecar: FakeSidecar, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-canary\n")
    result = await run(*_CLOUD, "--api-key-file", str(tmp_path / "key"))
    assert json.loads(sidecar.asked[0].body)["api_key"] == "sk-canary"
    assert "sk-canary" not in result.output


async def test_a_key_file_that_isnt_there_is_wrong_usage(run: Run, sidecar: FakeSidecar, tmp_path: Path) -> None:
    result = await run(*_CLOUD, "--api-key-file", str(tmp_path / "nothing"))
    assert (result.exit_code, sidecar.asked) == (2, [])
    assert "--api-key-file" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Upper", *_LLAMA[3:]), "ID: String should match pattern"),
        (("", *_LLAMA[3:]), "ID: "),
        (("a\udcff", *_LLAMA[3:]), "ID: "),
        ((*_LLAMA[2:], "--parameters-b", "0"), "--parameters-b: Input should be greater than 0"),
        ((*_LLAMA[2:], "--parameters-b", "nan"), "--parameters-b: "),
        ((*_LLAMA[2:], "--context-tokens", "10"), "--context-tokens: "),
        ((*_LLAMA[2:], "--slots", "0"), "--slots: "),
        ((*_LLAMA[2:], "--family", "\udcff"), "--family: "),
        ((*_LLAMA[2:], "--engine", "magic"), "'magic' is not one of"),
        (("llama3.2-3b", "--engine", "ollama", "--reference", "llama3.2:3b"), "--parameters-b"),
    ],
)
async def test_what_cannot_be_entered_is_wrong_usage(
    run: Run, sidecar: FakeSidecar, arguments: tuple[str, ...], words: str
) -> None:
    result = await run("models", "add", *arguments)
    assert (result.exit_code, sidecar.asked) == (2, [])
    assert words in result.stderr


async def test_a_conflict_is_told_as_the_sidecar_tells_it(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/models", error("model_conflict", "id: there is a model llama3.2-3b already"), 409)
    result = await run(*_LLAMA)
    assert (result.exit_code, result.stderr) == (1, "error: id: there is a model llama3.2-3b already\n")


async def test_a_model_is_forgotten(run: Run, sidecar: FakeSidecar) -> None:
    result = await run("models", "remove", "tiny")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "tiny: removed\n")
    assert (sidecar.asked[0].method, sidecar.asked[0].path) == ("DELETE", "/api/models/tiny")


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("enable", {"enabled": True}),
        ("disable", {"enabled": False}),
        ("pin", {"pinned": True}),
        ("unpin", {"pinned": False}),
    ],
)
async def test_a_switch_sends_itself_and_shows_both(run: Run, sidecar: FakeSidecar, command: str, body: object) -> None:
    result = await run("models", command, "tiny")
    assert (result.exit_code, result.stderr) == (0, "tiny: enabled, pinned\n")
    assert json.loads(sidecar.asked[0].body) == body


@pytest.mark.parametrize("command", [_LLAMA, ("models", "remove", "tiny"), ("models", "pin", "tiny")])
async def test_json_is_the_reply_on_one_line(run: Run, command: tuple[str, ...]) -> None:
    result = await run(*command, "--json")
    assert (result.exit_code, result.stdout.count("\n"), result.stderr) == (0, 1, "")
    assert isinstance(json.loads(result.stdout), dict)

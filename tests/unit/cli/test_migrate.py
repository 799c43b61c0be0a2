"""`ai-dispatch migrate-workflows`: files in, files out, and what is said of them."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.unit.cli.conftest import Run
from tests.unit.migration.examples import a_chat_model, a_node, a_workflow

KEY = "n8n-key-0123"
CALL = a_node("Code", "n8n-nodes-base.code", {"jsCode": "fetch('http://ollama:11434/api/chat')"})
PLAIN = a_workflow(a_node("Set", "n8n-nodes-base.set"))


def write(path: Path, workflow: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(workflow, indent=2))
    return path


def names(folder: Path) -> list[str]:
    """The files in a folder."""
    return sorted(one.name for one in folder.iterdir() if one.is_file())


async def reported(run: Run, *arguments: object, code: int = 0) -> dict[str, Any]:
    """What `--json` says."""
    result = await run("migrate-workflows", *map(str, arguments), "--json")
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


async def test_a_file_is_written_anew_with_a_diff_and_the_original(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "flow.json", a_workflow(a_chat_model(), CALL))
    before = path.read_bytes()
    counts = await reported(run, path)
    (left,) = counts.pop("nodes_left")
    assert counts == {"workflows": 1, "nodes_found": 2, "nodes_migrated": 1}
    assert (left["workflow"], left["node"]) == ("Example", "Code")
    assert path.read_bytes() == before == (tmp_path / "flow.ai-dispatch.rollback.json").read_bytes()
    assert "AI Dispatch (Ollama)" in (tmp_path / "flow.ai-dispatch.json").read_text()
    assert (tmp_path / "flow.ai-dispatch.diff").read_text().startswith("--- a/flow.json\n+++ b/flow.json\n@@ ")
    assert names(tmp_path) == [
        "flow.ai-dispatch.diff",
        "flow.ai-dispatch.json",
        "flow.ai-dispatch.rollback.json",
        "flow.json",
    ]


async def test_what_is_moved_already_is_not_written_again(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "flow.json", a_workflow(a_chat_model()))
    await reported(run, tmp_path, "--out", tmp_path / "out")
    written = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    counts = await reported(run, tmp_path / "out", "--check")
    assert counts == {"workflows": 1, "nodes_found": 0, "nodes_migrated": 0, "nodes_left": []}
    await reported(run, tmp_path / "out")
    await reported(run, tmp_path, "--out", tmp_path / "out")
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == written


async def test_a_check_writes_nothing_and_fails_while_anything_is_left(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "flow.json", a_workflow(a_chat_model()))
    counts = await reported(run, path, "--check", code=1)
    assert counts["nodes_migrated"] == 1
    assert names(tmp_path) == ["flow.json"]
    await reported(run, write(path, a_workflow(CALL)), "--check", code=1)
    await reported(run, write(path, PLAIN), "--check", code=0)


async def test_people_are_told_what_moves_why_and_what_to_do_next(run: Run, tmp_path: Path) -> None:
    model = a_chat_model("Model\x1b[31m", model="mistral:7b", options={"keepAlive": "5m"})
    path = write(tmp_path / "flow.json", a_workflow(model, CALL))
    text = (await run("migrate-workflows", str(path))).stdout
    assert "\x1b" not in text
    for part in (
        "goes on asking for mistral:7b",
        "keepAlive: stays, but AI Dispatch decides how long a model stays in memory",
        "stays as it is",
        "1 workflow: 1 node moved, 1 left.",
        "make the credential 'AI Dispatch (Ollama)' (Ollama): Base URL",
        "n8n import:workflow --input=",
        "change the Base URL of these credentials in n8n: Local",
    ):
        assert part in text, text


async def test_nothing_to_move_is_said(run: Run, tmp_path: Path) -> None:
    result = await run("migrate-workflows", str(write(tmp_path / "flow.json", PLAIN)))
    assert result.stdout.strip() == "1 workflow: nothing to move."


async def test_nodes_of_ours_are_made_on_request(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "flow.json", a_workflow(a_chat_model(model="mistral:7b")))
    options = ("--to", "nodes", "--model", "auto", "--credential-id", "c1", "--credential-name", "aiDispatchApi=Mine")
    text = (await run("migrate-workflows", str(path), *options)).stdout
    (node,) = json.loads((tmp_path / "flow.ai-dispatch.json").read_text())["nodes"]
    assert node["parameters"]["model"]["value"] == "auto"
    assert node["credentials"] == {"aiDispatchApi": {"id": "c1", "name": "Mine"}}
    assert "install the community node" in text


async def test_a_folder_is_read_to_its_last_subfolder_and_no_further(run: Run, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "all", tmp_path / "elsewhere"
    one = a_workflow(a_chat_model())
    write(folder / "deep" / "er" / "a.json", one)
    write(folder / "b.json", [one, one])
    write(folder / "package.json", {"name": "no workflow"})
    write(elsewhere / "secret.json", one)
    (folder / "link.json").symlink_to(elsewhere / "secret.json")
    (folder / "linked").symlink_to(elsewhere)
    os.mkfifo(folder / "pipe.json")
    result = await run("migrate-workflows", str(folder), "--out", str(tmp_path / "out"), "--json")
    assert result.exit_code == 2
    assert "pipe.json isn't a file" in result.stderr
    assert json.loads(result.stdout)["nodes_migrated"] == 3
    assert (tmp_path / "out/deep/er/a.ai-dispatch.json").exists()
    assert len(list((tmp_path / "out").rglob("*.ai-dispatch.json"))) == 2


async def test_a_link_in_the_place_of_what_is_written_is_not_followed(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "flow.json", a_workflow(a_chat_model()))
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "flow.ai-dispatch.json").symlink_to(precious)
    await reported(run, path)
    assert precious.read_text() == "mine"


async def test_a_file_may_have_any_name(run: Run, tmp_path: Path) -> None:
    for name in ("a\nb.json", "-c.json", os.fsdecode(b"\xff.json"), "ö\x1b[31m.json"):
        write(tmp_path / "all" / name, a_workflow(a_chat_model()) | {"name": None})
    result = await run("migrate-workflows", str(tmp_path / "all"))
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    assert len(list((tmp_path / "all").iterdir())) == 16


async def test_who_may_read_the_file_may_read_what_becomes_of_it(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "flow.json", a_workflow(a_chat_model()))
    path.chmod(0o600)
    await reported(run, path)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in names(tmp_path)] == [0o600] * 4


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"{", "line 1, column 2"),
        (b'{"nodes": [], "nodes": []}', 'the key "nodes" stands here for the second time'),
        (b'{"nodes": [NaN]}', "this isn't JSON"),
        (b"\xff", "isn't UTF-8 text: byte 0"),
        (b"{}", "not a workflow"),
        (b'{"nodes":' + b"[" * 70 + b"]" * 70 + b"}", "nested deeper than 64 levels"),
        (b" " * (10 * 2**20 + 1), "longer than 10 MiB"),
    ],
)
async def test_a_file_that_is_no_workflow_is_told_with_the_reason(
    run: Run, tmp_path: Path, content: bytes, what: str
) -> None:
    path = tmp_path / "flow.json"
    path.write_bytes(content)
    result = await run("migrate-workflows", str(path))
    assert result.exit_code == 2
    assert what in result.stderr
    assert "flow.json" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((), "name either a FILE or DIR, or --n8n URL"),
        (("a.json", "--n8n", "http://x"), "name either"),
        (("nowhere.json",), "nowhere.json can't be read: No such file"),
        (("flow.json", "--url", "={{ 1 }}"), "--url is '={{ 1 }}'"),
        (("flow.json", "--credential-id", "slackApi=1"), "'slackApi' isn't a type of credential"),
        (("flow.json", "--credential-name", "={{ 1 }}"), "isn't a type of credential"),
        (("flow.json", "--credential-name", "ollamaApi=={{ 1 }}"), "must look like"),
        (("--n8n", "ftp://x"), "--n8n is 'ftp://x'"),
    ],
)
async def test_wrong_usage_names_what_is_wrong(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("N8N_API_KEY", KEY)
    write(tmp_path / "flow.json", PLAIN)
    result = await run("migrate-workflows", *arguments)
    assert result.exit_code == 2
    assert what in result.stderr


async def test_an_empty_folder_is_told(run: Run, tmp_path: Path) -> None:
    result = await run("migrate-workflows", str(tmp_path))
    assert result.exit_code == 2
    assert "there is no .json file in it" in result.stderr


class FakeN8n:
    """n8n's public API, as far as it lists workflows; `asked` holds the methods and cursors it was asked with."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.pages: list[list[Any]] = []
        self.status = 200

    async def answer(self, request: web.Request) -> web.Response:
        cursor = request.query.get("cursor", "")
        self.asked.append((request.method, cursor))
        if request.headers.get("X-N8N-API-KEY") != KEY:
            return web.json_response({"message": "unauthorized"}, status=401)
        if self.status != 200:
            raise web.HTTPFound("/elsewhere") if self.status == 302 else web.HTTPNotFound
        page = int(cursor or 0)
        following = str(page + 1) if page + 1 < len(self.pages) else None
        return web.json_response({"data": self.pages[page], "nextCursor": following})


@pytest.fixture
async def n8n() -> AsyncIterator[tuple[FakeN8n, str]]:
    fake = FakeN8n()
    application = web.Application()
    application.router.add_route("*", "/api/v1/workflows", fake.answer)
    async with TestServer(application) as server:
        yield fake, str(server.make_url("")).rstrip("/")


async def test_workflows_are_read_from_n8n_page_by_page_and_never_changed_there(
    run: Run, tmp_path: Path, n8n: tuple[FakeN8n, str]
) -> None:
    fake, url = n8n
    fake.pages = [[a_workflow(a_chat_model()) | {"id": f"../{page}", "name": "Größe / 1"}] for page in range(3)]
    key_file = tmp_path / "key"
    key_file.write_text(KEY + "\n")
    counts = await reported(run, "--n8n", url, "--api-key-file", key_file, "--out", tmp_path / "out")
    assert counts["nodes_migrated"] == 3
    assert fake.asked == [("GET", ""), ("GET", "1"), ("GET", "2")]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names[1] == "Größe-1-0.ai-dispatch.json"
    assert len(names) == 9
    assert KEY not in "".join(path.read_text() for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("key", "status", "what"),
    [
        ("other-key", 200, "the API key is wrong"),
        (KEY, 404, "its public API is switched off"),
        (KEY, 302, "answers 302"),
    ],
)
async def test_an_n8n_that_refuses_is_told_in_words(
    run: Run, monkeypatch: pytest.MonkeyPatch, n8n: tuple[FakeN8n, str], key: str, status: int, what: str
) -> None:
    fake, url = n8n
    fake.status = status
    monkeypatch.setenv("N8N_API_KEY", key)
    result = await run("migrate-workflows", "--n8n", url)
    assert result.exit_code == 1
    assert what in result.stderr
    assert key not in result.output


async def test_no_n8n_and_no_key_are_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("N8N_API_KEY", raising=False)
    assert "API key is missing" in (await run("migrate-workflows", "--n8n", "http://127.0.0.1:1")).stderr
    monkeypatch.setenv("N8N_API_KEY", KEY)
    result = await run("migrate-workflows", "--n8n", "http://127.0.0.1:1")
    assert result.exit_code == 1
    assert "no n8n answers at http://127.0.0.1:1" in result.stderr

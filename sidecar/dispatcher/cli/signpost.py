"""Where to go next, once quickstart has shown that it all works."""

import shlex
import shutil
import sys
from pathlib import Path

from dispatcher.cli.quickstart_sidecar import QuickstartSidecar
from dispatcher.cli.target import read_token
from dispatcher.settings import Auth, Settings

_USUAL_URL = "http://127.0.0.1:3000"
_HARD_PROMPT = "Write a Python function that merges two sorted lists"


def signpost(asked: Settings, sidecar: QuickstartSidecar, *, has_choice: bool, is_once: bool) -> str:
    """The lines to show at the end: for n8n, for what uses an Ollama or OpenAI now, for curl, for the command line."""
    command = _command(asked, sidecar)
    lines = ["Where to go next"]
    if is_once and sidecar.process is not None:
        lines.append(f"  Start it again   {_start_command(sidecar)}")
    lines += _for_n8n(sidecar)
    lines += [
        f"  Instead of       an Ollama: base URL {sidecar.target.url}; of OpenAI: {sidecar.target.url}/v1",
        "                   (the token as API key, model auto)",
        f"  From a shell     {_curl(sidecar)}",
        f"  The models       {command} models",
    ]
    if has_choice:
        lines.append("  From now on there is a choice to make. See which model a prompt would get, and why:")
        lines.append(f"                   {command} dispatch --explain {shlex.quote(_HARD_PROMPT)}")
    return "\n".join([*lines, "  All the rest     README.md"])


def _for_n8n(sidecar: QuickstartSidecar) -> list[str]:
    lines = [f"  In n8n           credential AI Dispatch API, Base URL {sidecar.target.url}"]
    if sidecar.settings.auth is Auth.NONE:
        return [*lines, "                   Token: any word; this sidecar asks for none"]
    path = sidecar.settings.dispatch_token_path
    token = read_token(path)
    if token is None:
        return [*lines, f"                   Token: in {path}, which you can't read"]
    return [*lines, f"                   Token {token}", f"                   (also in {path}, for you only)"]


def _curl(sidecar: QuickstartSidecar) -> str:
    token_file = shlex.quote(str(sidecar.settings.dispatch_token_path))
    who = "" if sidecar.settings.auth is Auth.NONE else f' -H "Authorization: Bearer $(cat {token_file})"'
    kind = "-H 'Content-Type: application/json'"
    body = """-d '{"prompt": "Name three rivers"}'"""
    return f"curl {sidecar.target.url}/api/dispatch{who} {kind} {body}"


def _command(asked: Settings, sidecar: QuickstartSidecar) -> str:
    """How to reach this very sidecar from this shell with the command line."""
    usual_folder = Settings.model_fields["data_dir"].get_default(call_default_factory=True)
    folder = "" if asked.data_dir == usual_folder else f"AI_DISPATCH_DATA_DIR={shlex.quote(str(asked.data_dir))} "
    url = "" if sidecar.target.url == _USUAL_URL else f" --url {sidecar.target.url}"
    return f"{folder}{_program()}{url}"


def _start_command(sidecar: QuickstartSidecar) -> str:
    settings = sidecar.settings
    return f"{_program()} serve --port {settings.port} --data-dir {shlex.quote(str(settings.data_dir))}"


def _program() -> str:
    """The program's name if the shell finds it by that, else its path."""
    own = Path(sys.executable).parent / "ai-dispatch"
    found = shutil.which("ai-dispatch")
    if found and Path(found).resolve() == own.resolve():
        return "ai-dispatch"
    return shlex.quote(str(own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own))

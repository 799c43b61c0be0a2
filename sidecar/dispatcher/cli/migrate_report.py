"""What a person, or a program, is told of a migration."""

import json
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table

from dispatcher.cli.migrate_output import Outcome
from dispatcher.cli.screen import harmless, new_table, say, show_table, to_stdout
from dispatcher.errors import SettingsError
from dispatcher.migration.report import Action, Finding, Moved, WorkflowReport
from dispatcher.migration.wishes import CredentialType, Target, Wishes
from dispatcher.settings import load_settings

_BECOMES = {Action.REPOINT: "same node, to AI Dispatch", Action.REPLACE: "node of AI Dispatch"}


def json_line(outcomes: Sequence[Outcome]) -> str:
    """The counts, and what is left with its reason, in one line."""
    reports = [(outcome, report) for outcome in outcomes for report in outcome.migration.workflows]
    left = [
        {"workflow": _name(outcome, report), "node": one.node, "why": one.why}
        for outcome, report in reports
        for one in report.left
    ]
    return json.dumps(
        {
            "workflows": len(reports),
            "nodes_found": sum(len(report.findings) for _, report in reports),
            "nodes_migrated": sum(len(report.moved) for _, report in reports),
            "nodes_left": left,
        },
        separators=(",", ":"),
    )


def show_outcomes(outcomes: Sequence[Outcome], wishes: Wishes, *, is_check: bool) -> None:
    """A table for each workflow in which something was found, and what to do next."""
    for outcome in outcomes:
        for report in outcome.migration.workflows:
            if report.findings:
                say(to_stdout(), f"\n{_shown(_name(outcome, report))}", style="bold")
                show_table(_table(report))
    say(to_stdout(), "\n" + "\n".join(_closing(outcomes, wishes, is_check=is_check)))


def _name(outcome: Outcome, report: WorkflowReport) -> str:
    return report.name or outcome.file.stem


def _shown(text: str) -> str:
    """A text from a workflow: nothing in it drives the terminal, and any terminal can show it."""
    return harmless(text).encode(errors="backslashreplace").decode()


def _table(report: WorkflowReport) -> Table:
    table = new_table("node", "was", "becomes", "notes")
    for one in report.findings:
        table.add_row(_shown(one.node), _shown(one.what), _becomes(one), _shown(_notes(one)))
    return table


def _becomes(finding: Finding) -> str:
    return _BECOMES[finding.action] if isinstance(finding, Moved) else "stays as it is"


def _notes(finding: Finding) -> str:
    lost = finding.lost if isinstance(finding, Moved) else ()
    return "\n".join((finding.why, *(f"- {one}" for one in lost)))


def _closing(outcomes: Sequence[Outcome], wishes: Wishes, *, is_check: bool) -> Iterator[str]:
    reports = [report for outcome in outcomes for report in outcome.migration.workflows]
    moved = [one for report in reports for one in report.moved]
    left = [one for report in reports for one in report.left]
    if not moved and not left:
        yield f"{_count(len(reports), 'workflow')}: nothing to move."
        return
    verb = "would be moved" if is_check else "moved"
    yield f"{_count(len(reports), 'workflow')}: {_count(len(moved), 'node')} {verb}, {len(left)} left."
    if moved:
        yield from _next_steps(outcomes, moved, wishes)


def _next_steps(outcomes: Sequence[Outcome], moved: Sequence[Moved], wishes: Wishes) -> Iterator[str]:
    yield "\nNext steps, in this order"
    kinds = {one.credential for one in moved if one.credential}
    for kind in CredentialType:
        if kind in kinds:
            yield f"  In n8n, make the credential {_how_to_make(kind, wishes)}"
    if CredentialType.DISPATCH in kinds:
        yield "  In n8n, install the community node n8n-nodes-ai-dispatch (see README.md)"
    yield from _imports([one for one in outcomes if one.moved])
    old = sorted({name for outcome in outcomes for one in outcome.migration.workflows for name in one.old_credentials})
    if old and wishes.target is Target.CREDENTIAL:
        yield "\nOr leave the workflows alone and change the Base URL of these credentials in n8n: " + ", ".join(
            map(_shown, old)
        )


def _imports(written: Sequence[Outcome]) -> Iterator[str]:
    match written:
        case []:
            return
        case [Outcome(moved=Path() as moved, rollback=Path() as rollback)]:
            yield f"  Import    n8n import:workflow --input={_quoted(moved)}"
            yield f"  Way back  n8n import:workflow --input={_quoted(rollback)}"
        case _:
            yield "  Import    n8n import:workflow --input=FILE, for each of"
            yield from (f"              {_quoted(one.moved)}" for one in written if one.moved)
            yield "  Way back  the same with the .ai-dispatch.rollback.json beside it"
    yield "  In the editor, Import from File does the same. The command line switches an imported workflow off."


def _how_to_make(kind: CredentialType, wishes: Wishes) -> str:
    name, url, token = wishes.credentials[kind].name, wishes.url, _token()
    match kind:
        case CredentialType.OLLAMA:
            return f"'{name}' (Ollama): Base URL {url}, API Key {token}"
        case CredentialType.OPENAI:
            return f"'{name}' (OpenAI): Base URL {url}/v1, API Key {token}"
        case CredentialType.HEADER:
            return f"'{name}' (Header Auth): Name Authorization, Value Bearer and a space and {token}"
        case CredentialType.DISPATCH:
            return f"'{name}' (AI Dispatch API): Base URL {url}, Token {token}"


def _token() -> str:
    """Where the token for n8n is, never the token itself."""
    try:
        path = load_settings().dispatch_token_path
    except SettingsError:
        path = None
    return f"from {path}" if path and path.exists() else "from dispatch.token in the sidecar's data folder"


def _quoted(path: Path) -> str:
    return shlex.quote(_shown(str(path)))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

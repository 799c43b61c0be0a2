"""`ai-dispatch migrate-workflows`: existing n8n workflows, led to AI Dispatch."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.faults import BadUsage, ExitCode
from dispatcher.cli.migrate_api import API_KEY_VARIABLE, fetch_workflows, read_api_key
from dispatcher.cli.migrate_files import Found, find_workflows
from dispatcher.cli.migrate_output import Outcome, write_outcome
from dispatcher.cli.migrate_report import json_line, show_outcomes
from dispatcher.cli.migrate_wishes import read_wishes
from dispatcher.cli.options import url_of
from dispatcher.cli.screen import show_result, tell_fault
from dispatcher.migration.json_parts import Unreadable
from dispatcher.migration.migrate import migrate
from dispatcher.migration.wishes import ModelChoice, Target, Wishes
from dispatcher.migration.workflow import NotAWorkflow


def migrate_workflows(
    context: typer.Context,
    source: Annotated[
        Path | None,
        typer.Argument(metavar="FILE|DIR", help="Exported workflows, or a folder of them.", show_default=False),
    ] = None,
    n8n: Annotated[
        str | None, typer.Option(metavar="URL", help="Read them from this n8n instead.", show_default=False)
    ] = None,
    to: Annotated[Target, typer.Option(help="Give nodes a credential, or make them nodes of AI Dispatch.")] = (
        Target.CREDENTIAL
    ),
    model: Annotated[ModelChoice, typer.Option(help="Whether nodes go on naming their model.")] = ModelChoice.KEEP,
    url: Annotated[
        str | None,
        typer.Option(help="Where n8n reaches the sidecar, if not as this program does.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write here, not beside the files.", file_okay=False, show_default=False),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if anything is left to move.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
    credential_id: Annotated[
        list[str] | None, typer.Option(metavar="[TYPE=]ID", help="The credential's id in n8n.", show_default=False)
    ] = None,
    credential_name: Annotated[
        list[str] | None, typer.Option(metavar="[TYPE=]NAME", help="Its name in n8n.", show_default=False)
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=f"Holds n8n's API key, if {API_KEY_VARIABLE} doesn't.", show_default=False),
    ] = None,
) -> None:
    """Rewrite n8n workflows so that what calls an Ollama calls AI Dispatch.

    Writes NAME.ai-dispatch.json, a diff, and the original as NAME.ai-dispatch.rollback.json; never changes a file
    it was given, nor anything in n8n. Nodes that have nothing to do with it stay byte for byte. Nothing is evaluated.

    \b
    Examples:
      ai-dispatch migrate-workflows my-workflow.json
      ai-dispatch migrate-workflows exported/ --check --json
      ai-dispatch migrate-workflows exported/ --to nodes --model auto --out moved/
      N8N_API_KEY=… ai-dispatch migrate-workflows --n8n http://127.0.0.1:5678

    \b
    Exit codes:
      0  done; with --check: nothing is left to move
      1  with --check: something is; or n8n didn't answer as it should
      2  wrong usage, or a file that isn't a workflow
    """
    wishes = read_wishes(url or url_of(context), to, model, credential_id or [], credential_name or [])
    found = _found(source, n8n, out, api_key_file)
    outcomes, faults = _migrated(found, wishes)
    for fault in (*found.faults, *faults):
        tell_fault(fault)
    if not check:
        outcomes = [write_outcome(outcome) for outcome in outcomes]
    if as_json:
        show_result(json_line(outcomes))
    else:
        show_outcomes(outcomes, wishes, is_check=check)
    if found.faults or faults:
        raise typer.Exit(ExitCode.USAGE)
    if check and any(report.findings for outcome in outcomes for report in outcome.migration.workflows):
        raise typer.Exit(ExitCode.FAILED)


def _found(source: Path | None, n8n: str | None, out: Path | None, api_key_file: Path | None) -> Found:
    if source is not None and n8n is None:
        return find_workflows(source, out)
    if n8n is not None and source is None:
        return asyncio.run(fetch_workflows(n8n, read_api_key(api_key_file), out or Path()))
    raise BadUsage("name either a FILE or DIR, or --n8n URL")


def _migrated(found: Found, wishes: Wishes) -> tuple[list[Outcome], list[str]]:
    """What becomes of each file, and why some can't be read."""
    outcomes, faults = [], []
    for file in found.files:
        try:
            outcomes.append(Outcome(file, migrate(file.text, wishes)))
        except NotAWorkflow as error:
            if file.is_named:
                faults.append(f"{file.label}: {error}")
        except Unreadable as error:
            faults.append(f"{file.label}: {error}")
    return outcomes, faults

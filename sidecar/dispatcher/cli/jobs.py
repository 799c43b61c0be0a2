"""`ai-dispatch jobs`: which prompts wait for their answer or have it, how to get one, and how to cancel some."""

from typing import Annotated

import typer

from dispatcher.api.job_schemas import CancelledReply, JobIdsBody, JobListReply, JobReply
from dispatcher.cli.bodies import encoded
from dispatcher.cli.client import Client, ask
from dispatcher.cli.decision_lines import about_dispatch
from dispatcher.cli.faults import CommandFault
from dispatcher.cli.jobs_table import jobs_table
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.paths import job_path
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, show_table, to_stderr
from dispatcher.core.job import OPEN, JobState

_POLL_S = 20
_MARGIN_S = 15.0

jobs_group = typer.Typer(name="jobs", invoke_without_command=True)


@jobs_group.callback()
def jobs(
    context: typer.Context,
    state: Annotated[JobState | None, typer.Option(help="Only those in this state.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the jobs: prompts that were handed in to be answered later. Never their texts.

    \b
    Examples:
      ai-dispatch jobs
      ai-dispatch jobs --state failed
      ai-dispatch jobs --json | jq -r '.jobs[].job_id'
    """
    if context.invoked_subcommand is not None:
        return
    query = {"limit": str(limit)} | ({"state": str(state)} if state else {})
    reply = ask(url_of(context), lambda client: client.get("/api/jobs", query))
    if as_json:
        show_result(one_line(reply))
    else:
        show_table(jobs_table(read(JobListReply, reply)))


@jobs_group.command()
def show(
    context: typer.Context,
    job_id: Annotated[
        str, typer.Argument(metavar="ID", help="A job, as `ai-dispatch jobs` lists it.", show_default=False)
    ],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is finished, however long that takes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the answer of a job; it is forgotten a minute after it was first fetched.

    The answer goes to standard output; its state, and who answered and why, go to standard error.

    \b
    Examples:
      ai-dispatch jobs show j_0f6a3c… > answer.txt
      ai-dispatch jobs show --wait j_0f6a3c…
    """
    path = job_path(job_id)
    reply = ask(url_of(context), lambda client: _ended(client, path) if wait else client.get(path))
    if as_json:
        show_result(one_line(reply))
        return
    job = read(JobReply, reply)
    if job.error is not None:
        raise CommandFault(f"{job.state}: {job.error.message}")
    if job.result is None:
        say(to_stderr(), f"{job_id}: {job.state}, until {job.deadline_at} at the latest; --wait waits for it")
        return
    show_result(job.result.text)
    say(to_stderr(), "\n".join(about_dispatch(job.result)), style="dim")


@jobs_group.command()
def cancel(
    context: typer.Context,
    job_ids: Annotated[
        list[str], typer.Argument(metavar="ID…", help="Jobs, as `ai-dispatch jobs` lists them.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Cancel jobs that aren't finished, and forget the answers of those that are.

    \b
    Examples:
      ai-dispatch jobs cancel j_0f6a3c…
      ai-dispatch jobs --json | jq -r '.jobs[].job_id' | xargs ai-dispatch jobs cancel
    """
    body = encoded(lambda: JobIdsBody(ids=job_ids))
    reply = ask(url_of(context), lambda client: client.send("POST", "/api/jobs/cancel", body))
    if as_json:
        show_result(one_line(reply))
        return
    told = read(CancelledReply, reply)
    say(to_stderr(), f"cancelled: {told.cancelled}, answers forgotten: {told.forgotten}, unknown: {told.unknown}")


async def _ended(client: Client, path: str) -> bytes:
    while True:
        reply = await client.get(path, {"wait": str(_POLL_S)}, timeout_s=_POLL_S + _MARGIN_S)
        if read(JobReply, reply).state not in OPEN:
            return reply

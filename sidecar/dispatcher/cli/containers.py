"""`ai-dispatch containers`: which replicas run now, what memory they take, and how to stop one."""

from typing import Annotated

import typer

from dispatcher.api.schemas import ContainersReply
from dispatcher.cli.client import ask
from dispatcher.cli.containers_table import containers_table
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.paths import container_path
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, show_table, to_stderr
from dispatcher.cli.watching import watch_containers

containers_group = typer.Typer(name="containers", invoke_without_command=True)


@containers_group.callback()
def containers(
    context: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", help="Show them anew every second, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the replicas: inference servers that run, are starting, or are stopping.

    \b
    Examples:
      ai-dispatch containers
      ai-dispatch containers --watch
      ai-dispatch containers --json | jq '.containers[].memory_mib'
    """
    if context.invoked_subcommand is not None:
        return
    if watch:
        watch_containers(url_of(context), as_json=as_json)
        return
    reply = ask(url_of(context), lambda client: client.get("/api/containers"))
    if as_json:
        show_result(one_line(reply))
    else:
        show_table(containers_table(read(ContainersReply, reply)))


@containers_group.command()
def stop(
    context: typer.Context,
    replica_id: Annotated[
        str,
        typer.Argument(metavar="ID", help="A replica, as `ai-dispatch containers` lists it.", show_default=False),
    ],
    as_json: AsJson = False,
) -> None:
    """Let one replica finish what it promised, then stop it.

    \b
    Example:
      ai-dispatch containers stop aid1f0c9a7e-3b5d20c4
    """
    path = container_path(replica_id, "stop")
    reply = ask(url_of(context), lambda client: client.send("POST", path))
    if as_json:
        show_result(one_line(reply))
    else:
        say(to_stderr(), f"{replica_id}: stops when its work is done")

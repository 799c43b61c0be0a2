"""`ai-dispatch dispatch`: has one prompt answered, or only explains the choice."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer

from dispatcher.api.schemas import DispatchBody, DispatchReply, ExplainReply, RequirementsBody
from dispatcher.cli.bodies import encoded
from dispatcher.cli.client import ask
from dispatcher.cli.decision_lines import about_dispatch, about_explanation
from dispatcher.cli.faults import BadUsage
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, to_stderr
from dispatcher.core.task import Complexity, Objective, TaskType

_STDIN_BYTES_MAX = 16_777_216
_TIMEOUT_MAX_S = 86_400.0  # the sidecar has its own, shorter one
_MARGIN_S = 15.0  # the sidecar answers at its deadline; this is for the way back


def dispatch(
    context: typer.Context,
    prompt: Annotated[str, typer.Argument(help="What to answer; - reads it from standard input.", show_default=False)],
    task_type: Annotated[TaskType, typer.Option(help="The kind of work.")] = TaskType.AUTO,
    complexity: Annotated[Complexity, typer.Option(help="How hard it is.")] = Complexity.AUTO,
    objective: Annotated[Objective, typer.Option(help="What the choice favours.")] = Objective.BALANCED,
    model: Annotated[str | None, typer.Option(help="Use this model, whatever the others promise.")] = None,
    system: Annotated[str | None, typer.Option(help="Instructions for the model, before the prompt.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Longest answer, in tokens.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds until the answer must be whole.")] = None,
    output_format: Annotated[
        str, typer.Option("--format", metavar="text|json|FILE", help="Shape of the answer; FILE holds a JSON schema.")
    ] = "text",
    explain: Annotated[bool, typer.Option("--explain", help="Only say what would be chosen; run nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have one prompt answered by the model that suits it best.

    The answer goes to standard output; which model, why, and how long it took go to standard error.

    \b
    Examples:
      ai-dispatch dispatch "Name three rivers in Europe"
      ai-dispatch dispatch --task-type summarization --timeout 20 - < report.txt
      ai-dispatch dispatch --format json "Return the city: Anna moved to Oslo"
      ai-dispatch dispatch --explain --complexity high "Write a CSV parser"
    """
    sent = encoded(
        lambda: DispatchBody(
            prompt=_prompt(prompt),
            task_type=task_type,
            complexity=complexity,
            objective=objective,
            model=model,
            system=system,
            requirements=RequirementsBody(max_tokens=max_tokens, timeout=timeout, format=_format(output_format)),
        )
    )
    path = "/api/explain" if explain else "/api/dispatch"
    wait_s = (timeout or _TIMEOUT_MAX_S) + _MARGIN_S
    reply = ask(url_of(context), lambda client: client.send("POST", path, sent, wait_s))
    if as_json:
        show_result(one_line(reply))
    elif explain:
        show_result("\n".join(about_explanation(read(ExplainReply, reply))))
    else:
        answer = read(DispatchReply, reply)
        show_result(answer.text)
        say(to_stderr(), "\n".join(about_dispatch(answer)), style="dim")


def _prompt(argument: str) -> str:
    if argument != "-":
        return argument
    piped = sys.stdin.buffer.read(_STDIN_BYTES_MAX + 1)
    if len(piped) > _STDIN_BYTES_MAX:
        raise BadUsage(f"standard input is longer than {_STDIN_BYTES_MAX // 2**20} MiB")
    try:
        return piped.decode()
    except UnicodeDecodeError as error:
        raise BadUsage("standard input isn't UTF-8 text") from error


def _format(word: str) -> Literal["text", "json"] | dict[str, Any]:
    if word == "text":
        return "text"
    if word == "json":
        return "json"
    try:
        schema = orjson.loads(Path(word).read_bytes())
    except OSError as error:
        raise BadUsage(f"--format is text, json or a file; {word!r} can't be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise BadUsage(f"--format: {word} isn't JSON: {error}") from error
    if not isinstance(schema, dict):
        raise BadUsage(f'--format: {word} holds no JSON schema; one is an object like {{"type": "object"}}')
    return schema

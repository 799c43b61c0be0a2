"""`ai-dispatch variants add`: a new way to put prompts to models."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from dispatcher.api.variant_schemas import ExampleBody, VariantBody, VariantReply
from dispatcher.cli.bodies import encoded
from dispatcher.cli.client import ask
from dispatcher.cli.faults import BadUsage
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, to_stderr
from dispatcher.core.variants import ANY


def add(
    context: typer.Context,
    family: Annotated[str, typer.Option(help="The family of models it is for.")] = ANY,
    task_type: Annotated[str, typer.Option(help="The kind of work it is for.")] = ANY,
    system: Annotated[
        str | None, typer.Option(help="What is told first where the caller gives no system text.", show_default=False)
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help='JSON: [{"user": "…", "assistant": "…"}, …], shown before the prompt.',
            show_default=False,
        ),
    ] = None,
    json_instruction: Annotated[
        str | None, typer.Option(help="What is told where JSON is asked for.", show_default=False)
    ] = None,
    show_schema: Annotated[
        bool, typer.Option("--show-schema", help="Show the model the JSON schema that is asked for.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Enter a new way to put prompts to models. It is a candidate: tried now and then, and live only once it is better.

    \b
    Examples:
      ai-dispatch variants add --task-type classification \\
        --system "Answer with the label only."
      ai-dispatch variants add --family smollm2 --show-schema \\
        --json-instruction "Fill in this JSON schema, with nothing around it:"
    """
    body = encoded(
        lambda: VariantBody(
            family=family,
            task_type=task_type,
            system=system,
            examples=_examples(examples) if examples else [],
            json_instruction=json_instruction,
            show_schema=show_schema,
        )
    )
    reply = ask(url_of(context), lambda client: client.send("POST", "/api/prompt-variants", body))
    if as_json:
        show_result(one_line(reply))
        return
    entered = read(VariantReply, reply)
    say(to_stderr(), f"{entered.family}/{entered.task_type}/{entered.version}: entered, {entered.state}")


def _examples(path: Path) -> list[ExampleBody]:
    try:
        told = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadUsage(f"--examples: {path} can't be read as JSON: {error}") from error
    if not isinstance(told, list):
        raise BadUsage(f'--examples: {path} must hold an array: [{{"user": "…", "assistant": "…"}}]')
    return [ExampleBody.model_validate(one) for one in told]

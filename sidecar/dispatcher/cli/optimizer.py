"""`ai-dispatch optimizer`: what would make choices better, and doing it."""

from typing import Annotated

import typer

from dispatcher.api.optimizer_schemas import OptimizeBody, OptimizedReply, RuleReply, RulesReply
from dispatcher.cli.bodies import encoded
from dispatcher.cli.client import ask
from dispatcher.cli.optimizer_tables import findings_lines, rules_table
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.paths import rule_path
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, show_table, to_stderr, to_stdout
from dispatcher.service.optimize import Verb

_TRAINING_S = 900.0

optimizer_group = typer.Typer(name="optimizer", no_args_is_help=True)
RuleArgument = Annotated[
    int, typer.Argument(metavar="ID", min=1, help="A rule, as `ai-dispatch optimizer rules` lists it.")
]


@optimizer_group.callback()
def optimizer() -> None:
    """Find out what would save memory or give better answers, and do it.

    \b
    Examples:
      ai-dispatch optimizer run
      ai-dispatch optimizer apply 3
    """


@optimizer_group.command()
def run(
    context: typer.Context,
    verbs: Annotated[
        list[Verb] | None, typer.Option("--verb", help="Only this; may be given again.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at what was measured in the last seven days and suggest what to change. Nothing is changed.

    \b
    Examples:
      ai-dispatch optimizer run
      ai-dispatch optimizer run --verb analyze_performance
      ai-dispatch optimizer run --verb train_ranker
    """
    body = encoded(lambda: OptimizeBody(verbs=frozenset(verbs)) if verbs else OptimizeBody())
    reply = ask(url_of(context), lambda client: client.send("POST", "/api/optimizer/run", body, timeout_s=_TRAINING_S))
    if as_json:
        show_result(one_line(reply))
        return
    told = read(OptimizedReply, reply)
    say(to_stdout(), "\n".join(findings_lines(told)))
    if told.rules:
        show_table(rules_table(told.rules))


@optimizer_group.command()
def rules(context: typer.Context, as_json: AsJson = False) -> None:
    """List the rules: what was suggested, what is applied, and what came of it.

    \b
    Example:
      ai-dispatch optimizer rules
    """
    reply = ask(url_of(context), lambda client: client.get("/api/rules"))
    if as_json:
        show_result(one_line(reply))
    else:
        show_table(rules_table(read(RulesReply, reply).rules))


@optimizer_group.command()
def apply(context: typer.Context, rule_id: RuleArgument, as_json: AsJson = False) -> None:
    """Change a model as a rule says; after a day of use it is kept, or taken back if it did harm.

    \b
    Example:
      ai-dispatch optimizer apply 3
    """
    _do(context, "apply", rule_id, as_json)


@optimizer_group.command()
def rollback(context: typer.Context, rule_id: RuleArgument, as_json: AsJson = False) -> None:
    """Give a model back the number it had before a rule was applied.

    \b
    Example:
      ai-dispatch optimizer rollback 3
    """
    _do(context, "rollback", rule_id, as_json)


def _do(context: typer.Context, verb: str, rule_id: int, as_json: bool) -> None:
    path = rule_path(str(rule_id), verb)
    reply = ask(url_of(context), lambda client: client.send("POST", path))
    if as_json:
        show_result(one_line(reply))
        return
    rule = read(RuleReply, reply)
    value = rule.after if verb == "apply" else rule.before
    say(to_stderr(), f"rule {rule.id}: {rule.state}; {rule.kind} of {rule.model} is {value:g}")

"""`ai-dispatch feedback`: say how good an answer was."""

from typing import Annotated

import typer

from dispatcher.api.learning_schemas import FeedbackBody, FeedbackReply
from dispatcher.cli.bodies import encoded
from dispatcher.cli.client import ask
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import say, show_result, to_stderr
from dispatcher.core.feedback import FeedbackSource


def feedback(
    context: typer.Context,
    dispatch_id: Annotated[
        str, typer.Argument(metavar="DISPATCH_ID", help="A dispatch, as its reply names it.", show_default=False)
    ],
    score: Annotated[
        float, typer.Argument(min=0, max=1, help="From 0, of no use, to 1, as wished.", show_default=False)
    ],
    source: Annotated[FeedbackSource, typer.Option(help="Who says so.")] = FeedbackSource.USER,
    comment: Annotated[str | None, typer.Option(help="In words, for people.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Say how good an answer was: the next choices for such work learn from it.

    \b
    Examples:
      ai-dispatch feedback d_0f6a3c… 1
      ai-dispatch feedback d_0f6a3c… 0 --comment "made up the order number"
    """
    body = encoded(lambda: FeedbackBody(dispatch_id=dispatch_id, score=score, source=source, comment=comment))
    reply = ask(url_of(context), lambda client: client.send("POST", "/api/feedback", body))
    if as_json:
        show_result(one_line(reply))
        return
    told = read(FeedbackReply, reply)
    counts = "" if told.counted else "; nothing is learned from it: this token said more today than is heard"
    say(to_stderr(), f"{told.dispatch_id}: {told.score:g}{counts}")

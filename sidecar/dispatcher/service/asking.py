"""What the chosen model is asked, and what its answer means."""

from dataclasses import dataclass, replace

from dispatcher.core.answer_tap import AnswerTap
from dispatcher.core.model import Engine, ModelSpec
from dispatcher.core.outcome import Ask, Completion, OnPiece, Piece
from dispatcher.core.prompting import render
from dispatcher.core.spoken_tools import heard, held, is_spoken, spoken
from dispatcher.core.task import NO_TOOLS, DispatchId
from dispatcher.core.tool_calls import identified
from dispatcher.errors import AnswerCut
from dispatcher.service.choose import Choice
from dispatcher.service.trail import Trail

_HELD_BY_GRAMMAR = frozenset({Engine.EMBEDDED, Engine.LLAMA_CPP})


@dataclass(frozen=True, slots=True)
class Question:
    """An ask, about how many tokens it makes the model read, and whether tools are told in its words.

    The answer to one that tells of tools is JSON, which holds calls, or the words that are for the caller.
    """

    ask: Ask
    prompt_tokens: int
    tells_tools: bool

    def hearing(self, on_piece: OnPiece) -> OnPiece:
        """A receiver of what the model writes, which tells `on_piece` the caller's part of it."""
        if not self.tells_tools:
            return on_piece
        tap = AnswerTap()

        async def heard_in_json(piece: Piece) -> None:
            await on_piece(Piece(tap.take(piece.text), piece.thinking))

        return heard_in_json

    def understood(self, completion: Completion, dispatch_id: DispatchId) -> Completion:
        """The completion with its tool calls, each with an id.

        Raises: AnswerCut when it ended in the middle of a call.
        """
        found = heard(completion) if self.tells_tools else completion
        if found is None:
            raise AnswerCut("the answer was cut off in a call of a tool; raise requirements.max_tokens")
        return replace(found, tool_calls=identified(found.tool_calls, dispatch_id)) if found.tool_calls else found


def question(trail: Trail, choice: Choice, spec: ModelSpec) -> Question:
    """Put a dispatch to the model that was chosen for it."""
    request, pick = trail.request, choice.pick
    wants, box = request.requirements, request.toolbox
    mending = trail.repair if trail.repair and trail.repair.model_id == spec.id else None
    prompt_tokens = trail.text.prompt_tokens + pick.tokens + (mending.tokens if mending else 0)
    said = (*render(spec.family, request.messages, wants.output, pick.wording), *(mending.turns() if mending else ()))
    ask = Ask(
        model_id=spec.id,
        messages=said,
        max_tokens=max(1, min(choice.situation.max_tokens, spec.context_tokens - prompt_tokens)),
        sampling=wants.sampling,
        output=wants.output,
        toolbox=box,
        top_logprobs=wants.top_logprobs,
        think=wants.think,
    )
    if spec.engine not in _HELD_BY_GRAMMAR or not is_spoken(said, box):
        return Question(ask, prompt_tokens, tells_tools=False)
    ask = replace(ask, messages=spoken(spec.family, said, box), toolbox=NO_TOOLS)
    if not box.offered:
        return Question(ask, prompt_tokens, tells_tools=False)
    return Question(replace(ask, output=held(box, wants.output), top_logprobs=None), prompt_tokens, tells_tools=True)

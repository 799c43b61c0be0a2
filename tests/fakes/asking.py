"""Asks, deadlines and readers for tests that talk to an inference server."""

import time

from dispatcher.core.deadline import Deadline
from dispatcher.core.outcome import Ask, Piece
from dispatcher.core.task import Message, ModelId, OutputFormat, Role, Sampling

PLAIN = OutputFormat()


def ask(prompt: str = "Say hello to the world", *, max_tokens: int = 100, output: OutputFormat = PLAIN) -> Ask:
    """One user message, answered without chance."""
    return Ask(
        ModelId("fake-model"),
        (Message(Role.USER, prompt),),
        max_tokens,
        sampling=Sampling(temperature=0.0),
        output=output,
    )


def within(timeout_s: float = 30.0) -> Deadline:
    """A deadline from now."""
    return Deadline.after(time.monotonic(), timeout_s)


class Listener:
    """Keeps each piece of text it hears."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    async def __call__(self, piece: Piece) -> None:
        self.pieces.append(piece.text)

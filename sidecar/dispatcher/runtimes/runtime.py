"""The contract of a runtime: who talks to inference servers, in whatever protocol."""

from typing import Protocol

from dispatcher.core.deadline import Deadline
from dispatcher.core.embedding import EmbedAsk, Vectors
from dispatcher.core.outcome import Ask, Completion, OnPiece
from dispatcher.core.replica import Endpoint, OnFetching, StartOrder


class Runtime(Protocol):
    """Speaks one protocol. Every fault of the wire becomes one error of `errors`."""

    async def answers(self, endpoint: Endpoint) -> bool:
        """Whether a server is there at all, be it only to say that it loads."""

    async def is_ready(self, endpoint: Endpoint) -> bool:
        """Whether the server takes requests; False while it loads, hangs, or isn't there."""

    async def lacks_model(self, endpoint: Endpoint, order: StartOrder) -> bool:
        """Whether the server must fetch the model before it can load it."""

    async def fetch_model(self, endpoint: Endpoint, order: StartOrder, on_fetching: OnFetching) -> None:
        """Have the server fetch the model; what was half there is taken up again.

        Raises: WeightsUnavailable when it can't be had, or when it comes no further.
        """

    async def load(self, endpoint: Endpoint, order: StartOrder) -> None:
        """Have the model in memory, with the order's context and slots; returns when it takes requests.

        Raises: ReplicaStartFailed. Time is the caller's to limit.
        """

    async def running(self, endpoint: Endpoint) -> int | None:
        """How many requests the server works on now, be it that their callers have left; None when it doesn't say.

        Raises: RuntimeFault when it doesn't answer.
        """

    async def complete(
        self, endpoint: Endpoint, ask: Ask, deadline: Deadline, on_piece: OnPiece | None = None
    ) -> Completion:
        """The whole answer; each piece goes to `on_piece` first, awaited. A caller who leaves stops the server's work.

        Raises: DeadlineExceeded, RuntimeStalled, RuntimeUnreachable, RuntimeRefused, RuntimeFault, RuntimeBadAnswer or
            RuntimeIncomplete; InvalidRequest when the ask can't be put into words; whatever `on_piece` raises.
        """

    async def embed(self, endpoint: Endpoint, ask: EmbedAsk, deadline: Deadline) -> Vectors:
        """One vector for each text, in their order and of one size. A caller who leaves stops the server's work.

        Raises: what `complete` raises; InvalidRequest also when a text is too long and isn't to be cut.
        """

"""The ids of tool calls, by which their results are told apart."""

from collections.abc import Sequence
from dataclasses import replace

from dispatcher.core.task import DispatchId, ToolCall

_ID_CHARS = 16


def identified(calls: Sequence[ToolCall], dispatch_id: DispatchId) -> tuple[ToolCall, ...]:
    """The calls, each with an id of its own: the server's, or one made from the dispatch's where it gave none."""
    own = dispatch_id.removeprefix("d_")[:_ID_CHARS]
    given = [call.id for call in calls]
    return tuple(
        call if call.id and given.count(call.id) == 1 else replace(call, id=f"call_{own}_{number}")
        for number, call in enumerate(calls)
    )

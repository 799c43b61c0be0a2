"""Whether an inference server still works on something that nobody here waits for."""

from dispatcher.errors import RuntimeFault
from dispatcher.runtimes.runtime import Runtime
from dispatcher.service.replica import Replica


async def has_leftover(replica: Replica, runtime: Runtime) -> bool | None:
    """Whether a replica's server works on more than it should; None when it doesn't say.

    One that doesn't answer does work on something.
    """
    if replica.endpoint is None:
        return False
    try:
        running = await runtime.running(replica.endpoint)
    except RuntimeFault:
        return True
    return None if running is None else running > sum(not promise.is_left for promise in replica.promises)

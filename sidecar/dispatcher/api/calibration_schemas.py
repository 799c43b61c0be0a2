"""What is told of a measurement of a model."""

from dispatcher.api.schemas import Reply


class CalibrationStepReply(Reply):
    """So many of the prompts are answered; the speeds are the last one's, null where nothing tells."""

    done: int
    prompts: int
    prefill_tps: float | None
    decode_tps: float | None


class CalibrationReply(Reply):
    """What a model does here: median tokens per second, seconds to load, MiB at most; null where nothing tells."""

    id: str
    answers: int
    prefill_tps: float | None
    decode_tps: float | None
    load_s: float | None
    memory_mib: int | None

"""What to expect of a model of which only the size is known, until it has been measured here."""

from dispatcher.core.model import Footprint, QualityTable, Speed
from dispatcher.core.task import Complexity, TaskType

# Weights of 4 bits with their scales, as most local models are served.
_MIB_PER_BILLION = 620.0
_OVERHEAD_MIB = 400
_KV_MIB_PER_1K_TOKENS = 32.0  # at one billion parameters; grows with the square root of the size
_PREFILL_TPS = 48.0  # tokens per second on one CPU thread, at one billion parameters
_DECODE_TPS = 20.0
_REMOTE_PREFILL_TPS = 1500.0
_REMOTE_DECODE_TPS = 40.0
_LOAD_S_PER_GIB = 2.0
_START_S = 1.0
_WORK = tuple(task for task in TaskType if task not in (TaskType.AUTO, TaskType.EMBEDDING))

FOR_EMBEDDING = QualityTable({TaskType.EMBEDDING: {Complexity.LOW: 1.0, Complexity.MEDIUM: 1.0, Complexity.HIGH: 1.0}})
"""Of a model that embeds, and writes nothing. The numbers are never compared: an embedding stays with its model."""

# Share of checked tasks that instruction models of these sizes (billions) get right: easy, medium, hard.
_QUALITY: tuple[tuple[float, tuple[float, float, float]], ...] = (
    (0.1, (0.65, 0.42, 0.20)),
    (0.5, (0.90, 0.74, 0.58)),
    (1.5, (0.94, 0.85, 0.74)),
    (3.0, (0.95, 0.88, 0.80)),
    (8.0, (0.97, 0.92, 0.87)),
    (30.0, (0.98, 0.95, 0.92)),
)


def speed_of(parameters_b: float) -> Speed:
    """Tokens per second on one CPU thread: what is read and written takes time in proportion to the weights."""
    return Speed(_PREFILL_TPS / parameters_b, _DECODE_TPS / parameters_b)


def remote_speed() -> Speed:
    """Of a server that someone else runs, on hardware that nobody has told of: as most that answer over a network."""
    return Speed(_REMOTE_PREFILL_TPS, _REMOTE_DECODE_TPS)


def footprint_of(parameters_b: float, weights_mib: int | None = None) -> Footprint:
    """Memory, from the size of the weights when that is known."""
    weights = round(parameters_b * _MIB_PER_BILLION) if weights_mib is None else weights_mib
    return Footprint(weights, _OVERHEAD_MIB, _KV_MIB_PER_1K_TOKENS * parameters_b**0.5)


def load_s_of(footprint: Footprint) -> float:
    """Seconds from start to ready."""
    return _START_S + footprint.weights_mib / 1024 * _LOAD_S_PER_GIB


def quality_of(parameters_b: float) -> QualityTable:
    """Quality at every task type alike: between the two sizes nearest to this one."""
    low, medium, high = _between(parameters_b)
    return QualityTable(
        {task: {Complexity.LOW: low, Complexity.MEDIUM: medium, Complexity.HIGH: high} for task in _WORK}
    )


def _between(parameters_b: float) -> tuple[float, float, float]:
    smaller = _QUALITY[0]
    for larger in _QUALITY:
        if parameters_b <= larger[0]:
            span = larger[0] - smaller[0]
            share = (parameters_b - smaller[0]) / span if span > 0 and parameters_b > smaller[0] else 0.0
            low, medium, high = (
                round(small + (large - small) * share, 3) for small, large in zip(smaller[1], larger[1], strict=True)
            )
            return low, medium, high
        smaller = larger
    return smaller[1]

"""How long a choice among ten models takes, learned forecasts included, on one core."""

import statistics
import time
from itertools import cycle

from dispatcher.core.classification import Classification
from dispatcher.core.task import Complexity, TaskType
from scripts.bench.choosing import AsServed
from scripts.bench.table import Row, print_table
from scripts.bench.ten_models import PROMPTS

_ROUNDS, _QUICK_ROUNDS, _WARM_UP = 20_000, 3_000, 200
_SAID = (TaskType.SUMMARIZATION, TaskType.CLASSIFICATION, TaskType.QUESTION_ANSWERING, TaskType.CODE_GENERATION)


def deciding(*, quick: bool) -> dict[str, float]:
    """Median and 99th percentile, in microseconds, of prompts whose task type and complexity the caller names."""
    served = AsServed()
    asked = cycle(
        [(prompt, Classification(task, Complexity.MEDIUM)) for prompt, task in zip(PROMPTS, _SAID, strict=True)]
    )
    times = []
    for _ in range(_WARM_UP + (_QUICK_ROUNDS if quick else _ROUNDS)):
        prompt, found = next(asked)
        begun_ns = time.perf_counter_ns()
        served.choose(prompt, found)
        times.append((time.perf_counter_ns() - begun_ns) / 1000)
    parts = statistics.quantiles(times[_WARM_UP:], n=100)
    return {"decide_p50_us": round(parts[49], 1), "decide_p99_us": round(parts[98], 1)}


def show_deciding(found: dict[str, float], *, to_stderr: bool) -> None:
    """Print them."""
    rows = [
        Row("Choose among 10 models, median", f"{found['decide_p50_us']:.0f} µs", "asked for", "300 µs"),
        Row("… 99 of 100 within", f"{found['decide_p99_us']:.0f} µs", "asked for", "2,000 µs"),
    ]
    print_table(rows, to_stderr=to_stderr)


if __name__ == "__main__":
    show_deciding(deciding(quick=False), to_stderr=False)

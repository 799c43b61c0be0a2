"""The workloads that schedulers are compared on: what n8n users with one small machine do to it.

Two machines. The *card*: an old 8 GB graphics card that lends 6 GiB; models read 700 to 1800 and write 32 to 65 tokens
a second, and are read from a good disk. The *box*: a mini computer without one, which lends 4 GiB; models read 60 to
250 and write 8 to 28 tokens a second, and are read from a slow disk.
"""

import math
import random
from collections.abc import Callable

from dispatcher.core.simulation.drafts import Draft, Kind, model
from dispatcher.core.simulation.workload import Workload
from dispatcher.core.task import TaskType

_CARD_MIB, _BOX_MIB = 6144, 4096

CARD = (
    model("llama3.2-3b", 3.2, 3200, 5.0, (1500.0, 60.0)),
    model("gemma2-2b", 2.6, 2700, 4.0, (1800.0, 65.0)),
    model("qwen2.5-7b", 7.6, 5200, 11.0, (700.0, 32.0)),
)
BOX = (
    model("qwen2.5-0.5b", 0.5, 700, 3.0, (250.0, 28.0)),
    model("qwen2.5-1.5b", 1.5, 1900, 12.0, (110.0, 14.0)),
    model("llama3.2-3b", 3.2, 3200, 25.0, (60.0, 8.0)),
)


def two_batches(rng: random.Random) -> Workload:
    """Two workflows of fifty items each, started in the same second, on two models that don't fit together."""
    draft = Draft(rng)
    for workflow, name in (("mails", "llama3.2-3b"), ("tickets", "qwen2.5-7b")):
        draft.burst(Kind(workflow, name, (200, 900), (20, 120), 900.0), 50, rng.uniform(0.0, 1.0))
    return draft.workload(CARD, _CARD_MIB)


def two_loops(rng: random.Random) -> Workload:
    """Two workflows that loop over forty items each, on two models that don't fit together."""
    draft = Draft(rng)
    for workflow, name in (("mails", "llama3.2-3b"), ("tickets", "qwen2.5-7b")):
        draft.loop(Kind(workflow, name, (200, 900), (20, 120), 300.0), 40, rng.uniform(0.0, 5.0))
    return draft.workload(CARD, _CARD_MIB)


def three_models(rng: random.Random) -> Workload:
    """Half an hour of callers who know nothing of each other, over three models of which two fit at best."""
    draft = Draft(rng)
    for one, per_s in zip(CARD, (0.06, 0.06, 0.04), strict=True):
        draft.stream(Kind(f"of {one.spec.id}", one.spec.id, (100, 1500), (20, 250), 180.0), per_s, 0.0, 1800.0)
    return draft.workload(CARD, _CARD_MIB)


def urgent_calls(rng: random.Random) -> Workload:
    """A steady stream with time, and now and then a call on the other model that must be answered in a minute."""
    draft = Draft(rng)
    draft.stream(Kind("backlog", "qwen2.5-7b", (300, 1500), (50, 250), 600.0), 0.14, 0.0, 1800.0)
    draft.stream(Kind("chat", "llama3.2-3b", (50, 400), (30, 120), 60.0, priority=20), 0.01, 0.0, 1800.0)
    return draft.workload(CARD, _CARD_MIB)


def loop_and_batch(rng: random.Random) -> Workload:
    """A loop over forty items on one model, and a batch of fifty on the other, half a minute later."""
    draft = Draft(rng)
    draft.loop(Kind("loop", "llama3.2-3b", (200, 900), (20, 120), 300.0), 40, 0.0)
    draft.burst(Kind("batch", "qwen2.5-7b", (200, 900), (20, 120), 900.0), 50, rng.uniform(20.0, 40.0))
    return draft.workload(CARD, _CARD_MIB)


def day(rng: random.Random) -> Workload:
    """Two hours that rise and fall as a day does, on the box: callers of three models, and six bursts of twenty."""
    draft = Draft(rng)
    for start in range(0, 7200, 300):
        height = 0.5 - 0.5 * math.cos(2 * math.pi * (start + 150) / 7200)
        for one, per_s in zip(BOX, (0.03, 0.012, 0.006), strict=True):
            kind = Kind(f"of {one.spec.id}", one.spec.id, (50, 600), (10, 80), 300.0)
            draft.stream(kind, max(1e-4, per_s * height), start, start + 300.0)
    for burst in range(6):
        one = rng.choice(BOX[:2])
        kind = Kind(f"burst {burst}", one.spec.id, (50, 400), (10, 60), 900.0)
        draft.burst(kind, 20, rng.uniform(600.0, 6000.0))
    return draft.workload(BOX, _BOX_MIB)


def hot_and_rare(rng: random.Random) -> Workload:
    """A small model that is asked all the time, and a big one now and then, on the box."""
    draft = Draft(rng)
    draft.stream(Kind("labels", "qwen2.5-1.5b", (50, 300), (8, 30), 240.0), 0.12, 0.0, 3600.0)
    draft.stream(Kind("report", "llama3.2-3b", (200, 600), (50, 150), 600.0), 0.004, 0.0, 3600.0)
    return draft.workload(BOX, _BOX_MIB)


def open_choice(rng: random.Random) -> Workload:
    """Callers who leave the model open, half of them in a hurry, on the card."""
    draft = Draft(rng)
    tasks = (TaskType.SUMMARIZATION, TaskType.CLASSIFICATION, TaskType.EXTRACTION, TaskType.QUESTION_ANSWERING)
    draft.stream(Kind("relaxed", None, (100, 1500), (20, 250), 300.0, task_types=tasks), 0.08, 0.0, 1800.0)
    draft.stream(Kind("hurried", None, (50, 500), (20, 100), 20.0, task_types=tasks), 0.08, 0.0, 1800.0)
    return draft.workload(CARD, _CARD_MIB)


def overload(rng: random.Random) -> Workload:
    """Ten minutes of about three times what the card can answer, on two models that don't fit together."""
    draft = Draft(rng)
    for name in ("llama3.2-3b", "qwen2.5-7b"):
        draft.stream(Kind(f"of {name}", name, (100, 1500), (20, 250), 120.0), 0.4, 0.0, 600.0)
    return draft.workload(CARD, _CARD_MIB)


WORKLOADS: tuple[Callable[[random.Random], Workload], ...] = (
    two_batches,
    two_loops,
    three_models,
    urgent_calls,
    loop_and_batch,
    day,
    hot_and_rare,
    open_choice,
    overload,
)

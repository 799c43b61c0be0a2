"""Measures how the sidecar stands ten times what it can do; see `scripts/bench/spike`.

The sidecar is a process of its own, with its defaults; so is the generator. The inference servers are fakes of known
speed. First a closed loop finds the capacity. Then comes normal load, then ten times the capacity in an open loop, then
normal load again. The baseline, the same servers behind a bare proxy, gets the same.
"""

import argparse
import bisect
import json
import math
import os
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.load.models import CAPACITY_PER_S, MODELS, SLOTS
from scripts.bench.load.numbers import answered, goodput_per_s, percentile, recovery_s
from scripts.bench.load.plan import Phase, Sent, Stream
from scripts.bench.load.run import Target, bare_proxy, sidecar, start_all
from scripts.bench.load.watched import Watched
from scripts.bench.table import Row, print_table
from tests.fakes.process import FAKE_COMMAND

_NORMAL, _SPIKE = 0.7, 10.0  # of the capacity
_FLOOD, _QUIET = 5.0, 0.3
_CLOSED_S, _NORMAL_S, _AFTER_S, _SETTLE_S = 8.0, 15.0, 20.0, 2.0
_BASELINE_SPIKE_S = 20.0  # it only gets worse
_WORKFLOWS = tuple(f"workflow {number}" for number in range(5))
_NEIGHBOURS = tuple(f"neighbour {number}" for number in range(5))
_NAMES = ("spike", "neighbour", "memory")
_REQUESTS, _CALLERS, _WARM_UP = 20_000, 8, 0.6


@dataclass(frozen=True, slots=True)
class Stood:
    """How a target stood the spike."""

    capacity_per_s: float
    goodput_per_s: float
    refused: int
    refusal_p99_s: float
    rss_growth_mib: float
    recovery_s: float
    normal_p99_s: float
    lag_p99_s: float
    cores_normal: float
    cores_spike: float
    endings: Counter[str]

    @property
    def goodput(self) -> float:
        """The share of the capacity that went into answers in time."""
        return self.goodput_per_s / self.capacity_per_s


def main() -> None:
    """Measure, print a table, and with --json the numbers."""
    options = _options()
    chosen = options.only or _NAMES
    rows: list[Row] = []
    numbers: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="aidload") as name:
        folder = Path(name)
        with sidecar(folder / "ours") as target:
            start_all(target, folder / "ours")
            capacity_per_s = _capacity(target)
            if "neighbour" in chosen:
                beside = _neighbour(target, capacity_per_s)
            if "spike" in chosen:
                ours = _stand(target, capacity_per_s, options.seconds)
        if "spike" in chosen:
            with bare_proxy(folder / "bare") as target:
                bare = _stand(target, _capacity(target), min(options.seconds, _BASELINE_SPIKE_S))
            rows += _rows(ours, bare)
            numbers |= _numbers(ours)
        if "neighbour" in chosen:
            rows.append(_row_beside(*beside))
            numbers |= {"neighbour_p99_ratio": round(beside[1] / beside[0], 3), "neighbour_unanswered": beside[2]}
        if "memory" in chosen:
            slope_mib = _memory(folder / "small", options.requests)
            rows.append(Row("Memory added by 10,000 dispatches, a fourth refused", f"{slope_mib:.2f} MiB", "", ""))
            numbers["rss_mib_per_10000"] = round(slope_mib, 2)
    print_table(rows, to_stderr=options.json)
    print(f"machine load {os.getloadavg()[0]:.1f} at the end", file=sys.stderr)
    if options.json:
        print(json.dumps(numbers))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench/spike", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the spike is (60)")
    parser.add_argument("--requests", type=int, default=_REQUESTS, help=f"how many small dispatches ({_REQUESTS})")
    parser.add_argument("--only", action="append", choices=_NAMES, help="measure this alone, may be given again")
    return parser.parse_args()


def _capacity(target: Target) -> float:
    """Answers per second when there is always one more to give; the first two seconds don't count."""
    sent = target.put_under(Phase("closed", _CLOSED_S, callers=2 * len(MODELS) * SLOTS))
    begin_s = sent[0].sent_s
    return goodput_per_s(sent, begin_s + _SETTLE_S, begin_s + _CLOSED_S)


def _stand(target: Target, capacity_per_s: float, spike_s: float) -> Stood:
    normal = _even(_NORMAL * capacity_per_s)
    phases = (
        Phase("normal", _NORMAL_S, normal),
        Phase("spike", spike_s, _even(_SPIKE * capacity_per_s)),
        Phase("after", _AFTER_S, normal),
    )
    with Watched(target.process.pid) as watched:
        sent = target.put_under(*phases)
    begin_s = sent[0].due_s
    spike_at_s, over_s = begin_s + _NORMAL_S, begin_s + _NORMAL_S + spike_s
    during = _of(sent, "spike")
    refused_s = [one.took_s for one in during if one.is_refused]
    normal_p99_s = percentile(answered(_of(sent, "normal")), 0.99)
    before_mib = watched.between(begin_s, spike_at_s)[-1].rss_mib
    return Stood(
        capacity_per_s=capacity_per_s,
        goodput_per_s=goodput_per_s(sent, spike_at_s + _SETTLE_S, over_s),
        refused=len(refused_s),
        refusal_p99_s=percentile(refused_s, 0.99),
        rss_growth_mib=max(one.rss_mib for one in watched.between(spike_at_s, math.inf)) - before_mib,
        recovery_s=recovery_s(_of(sent, "after"), over_s, normal_p99_s),
        normal_p99_s=normal_p99_s,
        lag_p99_s=percentile([one.sent_s - one.due_s for one in during], 0.99),
        cores_normal=watched.cores(begin_s, spike_at_s),
        cores_spike=watched.cores(spike_at_s, over_s),
        endings=Counter(one.code or ("answered" if one.is_in_time else "late") for one in during),
    )


def _neighbour(target: Target, capacity_per_s: float) -> tuple[float, float, int]:
    """p99 of the quiet workflows alone and beside one that floods, and how many of theirs weren't answered then."""
    quiet = _even(_QUIET * capacity_per_s, _NEIGHBOURS)
    flood = Stream("flood", _FLOOD * capacity_per_s)
    phases = (Phase("alone", _NORMAL_S, quiet), Phase("beside", 2 * _NORMAL_S, (*quiet, flood)))
    sent = target.put_under(*phases)
    beside = [one for one in _of(sent, "beside") if one.workflow != flood.workflow]
    lost = sum(not one.is_in_time for one in beside)
    return percentile(answered(_of(sent, "alone")), 0.99), percentile(answered(beside), 0.99), lost


def _row_beside(alone_s: float, beside_s: float, lost: int) -> Row:
    number = f"{beside_s * 1000:.0f} ms ({lost} not in time)"
    return Row("p99 of five workflows while a sixth floods", number, "without the sixth", f"{alone_s * 1000:.0f} ms")


def _memory(folder: Path, requests: int) -> float:
    """MiB that 10,000 small dispatches of ever new workflows add, once it is warm: the slope of a straight line."""
    program = json.dumps([*FAKE_COMMAND, "--behaviour", "{}"])
    with sidecar(folder, "--program", program) as target:
        start_all(target, folder)
        with Watched(target.process.pid) as watched:
            sent = target.put_under(Phase("small", 3600.0, callers=_CALLERS, requests=requests))
    moments = [one.due_s for one in sent]
    warm = watched.between(moments[round(_WARM_UP * requests)], moments[-1])
    counts = [float(bisect.bisect(moments, one.at_s)) for one in warm]
    return 10_000 * statistics.linear_regression(counts, [one.rss_mib for one in warm]).slope


def _even(per_s: float, names: Sequence[str] = _WORKFLOWS) -> tuple[Stream, ...]:
    return tuple(Stream(name, per_s / len(names)) for name in names)


def _of(sent: Sequence[Sent], phase: str) -> list[Sent]:
    return [one for one in sent if one.phase == phase]


def _numbers(ours: Stood) -> dict[str, object]:
    return {
        "goodput": round(ours.goodput, 3),
        "refusal_p99_ms": round(ours.refusal_p99_s * 1000, 1),
        "rss_growth_mib": round(ours.rss_growth_mib, 1),
        "recovery_s": round(ours.recovery_s, 2) if math.isfinite(ours.recovery_s) else None,
        "capacity_per_s": round(ours.capacity_per_s, 1),
        "normal_p99_ms": round(ours.normal_p99_s * 1000, 1),
        "generator_lag_p99_ms": round(ours.lag_p99_s * 1000, 1),
        "cores_normal": round(ours.cores_normal, 2),
        "cores_spike": round(ours.cores_spike, 2),
        "endings": dict(ours.endings),
    }


def _rows(ours: Stood, bare: Stood) -> list[Row]:
    def row(what: str, of_one: str, words: str) -> Row:
        values = [f"{getattr(stood, of_one):{words}}" for stood in (ours, bare)]
        return Row(what, values[0], "bare proxy", values[1])

    def in_ms(what: str, of_one: str) -> Row:
        values = [f"{getattr(stood, of_one) * 1000:.1f} ms" for stood in (ours, bare)]
        return Row(what, values[0], "bare proxy", values[1])

    return [
        row(f"Answers/s in a closed loop (servers can do {CAPACITY_PER_S:.0f})", "capacity_per_s", ".1f"),
        row(f"Answers in time at {_SPIKE:.0f}×, of capacity", "goodput", ".3f"),
        in_ms("Refusals, p99", "refusal_p99_s"),
        row("Memory added, MiB", "rss_growth_mib", ".1f"),
        row("Normal again after, s", "recovery_s", ".2f"),
        in_ms("p99 at normal load", "normal_p99_s"),
        in_ms("The generator was late by, p99", "lag_p99_s"),
        row("Cores busy at normal load", "cores_normal", ".2f"),
        row("Cores busy in the spike", "cores_spike", ".2f"),
    ]


if __name__ == "__main__":
    main()

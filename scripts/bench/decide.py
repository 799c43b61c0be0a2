"""Measures choosing, starting and idling; see `scripts/bench/decide`.

Each number stands beside a baseline from the same run: choosing beside a fixed table per task type, the sidecar beside
a bare aiohttp server.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from dispatcher.core.classification import classify
from dispatcher.core.features import features_of
from dispatcher.core.task import (
    Complexity,
    Message,
    Role,
    TaskType,
)
from scripts.bench.choosing import AsServed
from scripts.bench.table import Row, print_table
from scripts.bench.ten_models import MODELS, PROMPTS

_ROUNDS = 3000
_STARTS = 5
_BARE = """
import sys
from aiohttp import web
async def ready(request):
    return web.json_response({"status": "ready"})
app = web.Application()
app.router.add_get("/ready", ready)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


def main() -> None:
    """Measure, print a table, and with --json the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    as_json = parser.parse_args().json
    decide_ms, table_ms = _median_ms(_decide), _median_ms(_look_up)
    with tempfile.TemporaryDirectory() as folder:
        _link_weights(Path(folder))
        ready_s, rss_mib = _start([sys.executable, "-m", "dispatcher", "serve", "--data-dir", folder, "--port"])
    bare_ready_s, bare_rss_mib = _start([sys.executable, "-c", _BARE])
    rows = [
        Row("Choose among 10 models, median", f"{decide_ms:.3f} ms", "fixed table by task type", f"{table_ms:.3f} ms"),
        Row("Start to /ready, median of 5", f"{ready_s:.2f} s", "bare aiohttp server", f"{bare_ready_s:.2f} s"),
        Row("Memory before the first model", f"{rss_mib:.0f} MiB", "bare aiohttp server", f"{bare_rss_mib:.0f} MiB"),
    ]
    print_table(rows, to_stderr=as_json)
    if as_json:
        print(json.dumps({"decide_p50_ms": decide_ms, "ready_s": ready_s, "rss_mib": rss_mib}))


def _median_ms(work: Callable[[str], object]) -> float:
    times = []
    for index in range(_ROUNDS):
        prompt = PROMPTS[index % len(PROMPTS)]
        begun_s = time.perf_counter()
        work(prompt)
        times.append(time.perf_counter() - begun_s)
    return round(statistics.median(times) * 1000, 4)


def _decide(prompt: str) -> object:
    """All that stands between a request and its model: classify, eligible, forecast, select, explore."""
    text = features_of((Message(Role.USER, prompt),))
    return _SERVED.choose(prompt, classify(TaskType.AUTO, Complexity.AUTO, text))


def _look_up(prompt: str) -> object:
    """What a gateway with fixed rules does: the same classification, then a table."""
    text = features_of((Message(Role.USER, prompt),))
    return _TABLE[classify(TaskType.AUTO, Complexity.AUTO, text).task_type]


_SERVED = AsServed()
_TABLE = {task: MODELS[index % len(MODELS)].spec.id for index, task in enumerate(TaskType)}


def _link_weights(folder: Path) -> None:
    """Let the measured sidecar see the model files that tests have fetched: without any it is never ready."""
    kept = Path(os.environ.get("AI_DISPATCH_CACHE", Path.home() / ".cache" / "ai-dispatch")) / "weights"
    if not any(kept.glob("*.gguf")):
        sys.exit(f"no model file in {kept}; run scripts/test or scripts/quickstart --once --small first")
    (folder / "weights").symlink_to(kept)


def _start(command: Sequence[str]) -> tuple[float, float]:
    """Seconds until /ready answers 200 (median of some starts), and the resident memory then, in MiB."""
    measured = [_start_once([*command, str(port)], port) for port in range(38_101, 38_101 + _STARTS)]
    return tuple(round(statistics.median(column), 3) for column in zip(*measured, strict=True))


def _start_once(command: Sequence[str], port: int) -> tuple[float, float]:
    begun_s = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not _is_ready(port):
                if process.poll() is not None or time.monotonic() - begun_s > 60:
                    sys.exit(f"it didn't get ready: {' '.join(command[:4])} …")
                time.sleep(0.005)
            return time.monotonic() - begun_s, psutil.Process(process.pid).memory_info().rss / 2**20
        finally:
            process.terminate()


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


main()

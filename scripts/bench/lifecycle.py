"""Measures how model containers live on a real Docker engine; see `scripts/bench/lifecycle`.

The engine is private (own socket, data and bridge), the sidecar is a process of its own, the models are real. Each
number stands beside a baseline from the same run. 20 decoy containers stand beside ours all the time.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import docker
from rich.console import Console
from rich.table import Table

from dispatcher.folder import install_id
from tests.engine.dockerd import PrivateEngine
from tests.fakes.real_weights import SMALL, fetched

_ROOT = Path(__file__).resolve().parents[2]
_IMAGE = "ai-dispatch-inference:0.1"
_PROGRAMS = ("dockerd", "containerd", "docker", "ip")
_USER = "65532:65532"
_ENTRY = {"engine": "embedded", "reference": SMALL, "host": "docker", "parameters_b": 0.135, "context_tokens": 1024}
_SEED = 7
_BLOCKS, _BLOCK = 6, 300  # of dispatches, for each state of the engine; seconds each, so that it is missed
_REPLICAS, _RECONCILES = 10, 3
_COLD_STARTS = 7
_ONE_REPLICA_MIB = 700
_CALLERS = 200
_BUSY_S, _LONG_TOKENS = 12.0, 160
_WORKLOAD_S, _CLIENTS, _MODELS, _ROOM = 30.0, 6, 4, 2
_SAMPLE_S = 0.02
_DECOYS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One number and its baseline, in words."""

    what: str
    number: str
    baseline: str
    its_number: str


@dataclass(slots=True)
class Found:
    """What was measured."""

    numbers: dict[str, float] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def add(self, key: str, number: float, row: Row) -> None:
        """Note a number for --json, and its row."""
        self.numbers[key] = number
        self.rows.append(row)


def main() -> None:
    """Measure, print a table, and with --json the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    as_json = parser.parse_args().json
    if missing := [name for name in _PROGRAMS if shutil.which(name) is None]:
        sys.exit(f"scripts/bench/lifecycle needs {', '.join(missing)}; on Debian: apt install docker.io iproute2")
    if os.geteuid() != 0:
        sys.exit("scripts/bench/lifecycle needs root: nobody else may start a private Docker engine")
    weights = fetched()
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        with _engine() as engine, tempfile.TemporaryDirectory(prefix="aidbench") as folder:
            found = asyncio.run(_measure(Bench(engine, weights, Path(folder))))
    except KeyboardInterrupt:
        sys.exit("stopped; everything that was started is gone")
    _print(found.rows, to_stderr=as_json)
    if as_json:
        print(json.dumps(found.numbers))


async def _measure(bench: "Bench") -> Found:
    """Everything, one after the other: the measurements must not disturb each other."""
    found = Found()
    with contextlib.closing(bench.docker):
        decoys = await asyncio.to_thread(_make_decoys, bench)
        for measure in (_frozen, _reconciled, _cold_starts, _many_callers, _two_busy, _budget):
            _say(measure.__doc__ or "")
            await measure(bench, found)
        await asyncio.to_thread(_count_decoys, bench, decoys, found)
    return found


# --- the engine frozen


async def _frozen(bench: "Bench", found: Found) -> None:
    """Warm dispatches while dockerd is frozen, and while it isn't."""
    times: dict[bool, list[float]] = {False: [], True: []}
    p99s: dict[bool, list[float]] = {False: [], True: []}
    async with bench.sidecar(memory_mib=2048) as owner:
        await owner.enter("warm")
        for _ in range(20):
            await owner.ask("warm")
        for number in range(2 * _BLOCKS):
            is_frozen = number % 4 in (1, 2)  # so that a drift harms neither
            with bench.frozen() if is_frozen else contextlib.nullcontext():
                block = [await owner.timed("warm") for _ in range(_BLOCK)]
            times[is_frozen] += block
            p99s[is_frozen].append(_p99(block))
            if is_frozen:
                await _until(owner.sees_docker, "the sidecar sees the engine again", 30)
    frozen_s, healthy_s = statistics.median(p99s[True]), statistics.median(p99s[False])
    row = Row(
        f"p99 of warm dispatches, dockerd frozen ({_BLOCKS} blocks of {_BLOCK}; p50 {_ms(_p50(times[True]))})",
        _ms(frozen_s),
        "dockerd healthy",
        f"{_ms(healthy_s)} (p50 {_ms(_p50(times[False]))})",
    )
    found.add("frozen_p99_ratio", round(frozen_s / healthy_s, 3), row)


# --- after kill -9


async def _reconciled(bench: "Bench", found: Found) -> None:
    """A sidecar with 10 replicas is killed and started again."""
    names = [f"box{number}" for number in range(_REPLICAS)]
    settings = {"memory_mib": 16_384, "idle_stop_s": 3600}
    took_s = []
    begun_s = time.monotonic()
    async with bench.sidecar(**settings) as owner:
        empty_s = time.monotonic() - begun_s
        for name in names:
            await owner.enter(name)
            await owner.call("POST", f"/api/models/{name}/start")
        await _until(lambda: owner.ready_ids(_REPLICAS), "all replicas are ready", 180)
        ready = await owner.ready_ids(_REPLICAS)
        running = bench.ours()
        for _ in range(_RECONCILES):
            await asyncio.to_thread(owner.kill)
            begun_s = time.monotonic()
            owner.launch()
            await _until(lambda: owner.ready_ids(_REPLICAS), "all replicas are found again", 60)
            took_s.append(time.monotonic() - begun_s)
            if (again := await owner.ready_ids(_REPLICAS)) != ready or bench.ours() != running:
                sys.exit(f"after kill -9 there are other replicas: {sorted(again ^ ready)}")
        ways = {(await owner.ask(name))["decision"]["way"] for name in names}
        if ways != {"warm"}:
            sys.exit(f"replicas that were found again didn't answer warm but: {sorted(ways)}")
    reconcile_s = round(statistics.median(took_s), 3)
    row = Row(
        f"kill -9, until {_REPLICAS} replicas are ready again (median of {_RECONCILES})",
        f"{reconcile_s:.2f} s (worst {max(took_s):.2f} s)",
        "start with no containers",
        f"{empty_s:.2f} s",
    )
    found.add("reconcile_s", reconcile_s, row)


# --- cold starts


async def _cold_starts(bench: "Bench", found: Found) -> None:
    """Cold dispatches and plain `docker run`, in turn."""
    ours_s, plain_s = [], []
    async with bench.sidecar(memory_mib=2048) as owner:
        await owner.enter("cold")
        for _ in range(_COLD_STARTS + 1):
            reply = await owner.ask("cold")
            ours_s.append(float(reply["timing"]["load_s"]))
            (container_id,) = bench.ours()
            attributes = bench.docker.inspect_container(container_id)
            await owner.call("POST", "/api/models/cold/stop")
            await _until(owner.is_empty, "the replica is stopped", 30)
            plain_s.append(await _plain_run(bench, attributes))
    overhead_ms = round(1000 * (statistics.median(ours_s[1:]) - statistics.median(plain_s[1:])), 1)
    row = Row(
        f"cold dispatch, time to load (median of {_COLD_STARTS}; {overhead_ms:+.0f} ms)",
        f"{statistics.median(ours_s[1:]):.3f} s",
        "plain docker run until /health is 200",
        f"{statistics.median(plain_s[1:]):.3f} s",
    )
    found.add("start_overhead_ms", overhead_ms, row)


async def _plain_run(bench: "Bench", like: dict[str, Any]) -> float:
    """Seconds from `docker run` of the same image, arguments and environment until it is ready."""
    port = _free_port()
    line = ["docker", f"--host={bench.engine.address}", "run", "--detach", "--name=plain", f"--user={_USER}"]
    line += [f"--volume={bench.weights.parent}:/models:ro", f"--publish=127.0.0.1:{port}:8080"]
    line += [f"--env={variable}" for variable in like["Config"]["Env"] or ()]
    begun_s = time.monotonic()
    try:
        await asyncio.to_thread(
            subprocess.run, [*line, _IMAGE, *like["Config"]["Cmd"]], check=True, capture_output=True
        )
        # Only now: a connection that comes before the container's address is up waits a second for the network.
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            await _until(lambda: _is_ok(http, "/health"), "the plain container is ready", 60)
        return time.monotonic() - begun_s
    finally:
        await asyncio.to_thread(bench.docker.remove_container, "plain", force=True)


# --- many callers of one cold model


async def _many_callers(bench: "Bench", found: Found) -> None:
    """200 callers of one cold model at once, with memory for one replica: with more, the queue is given a second."""
    async with bench.sidecar(memory_mib=_ONE_REPLICA_MIB) as owner:
        await owner.enter("wanted")
        since = time.time()
        replies = await asyncio.gather(*(owner.ask("wanted", timeout_s=170) for _ in range(_CALLERS)))
        until = time.time()
    filters = {"type": "container", "event": ["create"]}
    events = await asyncio.to_thread(
        lambda: list(bench.docker.events(since=int(since) - 1, until=int(until) + 1, filters=filters, decode=True))
    )
    made_s = sorted(event["timeNano"] / 1e9 for event in events if event["timeNano"] / 1e9 >= since)
    loaded_s = max(reply["timing"]["load_s"] for reply in replies)
    cold = sum(made <= since + loaded_s for made in made_s)
    at = ", ".join(f"{made - since:.1f}" for made in made_s)
    row = Row(
        f"containers made for {_CALLERS} callers of a cold model ({cold} until it was ready; after {at} s)",
        f"{len(made_s)}",
        "each caller starts what it needs",
        f"{_CALLERS}",
    )
    found.add("creates_for_200_callers", len(made_s), row)


# --- two models busy at once


async def _two_busy(bench: "Bench", found: Found) -> None:
    """Long answers of two models, one after the other and at once."""
    async with bench.sidecar(memory_mib=2048, cores=2) as owner:
        for name in ("left", "right"):
            await owner.enter(name)
            await owner.ask(name)
        alone = [await _speed(owner, name) for name in ("left", "right")]
        both = await asyncio.gather(*(_speed(owner, name) for name in ("left", "right")))
    ratio = round(statistics.mean(two / one for two, one in zip(both, alone, strict=True)), 3)
    row = Row(
        f"tokens/s of each of two busy models (ratio {ratio:.2f})",
        " and ".join(f"{speed:.1f}" for speed in both),
        "each alone, the same threads",
        " and ".join(f"{speed:.1f}" for speed in alone),
    )
    found.add("two_busy_speed_ratio", ratio, row)


async def _speed(owner: "Owner", model: str) -> float:
    """Tokens a second while decoding. The last answer doesn't count: the other model may be done already."""
    give_up_s = time.monotonic() + _BUSY_S
    answers: list[tuple[int, float]] = []
    while time.monotonic() < give_up_s:
        reply = await owner.ask(model, _LONG_TOKENS, prompt="Tell a very long story about a lighthouse.", timeout_s=60)
        timing = reply["timing"]
        answers.append((reply["usage"]["completion_tokens"] - 1, timing["total_s"] - timing["first_token_s"]))
    counted = answers[:-1] or answers
    return sum(tokens for tokens, _ in counted) / sum(seconds for _, seconds in counted)


# --- the memory budget


async def _budget(bench: "Bench", found: Found) -> None:
    """A random workload over 4 models with room for 2."""
    rng = random.Random(_SEED)  # noqa: S311 - nothing secret
    names = [f"crowd{number}" for number in range(_MODELS)]
    footprint_mib = await _footprint_mib(bench, names)
    budget_mib = _ROOM * footprint_mib + footprint_mib // 2
    async with bench.sidecar(memory_mib=budget_mib) as owner:
        sampler = Sampler(bench)
        sampling = asyncio.create_task(sampler.run())
        begun_s = time.monotonic()
        give_up_s = begun_s + _WORKLOAD_S
        clients = (_client(owner, names, random.Random(rng.random()), give_up_s) for _ in range(_CLIENTS))  # noqa: S311
        answers = list(itertools.chain(*await asyncio.gather(*clients)))
        sampler.is_over = True
        samples = await sampling
        every_ms = 1000 * (time.monotonic() - begun_s) / len(samples)
    taken_mib = [footprint_mib * len(models) for models in samples]
    exceeded = sum(taken > budget_mib for taken in taken_mib)
    seen = sorted({model for models in samples for model in models})
    changes = sum(a != b for a, b in itertools.pairwise(samples))
    keeping = _kept(samples, footprint_mib, budget_mib)
    row = Row(
        f"samples above the budget of {budget_mib} MiB ({len(samples)}, one every {every_ms:.0f} ms; most "
        f"{max(taken_mib)} MiB; {sum(answers)} of {len(answers)} answered, {len(seen)} models, {changes} changes)",
        f"{exceeded}",
        "what was started is kept",
        f"{keeping}",
    )
    found.add("budget_exceeded_samples", exceeded, row)


async def _client(owner: "Owner", names: Sequence[str], rng: random.Random, give_up_s: float) -> list[bool]:
    """Ask one model after another, now and then stop one; which were answered."""
    answers = []
    while time.monotonic() < give_up_s:
        name = rng.choice(names)
        if rng.random() < 0.05:
            await owner.call("POST", f"/api/models/{name}/stop")
        answers.append(await owner.try_to_ask(name, max_tokens=rng.randint(1, 24)))
        await asyncio.sleep(rng.random() * 0.2)
    return answers


async def _footprint_mib(bench: "Bench", names: Sequence[str]) -> int:
    """The memory that the sidecar reserves for a replica of such a model."""
    async with bench.sidecar(memory_mib=2048) as owner:
        return max([int((await owner.enter(name))["memory_mib"]) for name in names])


def _kept(samples: Sequence[tuple[str, ...]], footprint_mib: int, budget_mib: int) -> int:
    """In how many samples the budget would be exceeded if nothing were ever evicted."""
    kept: set[str] = set()
    exceeded = 0
    for models in samples:
        kept.update(models)
        exceeded += footprint_mib * len(kept) > budget_mib
    return exceeded


class Sampler:
    """Asks the engine, every 20 ms, for which models there are containers that may hold memory."""

    def __init__(self, bench: "Bench") -> None:
        self._bench = bench
        self.is_over = False

    async def run(self) -> list[tuple[str, ...]]:
        """The models of each sample, once `is_over`."""
        samples = []
        next_s = time.monotonic()
        while not self.is_over:
            samples.append(await asyncio.to_thread(self._sample))
            next_s = max(next_s + _SAMPLE_S, time.monotonic())
            await asyncio.sleep(next_s - time.monotonic())
        return samples

    def _sample(self) -> tuple[str, ...]:
        there = [item for item in self._bench.listed() if item["State"] not in ("exited", "dead", "removing")]
        return tuple(sorted(item["Labels"]["ai-dispatch.model"] for item in there))


# --- decoys


def _make_decoys(bench: "Bench") -> dict[str, str]:
    """Run 20 containers that look like ours but aren't; when each was started, by its id."""
    ours, managed, install = bench.install, "ai-dispatch.managed", "ai-dispatch.install"
    looks: list[tuple[str, dict[str, str]]] = [
        ("ai-dispatch-{}", {}),
        (f"ai-dispatch-{ours}-{{}}", {}),
        (f"ai-dispatch-{ours}-b{{}}", {managed: "1"}),
        (f"ai-dispatch-{ours}-c{{}}", {install: ours}),
        ("theirs-{}", {managed: "1", install: ours + "0"}),
        ("shorter-{}", {managed: "1", install: ours[:-1]}),
        ("louder-{}", {managed: "1", install: ours.upper()}),
        ("yes-{}", {managed: "true", install: ours}),
        ("near-{}", {f"{managed}.x": "1", install: ours, "ai-dispatch.model": "warm"}),
        ("box-{}", {managed: "1", install: "aid00000000", "ai-dispatch.model": "box0"}),
    ]
    decoys = {}
    for number in range(_DECOYS):
        name, labels = looks[number % len(looks)]
        container_id = bench.docker.create_container(
            _IMAGE,
            ["-c", "import time; time.sleep(100000)"],
            entrypoint=["/usr/bin/python3"],
            name=name.format(number),
            labels={**labels, "ai-dispatch.replica": f"{ours}-{number:08x}"},
        )["Id"]
        bench.docker.start(container_id)
        decoys[container_id] = bench.docker.inspect_container(container_id)["State"]["StartedAt"]
    return decoys


def _count_decoys(bench: "Bench", decoys: dict[str, str], found: Found) -> None:
    """How many are no longer as they were."""
    touched = 0
    for container_id, started_at in decoys.items():
        try:
            state = bench.docker.inspect_container(container_id)["State"]
        except docker.errors.NotFound:
            touched += 1
        else:
            touched += not (state["Running"] and not state["Paused"] and state["StartedAt"] == started_at)
    by_name = {item["Id"] for item in bench.docker.containers(all=True, filters={"name": "ai-dispatch"})}
    by_label = {item["Id"] for item in bench.docker.containers(all=True, filters={"label": "ai-dispatch.managed"})}
    row = Row(
        f"of {_DECOYS} look-alike containers, stopped or removed",
        f"{touched}",
        "who goes by the name or the label managed",
        f"{len((by_name | by_label) & decoys.keys())}",
    )
    found.add("decoys_touched", touched, row)


# --- what is measured on


class Bench:
    """The engine, and the one installation that all sidecars here are, one after the other."""

    def __init__(self, engine: PrivateEngine, weights: Path, folder: Path) -> None:
        self.engine = engine
        self.weights = weights
        self.folder = folder
        self.install = install_id(folder)
        self.docker = engine.client()

    @contextlib.asynccontextmanager
    async def sidecar(self, **settings: object) -> AsyncIterator["Owner"]:
        """A sidecar in a process of its own; its replicas go with it."""
        port = _free_port()
        given = {
            "docker_host": self.engine.address,
            "docker_user": _USER,
            "weights_dir": self.weights.parent,
            "image_embedded": _IMAGE,
            "cores": 2,
            "log_level": "warning",
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AI_DISPATCH_")}
        environment = kept | {f"AI_DISPATCH_{name.upper()}": str(value) for name, value in given.items()}
        owner = Owner(self.folder, port, environment)
        try:
            owner.launch()
            await owner.connect()
            yield owner
        finally:
            await owner.close()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The engine stopped inside the block."""
        self.engine.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.engine.signal(signal.SIGCONT)

    def listed(self) -> list[dict[str, Any]]:
        """The containers of this installation, as the engine says."""
        labels = ["ai-dispatch.managed=1", f"ai-dispatch.install={self.install}"]
        return list(self.docker.containers(all=True, filters={"label": labels}))

    def ours(self) -> frozenset[str]:
        """Their ids."""
        return frozenset(item["Id"] for item in self.listed())


class Owner:
    """A sidecar's process, and a caller with the admin token."""

    def __init__(self, folder: Path, port: int, environment: dict[str, str]) -> None:
        self._folder = folder
        self._port = port
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._http: aiohttp.ClientSession | None = None

    def launch(self) -> None:
        """Start the process."""
        line = [sys.executable, "-m", "dispatcher", "serve", "--data-dir", str(self._folder), "--port", str(self._port)]
        with (self._folder / "bench.log").open("ab") as log:
            self._process = subprocess.Popen(
                line, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self._environment, start_new_session=True
            )

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def connect(self) -> None:
        """Wait until it answers."""
        address = f"http://127.0.0.1:{self._port}"
        async with aiohttp.ClientSession(address) as http:
            await _until(lambda: _is_ok(http, "/health"), "the sidecar answers", 30)
        token = (self._folder / "admin.token").read_text().strip()
        connector = aiohttp.TCPConnector(limit=0)
        self._http = aiohttp.ClientSession(
            address, headers={"Authorization": f"Bearer {token}"}, connector=connector, raise_for_status=False
        )

    async def close(self) -> None:
        """Tell it to stop, and wait."""
        if self._http is not None:
            await self._http.close()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                await asyncio.to_thread(self._process.wait, 60)
            finally:
                self.kill()

    async def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """A reply that must be good."""
        status, reply = await self._call(method, path, body)
        if status >= 300:
            sys.exit(f"{method} {path} answered {status}: {reply}\n{self._log()}")
        return reply

    async def enter(self, name: str) -> dict[str, Any]:
        """Add a model, if it isn't known from before."""
        status, reply = await self._call("GET", f"/api/models/{name}")
        return reply if status == 200 else await self.call("POST", "/api/models", {"id": name, **_ENTRY})

    async def ask(
        self, model: str, max_tokens: int = 1, prompt: str = "Name a colour.", timeout_s: float = 60
    ) -> dict[str, Any]:
        """One dispatch, answered."""
        return await self.call("POST", "/api/dispatch", _body(model, max_tokens, prompt, timeout_s))

    async def try_to_ask(self, model: str, max_tokens: int) -> bool:
        """Whether one dispatch was answered; a refusal is fine."""
        status, _ = await self._call("POST", "/api/dispatch", _body(model, max_tokens, "Name a colour.", 30))
        return status == 200

    async def timed(self, model: str) -> float:
        """Seconds of one dispatch, as its caller sees it."""
        begun_s = time.perf_counter()
        await self.ask(model)
        return time.perf_counter() - begun_s

    async def ready_ids(self, count: int) -> frozenset[str]:
        """The ids of all replicas when so many are ready, else none."""
        try:
            found = (await self.call("GET", "/api/containers"))["containers"]
        except aiohttp.ClientError:
            return frozenset()
        ready = frozenset(one["id"] for one in found if one["state"] == "ready")
        return ready if len(ready) == len(found) == count else frozenset()

    async def is_empty(self) -> bool:
        """Whether there are no replicas."""
        return not (await self.call("GET", "/api/containers"))["containers"]

    async def sees_docker(self) -> bool:
        """Whether the engine answers it."""
        return bool((await self._call("GET", "/ready"))[1]["parts"]["docker"]["status"] == "ok")

    async def _call(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        if self._http is None:
            raise RuntimeError("it isn't connected yet")
        async with self._http.request(method, path, json=body) as response:
            reply: dict[str, Any] = await response.json()
            return response.status, reply

    def _log(self) -> str:
        return (self._folder / "bench.log").read_text()[-2000:]


def _body(model: str, max_tokens: int, prompt: str, timeout_s: float) -> dict[str, object]:
    return {"prompt": prompt, "model": model, "requirements": {"max_tokens": max_tokens, "timeout": timeout_s}}


@contextlib.contextmanager
def _engine() -> Iterator[PrivateEngine]:
    """A private engine that has the image; gone at the end, also after Ctrl-C."""
    _say("Starting a private Docker engine")
    engine = PrivateEngine(Path(tempfile.mkdtemp(prefix="aid")))
    try:
        engine.start()
        environment = {**os.environ, "DOCKER_HOST": engine.address}
        subprocess.run([_ROOT / "scripts" / "build-inference-image", _IMAGE], env=environment, check=True, stdout=2)
        yield engine
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # impatience must not leave half of it behind
        engine.close()


def _interrupted(_number: int, _frame: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)  # the same end as after Ctrl-C


async def _until(probe: Callable[[], Awaitable[object]], what: str, within_s: float, every_s: float = 0.01) -> None:
    give_up_s = time.monotonic() + within_s
    while not await probe():
        if time.monotonic() > give_up_s:
            sys.exit(f"not within {within_s:.0f} s: {what}")
        await asyncio.sleep(every_s)


async def _is_ok(http: aiohttp.ClientSession, path: str) -> bool:
    try:
        async with http.get(path) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _p99(times_s: Sequence[float]) -> float:
    return statistics.quantiles(times_s, n=100)[98]


def _p50(times_s: Sequence[float]) -> float:
    return statistics.median(times_s)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print(rows: Sequence[Row], *, to_stderr: bool) -> None:
    table = Table("What", "AI Dispatch", "Baseline", "its number")
    for row in rows:
        table.add_row(row.what, row.number, row.baseline, row.its_number)
    Console(stderr=to_stderr).print(table)


if __name__ == "__main__":
    main()

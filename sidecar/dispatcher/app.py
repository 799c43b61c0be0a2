"""The composition root: builds every part in the order in which they start, and takes them down in reverse."""

import asyncio
import errno
import os
import random
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec

import orjson
import structlog
import uvloop
from aiohttp import web

from dispatcher import __version__
from dispatcher.api.calibration import CalibrationApi
from dispatcher.api.containers import ContainersApi
from dispatcher.api.dispatch import DispatchApi
from dispatcher.api.feedback import FeedbackApi
from dispatcher.api.job_bodies import JobMaker
from dispatcher.api.job_replies import job_words
from dispatcher.api.jobs import JobsApi
from dispatcher.api.keyed_dispatch import KeyedDispatch
from dispatcher.api.log import LogApi
from dispatcher.api.models import ModelsApi
from dispatcher.api.openapi import openapi_document
from dispatcher.api.operations import OperationsApi
from dispatcher.api.optimizer import OptimizerApi
from dispatcher.api.prompt_variants import PromptVariantsApi
from dispatcher.api.rankers import RankersApi
from dispatcher.api.requests import RequestLimits
from dispatcher.api.routes import Route
from dispatcher.api.server import application, runner
from dispatcher.api.tokens import Tokens, load_tokens
from dispatcher.app_dropin import Counter, dropin_routes
from dispatcher.app_learning import Ground, build_learning
from dispatcher.callbacks.client import CallbackClient, new_callback_session
from dispatcher.clocks import steady_wall
from dispatcher.core.callback import allowed_hosts
from dispatcher.core.container_models import ollama_models
from dispatcher.core.model import Engine, HostKind, ModelSpec, RuntimeKind
from dispatcher.core.replica import Endpoint
from dispatcher.core.shipped_variants import SHIPPED
from dispatcher.core.task import ModelId
from dispatcher.core.threads import threads_for
from dispatcher.errors import SettingsError
from dispatcher.folder import held_folder, install_id
from dispatcher.hosts.docker_spec import DockerSettings
from dispatcher.hosts.host import Host
from dispatcher.hosts.process import ProcessHost
from dispatcher.hosts.remote import RemoteHost
from dispatcher.learning.task_file import load_task_weights
from dispatcher.learning.task_sense import LearnedSense
from dispatcher.logs import configure_logs
from dispatcher.machine import lent_cores, lent_memory_mib
from dispatcher.metrics import Metrics
from dispatcher.runtimes.guarded import new_guarded_session
from dispatcher.runtimes.ollama import OllamaRuntime
from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.runtimes.remote_probe import RemoteProbe
from dispatcher.runtimes.runtime import Runtime
from dispatcher.runtimes.session import new_session
from dispatcher.service.adopt import Adopter
from dispatcher.service.calibrate import Calibrator
from dispatcher.service.call_back import CallbackSender
from dispatcher.service.choose import Chooser
from dispatcher.service.cores import CoreGate
from dispatcher.service.diagnose import Doctor
from dispatcher.service.dispatch import Dispatcher
from dispatcher.service.embed import Embedder, EmbedLimits
from dispatcher.service.end import Ender
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.forget_jobs import Memory, forget_jobs
from dispatcher.service.gauges import read_gauges
from dispatcher.service.generations import Generations
from dispatcher.service.job_news import JobNews
from dispatcher.service.jobs import Jobs
from dispatcher.service.lease import Leaser
from dispatcher.service.manage import Manager
from dispatcher.service.optimize import Bounds, Optimizer
from dispatcher.service.pause import Pauser
from dispatcher.service.poison import PoisonGuard
from dispatcher.service.pull import Puller
from dispatcher.service.quarantine import Quarantine
from dispatcher.service.quiet import Quiet
from dispatcher.service.rate_limits import RateLimits
from dispatcher.service.readiness import Readiness
from dispatcher.service.reap import Reaper
from dispatcher.service.reconcile import Reconciler
from dispatcher.service.record import Recorder
from dispatcher.service.registry import Registry
from dispatcher.service.remotes import Remotes
from dispatcher.service.response_cache import ResponseCache
from dispatcher.service.retain import retain
from dispatcher.service.room import Room
from dispatcher.service.rules import Rules
from dispatcher.service.run_jobs import JobRunner, RunLimits
from dispatcher.service.scale import Scaler
from dispatcher.service.schedule import Scheduler
from dispatcher.service.settle import Settler
from dispatcher.service.ship_variants import ship_variants
from dispatcher.service.start import Starter
from dispatcher.service.stop import Stopper
from dispatcher.service.task_sense import TaskSense
from dispatcher.service.tasks import KeptTasks
from dispatcher.service.variants import Variants
from dispatcher.service.vector_sizes import VectorSizes
from dispatcher.service.warm import Warmer
from dispatcher.service.watch import Watcher
from dispatcher.settings import Applying, Auth, Settings
from dispatcher.store.database import Database
from dispatcher.store.dispatches import DispatchLog
from dispatcher.store.generations import generations as known_generations
from dispatcher.store.lifecycle import measured_peaks, record_lifecycle
from dispatcher.store.models import admin_models, all_models, sync_catalogue
from dispatcher.store.remote_keys import remote_keys
from dispatcher.store.task_counts import taught_counts
from dispatcher.weights.catalogue import CatalogueEntry, load_catalogue
from dispatcher.weights.download import new_download_session
from dispatcher.weights.library import WeightLibrary

_LOG = structlog.get_logger(__name__)
EMBEDDED = (sys.executable, "-m", "dispatcher.embedded.server")


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A running sidecar: where it listens, and the parts that tests look into."""

    base_url: str
    fleet: Fleet
    database: Database
    embedder: Embedder


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT.

    Raises: SettingsError, StoreError: nothing is left running then.
    """
    configure_logs(settings.log_level, settings.log_format)
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with sidecar(settings):
        await stop.wait()
        _LOG.info("stopping")


@asynccontextmanager
async def sidecar(
    settings: Settings,
    program: tuple[str, ...] = EMBEDDED,
    catalogue: tuple[CatalogueEntry, ...] | None = None,
) -> AsyncIterator[Sidecar]:
    """Build and run everything inside the block. `program` is the inference server that replicas run."""
    now, wall = time.monotonic, time.time
    cores = lent_cores(settings.cores)
    entries = await asyncio.to_thread(load_catalogue) if catalogue is None else catalogue
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        tokens, install = await asyncio.to_thread(_open_folder, stack, settings)
        database = await Database.open(settings.data_dir / "ai-dispatch.db")
        stack.push_async_callback(database.close)
        shipped = _shipped(entries, settings, can_embed=program != EMBEDDED or find_spec("xllamacpp") is not None)
        await sync_catalogue(database, shipped)
        session = await stack.enter_async_context(new_session())
        downloads = await stack.enter_async_context(new_download_session())
        calling = await stack.enter_async_context(new_callback_session())
        library = WeightLibrary(settings.weights_path, entries, downloads, now)
        stack.push_async_callback(library.close)
        await library.scan()

        tasks = KeptTasks()
        quarantine = Quarantine(now)
        entered = await admin_models(database)
        known = {spec.id for spec in shipped} | entered
        specs = [spec for spec in await all_models(database) if spec.id in known]
        ollama = OllamaRuntime(session, now)
        remote, rates = RemoteHost(), RateLimits(now)
        outside = await stack.enter_async_context(new_guarded_session(settings.networks))
        outside_ollama = OllamaRuntime(outside, now)
        runtimes: dict[RuntimeKind, Runtime] = {
            RuntimeKind.OPENAI: OpenAIRuntime(session, now),
            RuntimeKind.OLLAMA: ollama,
        }
        guarded: dict[RuntimeKind, Runtime] = {
            RuntimeKind.OPENAI: OpenAIRuntime(outside, now),
            RuntimeKind.OLLAMA: outside_ollama,
        }
        equipment = Equipment(_hosts(stack, settings, program, install, remote), runtimes, guarded)
        peaks_mib = await measured_peaks(database)
        registry = Registry(specs, library, equipment, quarantine, rates, peaks_mib, threads_for(cores))
        generations = Generations(database, await known_generations(database), wall)
        for spec in specs:
            if spec.host is not HostKind.REMOTE or spec.url:  # of an adopted one only its server knows the digest
                generations.note(spec)
        fleet = Fleet(now, wall, lambda record: record_lifecycle(database, record))
        hosts_mib = [await one.memory_mib() for one in equipment.hosts.values()]
        budget_mib = await asyncio.to_thread(lent_memory_mib, settings.memory_mib, hosts_mib)
        ender = Ender(fleet, equipment, tasks)
        starter = Starter(
            fleet,
            registry,
            equipment,
            ender,
            quarantine,
            tasks,
            metrics,
            now,
            budget_mib,
            settings.start_timeout_s,
        )
        pauser = Pauser(fleet, equipment, tasks)
        stopper = Stopper(fleet, ender, metrics)
        watcher = Watcher(fleet, equipment, registry, ender, now)
        reconciler = Reconciler(fleet, registry, equipment, budget_mib)
        await reconciler.reconcile()
        stack.push_async_callback(stopper.stop_all)
        stack.push_async_callback(tasks.close)
        tasks.supervise(stopper.run, "stop")
        for kind, one in equipment.hosts.items():
            tasks.supervise(partial(watcher.run, one), f"watch {kind}")
            if kind is HostKind.DOCKER:  # an engine that was away may come back
                tasks.supervise(partial(reconciler.run, one), f"reconcile {kind}")
        probe, keys = RemoteProbe(outside), await remote_keys(database)
        remotes = Remotes(remote, probe, outside_ollama, registry, fleet, rates, keys, settings.networks, now)
        await remotes.take_up()
        tasks.supervise(remotes.run, "remotes")
        if settings.ollama_url is not None:
            adopted, is_local = Endpoint(settings.ollama_url.rstrip("/"), ""), settings.is_ollama_local
            adopter = Adopter(remote, adopted, ollama, registry, fleet, generations, database, is_local, now)
            await adopter.look()
            tasks.supervise(adopter.run, "adopt")
        scheduler = Scheduler(fleet, registry, starter, budget_mib, now)
        tasks.supervise(scheduler.run, "schedule")
        warmer = Warmer(fleet, registry, starter, budget_mib, now)
        tasks.supervise(warmer.run, "warm")
        tasks.supervise(Scaler(fleet, registry, starter, budget_mib, cores).run, "scale")
        tasks.supervise(Reaper(fleet, registry, pauser, budget_mib, settings.idle_stop_s).run, "reap")
        tasks.supervise(lambda: retain(database, wall, settings.retention_days), "retain")

        chance = random.Random(settings.seed)  # noqa: S311 - explores, guards no secret
        ways = await ship_variants(database, SHIPPED, wall())
        variants = Variants(database, ways, settings.exploration, chance.random, wall)
        ground = Ground(database, registry, generations, variants, metrics, tasks, wall)
        learning = await build_learning(ground, settings, threads_for(cores), chance)
        doctor = Doctor(fleet, registry, watcher, remotes, rates, metrics)
        settler = Settler(fleet, equipment, doctor, tasks, now)
        room = Room(fleet, registry, settings.queue_max, settings.queue_model_max, now, random.Random())  # noqa: S311 - a jitter
        sense = TaskSense(await _learned_sense(database), database, metrics, wall)
        stack.push_async_callback(sense.save)  # while the database is open
        tasks.supervise(sense.run, "learn task types")
        leaser = Leaser(fleet, scheduler, pauser, CoreGate(cores), room, settler, rates, now)
        recorder = Recorder(DispatchLog(database), metrics)
        poison = PoisonGuard(secrets.token_bytes(32), quarantine, metrics, now)
        dispatcher = Dispatcher(
            sense,
            Chooser(registry, fleet, variants, budget_mib, settings.deadline_confidence, settings.max_tokens_default),
            learning.panel,
            partial(learning.explorer.pick, rng=chance),
            leaser,
            warmer,
            registry,
            equipment,
            doctor,
            recorder,
            poison,
            now,
            wall,
            settings.attempts_max,
            settings.stall_s,
        )
        embedder = Embedder(
            ModelId(settings.embedding_model),
            registry,
            fleet,
            leaser,
            equipment,
            doctor,
            poison,
            recorder,
            VectorSizes(generations.since_at),
            budget_mib,
            EmbedLimits(settings.prompt_chars_max, settings.stall_s),
            now,
            wall,
        )
        limits = RequestLimits(settings.prompt_chars_max, settings.timeout_default_s, settings.timeout_max_s)
        callback_hosts = allowed_hosts(settings.callback_hosts or "")
        steady = steady_wall(now, wall)
        words, news = job_words(limits), JobNews()
        job_runner = JobRunner(
            database,
            dispatcher,
            words,
            news,
            metrics,
            f"run_{secrets.token_hex(8)}",
            Quiet(fleet, equipment, now).wait,
            steady,
            RunLimits(settings.jobs_in_hand_max, settings.jobs_bytes_max),
        )
        await job_runner.take_over()
        callbacks = CallbackSender(database, CallbackClient(calling), words, news, metrics, steady, callback_hosts)
        memory = Memory(settings.job_grace_s, settings.job_result_ttl_s)
        stack.push_async_callback(job_runner.close)
        tasks.supervise(job_runner.run, "run jobs")
        tasks.supervise(job_runner.renew, "renew leases")
        tasks.keep(job_runner.settle(), "settle jobs")
        tasks.supervise(callbacks.run, "call back")
        tasks.supervise(lambda: forget_jobs(database, news, metrics, steady, memory), "forget jobs")
        jobs = Jobs(database, job_runner, news, metrics, now, steady, settings.jobs_max)
        maker = JobMaker(limits, callback_hosts, steady)

        manager = Manager(
            registry, fleet, starter, equipment, quarantine, generations, database, entered, remotes, budget_mib
        )

        rules = Rules(database, registry, manager, wall)
        optimizer = Optimizer(database, registry, rules, _bounds(settings, budget_mib), learning.train, wall)
        tasks.supervise(optimizer.run, "optimize")

        room_bytes = settings.response_cache_mib * 2**20
        cache = ResponseCache(
            registry, metrics, secrets.token_bytes(32), now, room_bytes, settings.response_cache_ttl_s
        )

        async def metrics_text() -> bytes:
            await read_gauges(metrics, fleet, database, budget_mib)
            return metrics.text()

        puller = Puller(registry, library, manager)
        counter = Counter(dispatcher, embedder, room, registry, fleet, manager, puller, cache, now, wall)

        routes: list[Route] = [
            *DispatchApi(
                dispatcher,
                room,
                fleet,
                limits,
                now,
                settings.write_timeout_s,
                KeyedDispatch(jobs, dispatcher, maker, metrics),
                cache,
            ).routes(),
            *JobsApi(jobs, dispatcher, maker).routes(),
            *ModelsApi(registry, fleet, puller, manager, settings.write_timeout_s).routes(),
            *CalibrationApi(
                Calibrator(dispatcher, fleet, settings.timeout_max_s), registry, settings.write_timeout_s
            ).routes(),
            *ContainersApi(fleet, manager, budget_mib, now).routes(),
            *LogApi(database, wall, lambda: sense.agreement).routes(),
            *PromptVariantsApi(variants).routes(),
            *FeedbackApi(database, metrics, wall, settings.feedback_daily_max).routes(),
            *RankersApi(learning.rankers).routes(),
            *OptimizerApi(optimizer, rules).routes(),
            *dropin_routes(counter, settings),
            *OperationsApi(
                Readiness(registry, fleet, equipment, database),
                metrics_text,
                lambda: orjson.dumps(openapi_document(routes)),
            ).routes(),
        ]
        hosts = frozenset(name.strip().lower() for name in settings.allowed_hosts.split(",")) | {settings.host.lower()}
        app = application(routes, hosts, tokens, metrics, settings.request_bytes_max)
        base_url = await _listen(stack, app, settings)
        stack.callback(news.close)  # first of all, so that nobody's long poll holds up the end
        _LOG.info("serving", url=base_url, version=__version__, memory_mib=budget_mib, cores=cores)
        yield Sidecar(base_url, fleet, database, embedder)


def _bounds(settings: Settings, budget_mib: int) -> Bounds:
    return Bounds(
        budget_mib=budget_mib,
        idle_stop_s=settings.idle_stop_s,
        every_s=settings.optimizer_every_s,
        applies=settings.optimizer_apply is Applying.ON,
    )


async def _learned_sense(database: Database) -> LearnedSense | None:
    """What is known of task types, shipped and taught here; None, and the rules decide, when the table is broken."""
    try:
        weights = await asyncio.to_thread(load_task_weights)
    except (OSError, ValueError) as error:
        _LOG.error("task_table_unusable", error=str(error))
        return None
    return LearnedSense(weights, await taught_counts(database))


def _hosts(
    stack: AsyncExitStack, settings: Settings, program: tuple[str, ...], install: str, remote: RemoteHost
) -> dict[HostKind, Host]:
    """Who runs replicas here; those that need it are closed with the stack."""
    process = ProcessHost(settings.data_dir, program, install)
    hosts: dict[HostKind, Host] = {HostKind.PROCESS: process, HostKind.REMOTE: remote}
    if settings.docker_host is not None:
        from dispatcher.hosts.docker import DockerHost  # its SDK takes memory that those without Docker keep

        docker = DockerHost(_docker_settings(settings, install), settings.docker_host)
        stack.push_async_callback(docker.close)
        hosts[HostKind.DOCKER] = docker
    return hosts


def _shipped(entries: Sequence[CatalogueEntry], settings: Settings, *, can_embed: bool) -> list[ModelSpec]:
    """The models to offer: small ones where llama.cpp is at hand, as a package or an image; with Docker also others."""
    small = [entry.spec for entry in entries]
    if settings.docker_host is None:
        return small if can_embed else []
    host = HostKind.PROCESS if can_embed else HostKind.DOCKER
    return [*(replace(spec, host=host) for spec in small), *ollama_models()]


def _docker_settings(settings: Settings, install: str) -> DockerSettings:
    return DockerSettings(
        install_id=install,
        images={
            Engine.EMBEDDED: settings.image_embedded,
            Engine.OLLAMA: settings.image_ollama,
            Engine.LLAMA_CPP: settings.image_llama_cpp,
            Engine.VLLM: settings.image_vllm,
        },
        weights_folder=str(settings.weights_path),
        weights_source=settings.docker_weights or str(settings.weights_path),
        user=settings.docker_user or f"{os.getuid()}:{os.getgid()}",
        network=settings.docker_network,
    )


async def _listen(stack: AsyncExitStack, app: web.Application, settings: Settings) -> str:
    serving = runner(app)
    await serving.setup()
    stack.push_async_callback(serving.cleanup)
    try:
        await web.TCPSite(serving, settings.host, settings.port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"AI_DISPATCH_PORT: port {settings.port} is in use; stop what uses it or choose another"
            ) from error
        raise SettingsError(f"AI_DISPATCH_HOST: can't listen on {settings.host}: {error.strerror}") from error
    port = serving.addresses[0][1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{port}"


def _open_folder(stack: AsyncExitStack, settings: Settings) -> tuple[Tokens | None, str]:
    """Hold the data folder, and read from it who may call and what this installation is called."""
    stack.enter_context(held_folder(settings.data_dir))
    install = install_id(settings.data_dir)
    if settings.auth is Auth.NONE:
        return None, install
    return load_tokens(settings.admin_token_path, settings.dispatch_token_path), install

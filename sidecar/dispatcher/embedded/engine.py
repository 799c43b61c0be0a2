"""llama.cpp's own server for one model, for as long as standard input stays open.

It is a process of its own because llama.cpp aborts on some faults, and holds Python's lock while it loads, so that no
signal handler runs. `dispatcher.embedded.server` starts it, watches it, and says in one line why it ended.
"""

import os
import signal
import sys
import time

import xllamacpp

from dispatcher.embedded.settings import EngineSettings, parse_settings

ERRORS_ONLY = 1  # from 2 on, llama.cpp logs malformed requests with their text
HTTP_THREADS = 32  # one per open connection: calls that wait for a slot must leave some for /health


def main() -> None:
    """Load, serve, and end at once when the process that started this one has gone."""
    settings = parse_settings(sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both processes; the server ends this one
    _limit_memory(settings.memory_limit_mib, HTTP_THREADS + settings.slots + settings.threads)
    started_s = time.monotonic()
    try:
        server = xllamacpp.Server(_parameters(settings))
    except (RuntimeError, MemoryError) as error:
        print(error if str(error) else type(error).__name__, file=sys.stderr, flush=True)
        sys.exit(1)  # the orderly way: llama.cpp writes its log from another thread, and the reason is in it
    print(f"serving {server.listening_address} after {time.monotonic() - started_s:.1f} s", file=sys.stderr, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # nothing to save, and the orderly way waits for answers in flight


def _parameters(settings: EngineSettings) -> "xllamacpp.CommonParams":
    parameters = xllamacpp.CommonParams()
    parameters.model.path = settings.model
    parameters.model_alias = {settings.alias} if settings.alias else set()
    parameters.hostnames = [settings.host]
    parameters.port = settings.port
    parameters.api_keys = [settings.api_key]
    parameters.n_parallel = settings.slots
    parameters.n_ctx = settings.context_tokens * settings.slots
    parameters.n_threads_http = HTTP_THREADS
    parameters.cpuparams.n_threads = settings.threads
    parameters.cpuparams_batch.n_threads = settings.threads
    parameters.n_batch = 512  # tokens of a prompt read before a caller who left is noticed; 2048 is no faster
    parameters.fit_params = False  # it would shrink the context to what it thinks fits, and loads twice to find out
    parameters.no_extra_bufts = True  # a second, repacked copy of the weights: 600 MiB for a 1.5B model, no faster here
    parameters.cache_ram_mib = 0  # keeps old prompts in memory nobody planned for
    parameters.verbosity = ERRORS_ONLY
    parameters.ui = False
    parameters.endpoint_slots = True  # says which slots are busy, not with what, and wants the key
    parameters.cors_origins = ""
    if settings.embedding:
        parameters.embedding = True
        parameters.n_parallel = 1  # one text after the other: its vector never depends on what is embedded beside it
        parameters.n_ctx = settings.context_tokens
        parameters.n_batch = parameters.n_ubatch = max(512, settings.context_tokens)  # must hold a text whole
    return parameters


def _limit_memory(limit_mib: int, threads: int) -> None:
    """Cap private memory, and never dump core: it would hold prompts.

    The weights are a read-only file mapping, which the cap doesn't count. Stacks are hardly used, but counted in full:
    they come on top.
    """
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if limit_mib and sys.platform == "linux":
        stack = resource.getrlimit(resource.RLIMIT_STACK)[0]
        limit = limit_mib * 1024 * 1024 + stack * threads
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    main()

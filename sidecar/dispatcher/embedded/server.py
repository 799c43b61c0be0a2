"""The embedded inference server: starts the engine for one GGUF file, and says in one line why it ended.

Run as `python -m dispatcher.embedded.server --model FILE --port N …`; see `--help`. It needs nothing but xllamacpp and
this package. Being a process apart from the engine, it can stop it at any moment, also while it loads, and it can put
an abort deep in llama.cpp into words.
"""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import FrameType

from dispatcher.embedded.settings import EngineSettings, parse_settings

_LAST_LINES = 40


class ExitCode(IntEnum):
    """How the server ends (2, bad arguments, is argparse's)."""

    STOPPED = 0
    FAULT = 1
    WEIGHTS = 3
    PORT = 4
    MEMORY = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the engine ended; the message is empty when it was told to."""

    code: ExitCode
    message: str


def main() -> int:
    """Serve until told to stop or until the engine ends; returns the exit code."""
    settings = parse_settings(sys.argv[1:])
    _shrink_stacks()
    verdict = _unreadable(settings.model) or _run_engine(settings)
    if verdict.message:
        print(f"dispatcher.embedded.server: {verdict.message}", file=sys.stderr, flush=True)
    return verdict.code


def _run_engine(settings: EngineSettings) -> Verdict:
    """Start the engine, pass on what it says, and judge its end. The engine never outlives this process."""
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, _stop)
    print(f"loading {settings.model}", file=sys.stderr, flush=True)
    with subprocess.Popen(
        [sys.executable, "-m", "dispatcher.embedded.engine", *sys.argv[1:]],
        stdin=subprocess.PIPE,  # closed when this process is gone, which ends the engine
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "GGML_NO_BACKTRACE": "1"},
    ) as engine:
        try:
            last_lines = _pass_on(engine.stderr or ())
            return judge(engine.wait(), last_lines, settings)
        finally:
            engine.kill()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(ExitCode.STOPPED)


def _pass_on(lines: Iterable[bytes]) -> list[str]:
    """Copy what the engine says to this process's stderr; returns its last lines."""
    last_lines: deque[str] = deque(maxlen=_LAST_LINES)
    for line in lines:
        text = line.decode(errors="replace").rstrip()
        last_lines.append(text)
        print(text, file=sys.stderr, flush=True)
    return list(last_lines)


def judge(status: int, last_lines: Iterable[str], settings: EngineSettings) -> Verdict:
    """Say why the engine ended, from its exit status (negative: a signal) and the last it said."""
    if status in (0, -signal.SIGTERM, -signal.SIGINT):
        return Verdict(ExitCode.STOPPED, "")
    said = "\n".join(last_lines)
    if status == -signal.SIGKILL or any(sign in said for sign in _MEMORY_SIGNS):
        return Verdict(ExitCode.MEMORY, _out_of_memory(settings))
    if "couldn't bind" in said:
        return Verdict(ExitCode.PORT, f"port {settings.port} is in use; choose another with --port")
    if "error loading model" in said or "failed to load model" in said:
        return Verdict(ExitCode.WEIGHTS, f"{settings.model} can't be loaded: {_reason(said)}; fetch it again")
    how = signal.Signals(-status).name if status < 0 else f"status {status}"
    return Verdict(ExitCode.FAULT, f"the engine ended with {how}; what it said, if anything, is above")


_MEMORY_SIGNS = (
    "insufficient memory",
    "failed to allocate",
    "Cannot allocate memory",
    "bad_alloc",
    "MemoryError",
    "mem_buffer != NULL",  # ggml asserts that it got memory, and aborts before the log is written
    "Resource temporarily unavailable",  # no memory for a thread's stack
)


def _out_of_memory(settings: EngineSettings) -> str:
    limit = f"a limit of {settings.memory_limit_mib} MiB" if settings.memory_limit_mib else "this machine's memory"
    return (
        f"out of memory: {limit} is too little for {settings.slots} x {settings.context_tokens} tokens of context; "
        "raise --memory-limit-mib, or lower --context-tokens or --slots"
    )


def _reason(said: str) -> str:
    line = next(line for line in said.splitlines() if "error loading model" in line or "failed to load model" in line)
    return line.partition("model: ")[2] or "llama.cpp doesn't say why"


def _unreadable(path: str) -> Verdict | None:
    """Say so, before anything is started, when the file can't be a model."""
    try:
        with Path(path).open("rb") as file:
            if file.read(4) == b"GGUF":
                return None
        reason = "it is not a GGUF file"
    except OSError as error:
        reason = error.strerror or str(error)
    return Verdict(ExitCode.WEIGHTS, f"{path} can't be loaded: {reason}")


def _shrink_stacks() -> None:
    """Give the engine's many threads 2 MiB of stack each (the default is 8), for its memory limit counts them whole."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_STACK, (2 * 1024 * 1024, resource.getrlimit(resource.RLIMIT_STACK)[1]))


if __name__ == "__main__":
    sys.exit(main())

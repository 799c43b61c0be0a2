"""The command line of the embedded inference server, read by the server and by the engine it starts."""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

API_KEY_VARIABLE = "AI_DISPATCH_REPLICA_KEY"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What is served, where, and how much of the machine it may take."""

    model: str
    host: str
    port: int
    context_tokens: int
    slots: int
    threads: int
    memory_limit_mib: int
    alias: str
    replica_id: str
    embedding: bool
    api_key: str


def parse_settings(arguments: Sequence[str]) -> EngineSettings:
    """The settings in `arguments`; exits with status 2 and one line on stderr when they are bad."""
    parser = _parser()
    values = vars(parser.parse_args(arguments))
    api_key = os.environ.get(API_KEY_VARIABLE, "")
    if not api_key:
        parser.error(f"set the environment variable {API_KEY_VARIABLE} to the key that callers must send")
    return EngineSettings(**values, api_key=api_key)


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog="dispatcher.embedded.server",
        description="Serves one GGUF file over OpenAI's HTTP protocol. The key that callers must send "
        f"comes from the environment variable {API_KEY_VARIABLE}.",
        epilog="Ends with 0 when told to stop, 2 bad arguments, 3 unreadable weights, 4 port in use, "
        "5 out of memory, 1 anything else.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--model", required=True, metavar="FILE", help="the GGUF file")
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (127.0.0.1); a container says 0.0.0.0")
    add("--port", required=True, type=_whole(1, 65535), metavar="N", help="of that address")
    add("--context-tokens", default=4096, type=_whole(64, 1 << 20), metavar="N", help="for each slot (4096)")
    add("--slots", default=1, type=_whole(1, 64), metavar="N", help="answers written at the same time (1)")
    add("--threads", default=1, type=_whole(1, 512), metavar="N", help="CPU threads in all (1)")
    limit = "for memory beside the mapped weights; 0 is none. Enforced on Linux, ignored elsewhere"
    add("--memory-limit-mib", default=0, type=_whole(0, 1 << 24), metavar="N", help=limit)
    add("--alias", default="", metavar="MODEL_ID", help="the model's name in answers")
    add("--replica-id", default="", metavar="ID", help="not used: lets the owner recognise its process")
    add("--embedding", action="store_true", help="serve vectors of texts (/v1/embeddings), and no answers")
    return parser


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong without the usage: logs want one line."""
        self.exit(2, f"{self.prog}: {message}\n")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{value} is not between {least} and {most}")
        return value

    return whole_number

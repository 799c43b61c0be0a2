"""A real n8n with our node in a home of its own, used through its command line."""

import json
import os
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.program import free_port

PACKAGE = "n8n-nodes-ai-dispatch"
_COMMAND_S = 120

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Execution:
    """What one run of a workflow left behind."""

    outputs: tuple[tuple[Json, ...], ...]
    """The items of the node that was asked about, by output."""
    error: Json | None
    """Why the run failed, as n8n shows it."""
    runs: Mapping[str, Any]
    """All that was written down, by the name of the node."""
    node: str

    @property
    def items(self) -> tuple[Json, ...]:
        """The fields of every item of the first output."""
        return tuple(item["json"] for item in self.outputs[0])

    @property
    def hints(self) -> tuple[str, ...]:
        """What the node shows above its output."""
        return self.hints_of(self.node)

    def outputs_of(self, node: str, kind: str) -> tuple[tuple[Json, ...], ...]:
        """The items that a sub-node gave, by the time it ran."""
        return tuple(tuple(run["data"][kind][0]) for run in self.runs.get(node, ()))

    def hints_of(self, node: str) -> tuple[str, ...]:
        """What a node shows above its output the last time it ran."""
        hints = self.runs[node][-1].get("hints", ()) if node in self.runs else ()
        return tuple(hint["message"] for hint in hints)


class N8n:
    """A home folder for n8n, and the program that works on it."""

    def __init__(self, program: Path, home: Path) -> None:
        """Use the n8n that scripts/setup-n8n put into `program`, with all it keeps in `home`."""
        self.program = program
        self.home = home

    @property
    def command(self) -> tuple[str, str]:
        """How to run n8n: arguments come after it."""
        return str(self.program / "node"), str(self.program / "node_modules/n8n/bin/n8n")

    def env(self, **more: str) -> dict[str, str]:
        """Return the environment for n8n: quiet, on the loopback, blind to what this machine sets for another n8n."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("N8N_")}
        return inherited | {
            "PATH": f"{(self.program / 'node').resolve().parent}{os.pathsep}{os.environ['PATH']}",
            "NO_PROXY": "127.0.0.1,localhost",
            "N8N_USER_FOLDER": str(self.home),
            "N8N_ENCRYPTION_KEY": "end-to-end",
            "N8N_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_RUNNERS_BROKER_PORT": str(free_port()),
            "N8N_LOG_LEVEL": "info",
            "N8N_DIAGNOSTICS_ENABLED": "false",
            "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
            "N8N_TEMPLATES_ENABLED": "false",
            "N8N_PERSONALIZATION_ENABLED": "false",
            "N8N_UNVERIFIED_PACKAGES_ENABLED": "true",
            **more,
        }

    def install(self, tarball: Path) -> None:
        """Put a packed node package where n8n keeps those it fetched from npm."""
        target = self.home / ".n8n/nodes/node_modules" / PACKAGE
        with tarfile.open(tarball) as archive:
            archive.extractall(target.parent, filter="data")
        (target.parent / "package").rename(target)

    def import_credentials(self, credentials: Sequence[Json]) -> None:
        """Add credentials, their secrets in plain text."""
        self._import("credentials", credentials)

    def import_workflows(self, workflows: Sequence[Json]) -> None:
        """Add workflows that bring their own ids."""
        self._import("workflow", workflows)

    def execute(self, workflow_id: str, node: str = "AI Dispatch") -> Execution:
        """Run a workflow to its end, without a server, and tell what became of one of its nodes."""
        output = self._run("execute", f"--id={workflow_id}", "--rawOutput").stdout
        start = output.find("\n{")
        assert start >= 0, f"n8n printed no run:\n{output[-4000:]}"
        run, _ = json.JSONDecoder().raw_decode(output, start + 1)
        return execution_of(run["data"], node)

    def _import(self, kind: str, things: Sequence[Json]) -> None:
        file = self.home / f"{kind}.json"
        file.write_text(json.dumps(things))
        done = self._run(f"import:{kind}", f"--input={file}")
        assert done.returncode == 0, done.stdout + done.stderr

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *arguments], env=self.env(), capture_output=True, text=True, timeout=_COMMAND_S, check=False
        )


def execution_of(data: Json, node: str) -> Execution:
    """Return what a run left behind, as to one of its nodes."""
    result = data["resultData"]
    runs = result["runData"]
    return Execution(_outputs_of(runs, node), result.get("error"), runs, node)


def _outputs_of(runs: Mapping[str, Any], node: str) -> tuple[tuple[Json, ...], ...]:
    data = runs[node][0].get("data") if node in runs else None
    return tuple(tuple(output or ()) for output in data["main"]) if data else ((),)

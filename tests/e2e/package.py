"""Our node as npm would publish it."""

import subprocess
from pathlib import Path

from tests.e2e.sidecar import REPOSITORY

_NODE = REPOSITORY / "n8n-node"


def packed(folder: Path) -> Path:
    """Return the tarball, freshly built, in `folder`."""
    if not (_NODE / "node_modules/.package-lock.json").exists():
        output_of(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], _NODE)
    output_of(["npm", "run", "build"], _NODE)
    output_of(["npm", "pack", "--silent", "--pack-destination", str(folder)], _NODE)
    return next(folder.glob("*.tgz"))


def output_of(command: list[str], folder: Path) -> str:
    """Return what a command prints; what goes to standard error is progress and stays visible with `pytest -s`."""
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout

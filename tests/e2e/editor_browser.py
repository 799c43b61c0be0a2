"""A real Chromium in n8n's editor, driven by the scripts in `editor/`."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.n8n import N8n
from tests.e2e.n8n_server import OWNER, N8nServer
from tests.e2e.package import output_of
from tests.e2e.sidecar import REPOSITORY

_DRIVER = REPOSITORY / "tests/e2e/editor/main.mjs"
_END_S = 20


class EditorBrowser:
    """A browser in which the owner is logged in."""

    def __init__(self, process: "subprocess.Popen[str]", pictures: Path) -> None:
        """Talk to the driver; pictures go to a folder that stays."""
        self._process = process
        self._pictures = pictures

    def does(self, action: str, **given: object) -> Any:
        """Have one of the scripts run in a page of its own; returns what it saw.

        Raises: AssertionError with the script's error; a picture of the page then lies beside the others.
        """
        given["failure"] = str(self.picture(f"failed-{action}"))
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"action": action, "given": given}) + "\n")
        self._process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        """Return what the driver says next."""
        assert self._process.stdout is not None
        said = json.loads(self._process.stdout.readline() or '{"error": "the browser ended"}')
        assert "error" not in said, said["error"]
        return said["result"]

    def picture(self, name: str) -> Path:
        """Where a picture of this name is kept."""
        return self._pictures / f"{name}.png"


@contextmanager
def editor_browser(n8n: N8n, server: N8nServer) -> Iterator[EditorBrowser]:
    """Run a browser while the block runs; its pictures are kept in `artefacts/editor`, or where E2E_ARTEFACTS says."""
    pictures = Path(os.environ.get("E2E_ARTEFACTS", REPOSITORY / "artefacts")) / "editor"
    pictures.mkdir(parents=True, exist_ok=True)
    chromium = output_of(["scripts/setup-browser"], REPOSITORY).splitlines()[-1]
    settings = {"program": str(n8n.program), "chromium": chromium, "baseUrl": server.base_url}
    command = [n8n.command[0], str(_DRIVER), json.dumps(settings | OWNER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=n8n.env()) as process:
        browser = EditorBrowser(process, pictures)
        try:
            assert browser.answer() == "ready"
            yield browser
        finally:
            process.communicate(timeout=_END_S)  # the driver ends when nobody has a command left

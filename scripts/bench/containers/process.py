"""The process of the sidecar under measurement."""

import subprocess
import sys
from pathlib import Path


class SidecarProcess:
    """A sidecar on `port` with its data in `folder`; it may be killed and launched again."""

    def __init__(self, folder: Path, port: int, environment: dict[str, str]) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._folder = folder
        self._line = [sys.executable, "-m", "dispatcher", "serve", "--data-dir", str(folder), "--port", str(port)]
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start it."""
        with (self._folder / "bench.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._line,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def end(self) -> None:
        """Tell it to stop, and wait until it has."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            finally:
                self.kill()

    def admin_token(self) -> str:
        """The token that it has written for its admin."""
        return (self._folder / "admin.token").read_text().strip()

    def last_words(self) -> str:
        """The end of its log."""
        return (self._folder / "bench.log").read_text()[-2000:]

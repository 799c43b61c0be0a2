"""Sidecars in processes of their own, that a test may kill."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.integration.waiting import until

_PROGRAM = Path(__file__).with_name("kept_sidecar.py")


class Kept:
    """Sidecars in processes of their own, one after the other on one folder and port."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder = folder
        self.options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{port}"
        self._port = port
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        await self.launch()
        await until(self._is_up, "the sidecar answers")

    async def launch(self, **more: object) -> None:
        """Start it, with more options, and don't wait until it answers: it may never."""
        options = json.dumps({**self.options, **more})
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(_PROGRAM), str(self.folder), str(self._port), options),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def ended(self) -> int:
        """Wait until it has ended by itself; the exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def end(self, signal_number: int) -> None:
        assert self._process is not None
        self._process.send_signal(signal_number)
        await self._process.wait()

    async def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        return await asyncio.to_thread(self._ask, method, path, body)

    def text(self, path: str, method: str = "GET", data: bytes | None = None) -> str:
        """What a route answers; blocks."""
        token = (self.folder / "admin.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.base_url}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: str = response.read().decode()
            return answer

    def _ask(self, method: str, path: str, body: object) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(
            self.text(path, method, None if body is None else json.dumps(body).encode())
        )
        return answer

    async def _is_up(self) -> bool:
        with contextlib.suppress(OSError, urllib.error.URLError):
            return bool(await self.ask("GET", "/health"))
        return False

    async def close(self) -> None:
        """Stop in order, having started once more if need be, so that nothing adopted stays."""
        assert self._process is not None
        if self._process.returncode is None and not await self._is_up():
            await self.end(signal.SIGKILL)  # told to stop while it starts, it would leave what it was to adopt
        if self._process.returncode is not None:
            await self.start()
        await self.end(signal.SIGTERM)

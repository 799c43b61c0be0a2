"""Asking the Docker engine: in threads of our own, each call with an end, and every fault in one word.

A frozen engine accepts connections and never answers. So no call runs on asyncio's own thread pool, which name look-ups
need, and every single request has a read timeout, which ends the thread that nobody waits for any more.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException

T = TypeVar("T")
FAULTS = (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)
DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
_VERSION_MIN = "1.41"  # Docker 20.10
_THREADS = 4
_PING_S = 2.0
_PATIENCE = 0.9  # a thread gives up a little before the one who waits for it


class EngineFault(Exception):
    """The engine refused, failed, or didn't answer; the message is in words a person can act on."""


class EngineSilent(EngineFault):
    """Nothing was heard from the engine: it is absent, frozen or overloaded."""


class _Client(docker.APIClient):
    """The SDK's client, with its timeout also on event and pull streams, where it would wait for ever."""

    def _set_request_timeout(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.timeout
        return kwargs

    def negotiate(self) -> None:
        """Speak the engine's own version. The SDK's constructor could do it, but leaks a socket when it fails."""
        spoken: object = self.version(api_version=False)
        if not (isinstance(spoken, dict) and isinstance(spoken.get("ApiVersion"), str)):
            raise DockerException("what listens at its address isn't Docker")
        self._version = spoken["ApiVersion"]


class DockerClient:
    """The way to one Docker engine.

    Args:
        address: such as `unix:///var/run/docker.sock`.
    """

    def __init__(self, address: str = DEFAULT_ADDRESS) -> None:
        self._address = address
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="docker")

    async def ping(self) -> None:
        """Return when the engine answers.

        Raises: EngineSilent after about two seconds.
        """
        await self.call(lambda client: client.ping(), _PING_S)

    async def call(self, work: Callable[[docker.APIClient], T], within_s: float) -> T:
        """Do `work` in a thread and return its result. Work that nobody waits for is dropped, or ends by itself.

        Raises: EngineFault.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(within_s):
                return await loop.run_in_executor(self._pool, self.work, work, within_s * _PATIENCE)
        except TimeoutError as error:
            raise EngineSilent(f"Docker didn't answer within {within_s:.0f} s") from error

    def work(self, work: Callable[[docker.APIClient], T], silence_s: float) -> T:
        """Do `work` in this thread, with a new client: connections to an engine that was restarted are dead.

        Raises: EngineFault.
        """
        client = None
        try:
            _knock(self._address, silence_s)
            client = _Client(self._address, version=_VERSION_MIN, timeout=silence_s)  # type: ignore[arg-type]
            client.negotiate()
            return work(client)
        except APIError as error:
            raise EngineFault(_words(error)) from error
        except FAULTS as error:
            raise EngineSilent(_words(error)) from error
        finally:
            if client is not None:
                client.close()

    def close(self) -> None:
        """Take no more work, and wait for none."""
        self._pool.shutdown(wait=False, cancel_futures=True)


async def in_own_thread(work: Callable[[], T], name: str) -> T:
    """Do work that may take minutes in a thread of its own, which doesn't keep the program from ending."""
    future: Future[T] = Future()

    def run() -> None:
        future.set_running_or_notify_cancel()  # from here on nobody can cancel it
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed over whole
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await asyncio.wrap_future(future)


def _knock(address: str, silence_s: float) -> None:
    """Fail at once when nobody is there: the SDK would leave the socket that it tried with to the garbage collector."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(silence_s)
            probe.connect(address.removeprefix("unix://"))


def _words(error: Exception) -> str:
    if isinstance(error, APIError) and error.explanation:
        return error.explanation
    causes = tuple(_chain(error))
    if any(isinstance(cause, FileNotFoundError | ConnectionRefusedError) for cause in causes):
        return "Docker isn't running: nothing listens at its address"
    if any(isinstance(cause, PermissionError) for cause in causes):
        return "this user may not use Docker's socket; add it to the group docker"
    return f"Docker stopped answering: {str(error) or type(error).__name__}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from, under the SDK's, requests' and urllib3's layers."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__

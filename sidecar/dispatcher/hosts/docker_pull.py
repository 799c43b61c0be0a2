"""Bringing an image here, with progress, and an end when it comes no further."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import docker
from docker.errors import ImageNotFound

from dispatcher.core.replica import Fetching, OnFetching
from dispatcher.hosts.docker_client import DockerClient, EngineFault, in_own_thread

_LOOK_UP_S = 4.0
_STALL_S = 60.0


class ImagePuller:
    """Pulls each image once, however many want it at the same time, and to the end even when they leave.

    Args:
        stall_s: how long the engine may say nothing before a pull is given up; what it has got so far it keeps.
    """

    def __init__(self, client: DockerClient, stall_s: float = _STALL_S) -> None:
        self._client = client
        self._stall_s = stall_s
        self._pulls: dict[str, asyncio.Task[None]] = {}
        self._listeners: dict[str, list[OnFetching]] = {}

    async def bring(self, image: str, on_fetching: OnFetching) -> None:
        """Return when the image is here.

        Raises: EngineFault.
        """
        if await self._client.call(lambda client: _is_here(client, image), _LOOK_UP_S):
            return
        listeners = self._listeners.setdefault(image, [])
        listeners.append(on_fetching)
        try:
            await asyncio.shield(self._pull(image))
        finally:
            listeners.remove(on_fetching)

    async def close(self) -> None:
        """Wait for no pull any more; the engine ends those that nobody listens to."""
        pulls = tuple(self._pulls.values())
        for pull in pulls:
            pull.cancel()
        await asyncio.gather(*pulls, return_exceptions=True)

    def _pull(self, image: str) -> asyncio.Task[None]:
        if (pull := self._pulls.get(image)) is None:
            loop = asyncio.get_running_loop()

            def tell(fetching: Fetching) -> None:
                loop.call_soon_threadsafe(self._tell, image, fetching)

            work = in_own_thread(
                lambda: self._client.work(lambda client: _pull(client, image, tell), self._stall_s), f"pull {image}"
            )
            pull = self._pulls[image] = asyncio.create_task(work, name=f"pull {image}")
            pull.add_done_callback(lambda done: self._ended(image, done))
        return pull

    def _ended(self, image: str, done: asyncio.Task[None]) -> None:
        del self._pulls[image]
        if not done.cancelled():
            done.exception()  # seen: those who waited, if any are left, are told

    def _tell(self, image: str, fetching: Fetching) -> None:
        for listener in tuple(self._listeners.get(image, ())):
            listener(fetching)


def _is_here(client: docker.APIClient, image: str) -> bool:
    try:
        client.inspect_image(image)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return False
    return True


def _pull(client: docker.APIClient, image: str, tell: Callable[[Fetching], None]) -> None:
    told = -1
    for fetching in progress(image, client.pull(image, stream=True, decode=True)):
        if fetching.done_bytes != told:
            tell(fetching)
        told = fetching.done_bytes


def progress(image: str, events: Iterable[Mapping[str, Any]]) -> Iterable[Fetching]:
    """What each event of a pull says of the whole: layers download side by side, their sizes become known one by one.

    Raises: EngineFault with what the engine or the registry says is wrong.
    """
    done: dict[str, int] = {}
    total: dict[str, int] = {}
    for event in events:
        if "error" in event:
            raise EngineFault(str(event["error"]))
        layer, detail = event.get("id", ""), event.get("progressDetail") or {}
        if event.get("status") == "Downloading" and "total" in detail:
            total[layer] = max(total.get(layer, 0), detail["total"])
            if detail["current"] < detail["total"]:
                # After a connection broke, the engine counts only what was missing.
                done[layer] = total[layer] - detail["total"] + detail["current"]
            else:
                done.setdefault(layer, 0)  # it says all also when a connection breaks: another event says it is here
        elif event.get("status") in ("Download complete", "Pull complete") and layer in total:
            done[layer] = total[layer]
        if total:
            yield Fetching(image, sum(done.values()), sum(total.values()))

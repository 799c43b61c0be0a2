"""An engine that answers nonsense, slowly, or not at all is told from one that works, and stops nothing else."""

import gc
import socketserver
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import docker
import pytest

from dispatcher.core.replica import Fetching
from dispatcher.errors import HostUnreachable
from dispatcher.hosts.docker import DockerHost
from dispatcher.hosts.docker_usage import Usage, usage
from tests.integration.waiting import until
from tests.unit.hosts.orders import SETTINGS, order

# urllib3 drops the socket of an answer that isn't HTTP without closing it; the collector does, whenever it likes.
pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]

_REFUSED_S = 5.0


@pytest.fixture(autouse=True)
def sockets_are_collected_here() -> Iterator[None]:
    yield
    gc.collect()


def reply(status: str, body: bytes, length: int | None = None) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length or len(body)}\r\n\r\n"
    return head.encode() + body


@contextmanager
def engine(answer: Callable[[], bytes | None]) -> Iterator[str]:
    """The address of a socket where every request gets what `answer` returns; None is silence."""
    is_over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked, said = self.request.recv(65_536), answer()
            if asked and said is None:
                is_over.wait()
            elif asked:
                with suppress(OSError):  # it didn't wait for the answer
                    self.request.sendall(said)

    with tempfile.TemporaryDirectory(prefix="aid") as folder:  # a socket's path must be short
        path = f"{folder}/docker.sock"
        with socketserver.ThreadingUnixStreamServer(path, Handler) as server:
            threading.Thread(target=server.serve_forever, args=(0.01,)).start()
            yield f"unix://{path}"
            is_over.set()
            server.shutdown()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        reply("200 OK", b"not json"),
        reply("200 OK", b"[]"),
        reply("200 OK", b"{}"),
        reply("200 OK", b'{"ApiVersion": 7}'),
        reply("200 OK", b'{"ApiVersion": "1.41"}', 500),
        reply("500 Internal Server Error", b'{"message": "the disk is full"}'),
        reply("403 Forbidden", b"a proxy says no"),
        reply("302 Found", b""),
    ],
)
async def test_a_start_is_refused_soon_and_nobody_is_named(answer: bytes | None) -> None:
    with engine(lambda: answer) as address:
        host = DockerHost(SETTINGS, address)
        before_s = time.monotonic()
        with pytest.raises(HostUnreachable, match=r".+"):
            await host.start(order())
        with pytest.raises(HostUnreachable, match=r".+"):
            await host.prepare(order(), no_progress)
        assert await host.survivors() == ()
        assert not await host.stop(order().replica_id, 1.0)
        assert time.monotonic() - before_s < 3 * _REFUSED_S
        assert await host.look() == {}
        assert not host.is_reachable
        await host.close()


async def test_an_engine_that_comes_to_its_senses_is_seen() -> None:
    said = [b"nonsense"]
    with engine(lambda: said[0]) as address:
        host = DockerHost(SETTINGS, address)
        assert await host.survivors() == ()
        said[0] = reply("200 OK", b'{"ApiVersion": "1.41"}')

        async def reachable() -> bool:
            return host.is_reachable

        await until(reachable, "the engine is heard again", _REFUSED_S)
        await host.close()


def test_saying_nothing_of_a_container_that_is_ending_is_no_silence() -> None:
    with engine(lambda: reply("200 OK", b"")) as address, docker.APIClient(address, version="1.41") as client:
        assert usage(client, "c0ffee", None) == Usage(None, None)


def no_progress(_: Fetching) -> None:
    raise AssertionError("nothing is fetched")

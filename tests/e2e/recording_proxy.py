"""A proxy before the sidecar that writes down what was asked, and how long each answer took."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_PATIENCE_S = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that was answered."""

    path: str
    request_bytes: int
    status: int
    seconds: float


class RecordingProxy:
    """What went through."""

    def __init__(self, base_url: str, token: str) -> None:
        """Stand at `base_url`, before something that wants `token`."""
        self.base_url = base_url
        self.token = token
        self.asked: list[Asked] = []

    def of(self, path: str) -> list[Asked]:
        """What was asked of one route."""
        return [asked for asked in self.asked if urlsplit(asked.path).path == path]


@contextmanager
def recording_proxy(target: str, token: str) -> Iterator[RecordingProxy]:
    """Pass requests on to `target` while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            begun_s = time.monotonic()
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            onward = http.client.HTTPConnection(urlsplit(target).netloc, timeout=_PATIENCE_S)
            onward.request("POST", self.path, body, {name: self.headers[name] for name in _PASSED_ON})
            reply = onward.getresponse()
            answer = reply.read()
            onward.close()
            proxy.asked.append(Asked(self.path, len(body), reply.status, time.monotonic() - begun_s))
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy = RecordingProxy(f"http://127.0.0.1:{server.server_port}", token)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_PASSED_ON = ("Authorization", "Content-Type")

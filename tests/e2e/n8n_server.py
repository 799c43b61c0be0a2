"""A running n8n server, used over HTTP as its editor uses it."""

import http.cookiejar
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.n8n import N8n
from tests.e2e.program import free_port, running

_READY_S = 120
_ANSWER_S = 60
_OWNER = {"email": "owner@example.com", "firstName": "Olga", "lastName": "Owner", "password": "Password123"}


class N8nServer:
    """A browser's session with an n8n server, the owner logged in."""

    def __init__(self, base_url: str) -> None:
        """Talk to the server at `base_url`."""
        self.base_url = base_url
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies, urllib.request.ProxyHandler({}))

    def post(self, path: str, body: object) -> Any:
        """Send JSON and return the `data` of the answer."""
        request = urllib.request.Request(self.base_url + path, json.dumps(body).encode(), self._headers())
        return self._ask(request)["data"]

    def get(self, path: str) -> Any:
        """Return the answer as it is."""
        return self._ask(urllib.request.Request(self.base_url + path, headers=self._headers()))

    def is_ready(self) -> bool:
        """Say whether the server answers questions, not only that it lives."""
        try:
            self.get("/healthz/readiness")
            self.get("/rest/settings")
        except OSError:
            return False
        return True

    def _ask(self, request: urllib.request.Request) -> Any:
        with self._opener.open(request, timeout=_ANSWER_S) as reply:
            return json.load(reply)

    def _headers(self) -> dict[str, str]:
        # n8n binds a session to the browser it was opened in.
        return {"content-type": "application/json", "browser-id": "end-to-end"}


@contextmanager
def running_server(n8n: N8n) -> Iterator[N8nServer]:
    """Run the server on a home while the block runs, with an owner set up and logged in."""
    port = free_port()
    server = N8nServer(f"http://127.0.0.1:{port}")
    env = n8n.env(N8N_PORT=str(port), N8N_SECURE_COOKIE="false")
    with running([*n8n.command, "start"], env, n8n.home / "n8n.log", server.is_ready, _READY_S):
        server.post("/rest/owner/setup", _OWNER)
        yield server

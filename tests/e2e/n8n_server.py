"""A running n8n server, used over HTTP as its editor uses it."""

import http.cookiejar
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.flatted import unflattened
from tests.e2e.n8n import Execution, Json, N8n, execution_of
from tests.e2e.program import free_port, running
from tests.e2e.waiting import until

_READY_S = 120
_ANSWER_S = 60
_RUN_S = 300
_PARTS_TO_RUN = ("id", "name", "nodes", "connections", "settings", "versionId", "active")
OWNER = {"email": "owner@example.com", "firstName": "Olga", "lastName": "Owner", "password": "Password123"}


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

    def keep(self, credential: Json) -> str:
        """Save a credential; returns the id it was given."""
        found: str = self.post("/rest/credentials", _without_id(credential))["id"]
        return found

    def run(self, workflow: Json, node: str) -> Execution:
        """Save a workflow that begins by hand and run it to its end; tells what became of one of its nodes."""
        run = self.begin(workflow)
        ended = until(lambda: self._ended(run), within_s=_RUN_S, what="the workflow's end")
        return execution_of(unflattened(ended["data"]), node)

    def begin(self, workflow: Json) -> str:
        """Save a workflow that begins by hand and have it run; returns the run's id."""
        saved = self.save(workflow)
        data = {part: saved[part] for part in _PARTS_TO_RUN}
        start = next(node["name"] for node in workflow["nodes"] if node["type"].endswith(".manualTrigger"))
        body = {"workflowData": data, "triggerToStartFrom": {"name": start}}
        run: str = self.post(f"/rest/workflows/{saved['id']}/run", body)["executionId"]
        return run

    def stop(self, run: str) -> None:
        """Stop a run, as its button does."""
        self.post(f"/rest/executions/{run}/stop", {})

    def publish(self, workflow: Json) -> str:
        """Save a workflow that begins with a webhook and set it live; returns the webhook's path."""
        saved = self.save(workflow)
        self.post(f"/rest/workflows/{saved['id']}/activate", {"versionId": saved["versionId"]})
        until(lambda: self._is_live(saved["id"]), within_s=_READY_S, what="the workflow being live")
        webhook = next(node for node in workflow["nodes"] if node["type"].endswith(".webhook"))
        path: str = webhook["parameters"]["path"]
        return path

    def call(self, path: str, body: object) -> tuple[int, Any]:
        """Send JSON as anybody may; returns the status and the answer."""
        request = urllib.request.Request(self.base_url + path, json.dumps(body).encode(), self._headers())
        try:
            with self._opener.open(request, timeout=_ANSWER_S) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def stream(self, path: str, body: object) -> list[Json]:
        """Send JSON and return the lines of the answer."""
        request = urllib.request.Request(self.base_url + path, json.dumps(body).encode(), self._headers())
        with self._opener.open(request, timeout=_ANSWER_S) as reply:
            return [json.loads(line) for line in reply if line.strip()]

    def is_ready(self) -> bool:
        """Say whether the server answers questions, not only that it lives."""
        try:
            self.get("/healthz/readiness")
            self.get("/rest/settings")
        except OSError:
            return False
        return True

    def save(self, workflow: Json) -> Json:
        """Save a workflow; returns it as the server keeps it."""
        saved: Json = self.post("/rest/workflows", _without_id(workflow) | {"active": False})
        return saved

    def _ended(self, run: str) -> Json | None:
        execution: Json = self.get(f"/rest/executions/{run}")["data"]
        return execution if execution["status"] in {"success", "error", "crashed", "canceled"} else None

    def _is_live(self, workflow_id: str) -> bool:
        status = self.get(f"/rest/workflows/{workflow_id}/publication-status")["data"]
        return bool(
            status["status"] == "published" and all(each["status"] == "activated" for each in status["triggers"])
        )

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
        server.post("/rest/owner/setup", OWNER)
        yield server


def _without_id(thing: Json) -> Json:
    """What the server is to make an id for."""
    return {part: value for part, value in thing.items() if part != "id"}

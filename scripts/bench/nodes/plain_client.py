"""The shortest client of the sidecar's jobs: hands all of them in, then asks until all are finished."""

import http.client
import json
import sys
import time
from typing import Any
from urllib.parse import urlsplit

_WAIT_S = 20
_ANSWER_S = 60
_OPEN = ("queued", "running")


class PlainClient:
    """What the node is compared with."""

    def __init__(self, base_url: str, token: str) -> None:
        """Ask the sidecar at `base_url`, on a connection that stays open."""
        self._connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=_ANSWER_S)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def answered_s(self, prompts: list[str]) -> float:
        """Have the prompts answered in one go; returns how many seconds that took."""
        begun_s = time.monotonic()
        handed_in = self._post("/api/jobs?wait=0", {"jobs": [{"prompt": prompt} for prompt in prompts]})
        open_ids = {job["job_id"] for job in handed_in["jobs"]}
        while open_ids:
            jobs = self._post("/api/jobs/collect", {"ids": sorted(open_ids), "wait": _WAIT_S})["jobs"]
            finished = {job["job_id"]: job["state"] for job in jobs if job["state"] not in _OPEN}
            if set(finished.values()) > {"done"}:
                sys.exit(f"not every job was done: {jobs}")
            open_ids -= finished.keys()
        return time.monotonic() - begun_s

    def _post(self, path: str, body: object) -> Any:
        self._connection.request("POST", path, json.dumps(body).encode(), self._headers)
        return json.loads(self._connection.getresponse().read())

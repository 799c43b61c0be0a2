"""From the bodies of jobs to jobs that can be accepted."""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic_core import from_json

from dispatcher.api.bodies import parsed
from dispatcher.api.job_schemas import BATCH_MAX, JobBody
from dispatcher.api.requests import RequestLimits, dispatch_request
from dispatcher.core.callback import is_address, may_call_back
from dispatcher.core.job import JobId, NewJob, Owner
from dispatcher.core.task import DispatchRequest
from dispatcher.errors import InvalidRequest

_KEY_HEADER = "Idempotency-Key"
_KEY_CHARS_MAX = 200
_WAIT_MAX_S = 25.0


@dataclass(frozen=True, slots=True)
class JobMaker:
    """Makes jobs. `callback_hosts` are those that may be called back; `wall` is Unix time, in seconds."""

    limits: RequestLimits
    callback_hosts: frozenset[str]
    wall: Callable[[], float]

    def make(self, body: JobBody, owner: Owner) -> tuple[NewJob, DispatchRequest]:
        """A job, and what it will ask for.

        Raises: InvalidRequest naming the field and the fix.
        """
        request = dispatch_request(body, self.limits)
        self._check_callback(body.callback_url)
        now = self.wall()
        job = NewJob(
            id=JobId(f"j_{secrets.token_hex(16)}"),
            owner=owner,
            share=request.context.workflow_id or "",
            priority=request.priority,
            created_at=now,
            deadline_at=now + request.requirements.timeout_s,
            payload=body.model_dump_json(exclude_defaults=True, exclude={"callback_url", "idempotency_key"}),
            body_sha256=fingerprint(body),
            idempotency_key=body.idempotency_key,
            callback_url=body.callback_url,
        )
        return job, request

    def _check_callback(self, url: str | None) -> None:
        if url is None or may_call_back(url, self.callback_hosts):
            return
        if not is_address(url):
            raise InvalidRequest("callback_url: it must look like http://n8n:5678/webhook-waiting/…")
        raise InvalidRequest(
            "callback_url: its host isn't one that jobs may call back; "
            "the admin can add it to AI_DISPATCH_CALLBACK_HOSTS"
        )


def stored_request(payload: str, limits: RequestLimits) -> DispatchRequest:
    """What a stored job asks for.

    Raises: InvalidRequest when the limits of today don't allow it any more.
    """
    return dispatch_request(parsed(payload.encode(), JobBody), limits)


def fingerprint(body: JobBody) -> str:
    """The SHA-256 of all that a job was made from but its key, however it was written."""
    value = body.model_dump(mode="json", exclude_defaults=True, exclude={"idempotency_key"})
    if "capabilities" in (requirements := value.get("requirements", {})):
        requirements["capabilities"].sort()  # a set: its order differs from run to run
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def batch_of(raw: bytes) -> list[bytes] | None:
    """The bodies of a batch, each as JSON of its own; None when it is a single job.

    Raises: InvalidRequest.
    """
    try:
        value: Any = from_json(raw)
    except ValueError:
        return None  # what is wrong with it is told by whoever reads it as one job
    if not isinstance(value, dict) or "jobs" not in value:
        return None
    if len(value) > 1:
        raise InvalidRequest("jobs: in a batch nothing may stand beside it; put all other fields into its jobs")
    jobs = value["jobs"]
    if not isinstance(jobs, list) or not 1 <= len(jobs) <= BATCH_MAX:
        raise InvalidRequest(f"jobs: send a list of 1 to {BATCH_MAX} jobs")
    return [json.dumps(job).encode() for job in jobs]


def with_key(body: JobBody, request: web.Request) -> JobBody:
    """A single job with the key of its header, if that has one.

    Raises: InvalidRequest when header and body differ.
    """
    key = key_of(request)
    if key is None or key == body.idempotency_key:
        return body
    if body.idempotency_key is not None:
        raise InvalidRequest("Idempotency-Key: it differs from idempotency_key in the body; send one of them")
    return body.model_copy(update={"idempotency_key": key})


def key_of(request: web.Request) -> str | None:
    """The header Idempotency-Key.

    Raises: InvalidRequest.
    """
    keys = request.headers.getall(_KEY_HEADER, [])
    if not keys:
        return None
    if len(keys) > 1 or not 1 <= len(keys[0]) <= _KEY_CHARS_MAX or not keys[0].isprintable():
        raise InvalidRequest(f"Idempotency-Key: send it once, with 1 to {_KEY_CHARS_MAX} printable characters")
    return keys[0]


def wait_of(request: web.Request) -> float:
    """The query parameter `wait`, in seconds.

    Raises: InvalidRequest.
    """
    try:
        wait_s = float(request.query.get("wait", "0"))
    except ValueError:
        wait_s = -1.0
    if not 0 <= wait_s <= _WAIT_MAX_S:  # NaN isn't, either
        raise InvalidRequest(f"wait: say how many seconds to wait, from 0 to {_WAIT_MAX_S:g}")
    return wait_s

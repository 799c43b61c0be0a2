"""Which requests crash the servers that work on them: known by a keyed hash, never by their text."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NewType

from dispatcher.core.task import Message, ModelId, OutputFormat

Fingerprint = NewType("Fingerprint", bytes)

_CRASHES_MAX = 2
_REMEMBERED_S = 900.0
_SUSPECTS_MAX = 1024
_IN_A_ROW = 3


def fingerprint(key: bytes, messages: Sequence[Message], output: OutputFormat) -> Fingerprint:
    """A name for what a request says, whichever model it is for; without the key nothing can be learnt from it."""
    digest = blake2b(key=key, digest_size=16)
    schema = "" if output.schema is None else repr(output.schema)
    said = (part for message in messages for part in (message.role, message.content, *_images(message)))
    for text in (output.kind, schema, *said):
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return Fingerprint(digest.digest())


def _images(message: Message) -> tuple[str, ...]:
    return tuple(image.base64 for image in message.images)


@dataclass(frozen=True, slots=True)
class _Suspicion:
    crashes: int
    until_s: float


class Suspects:
    """The requests during which servers crashed in the last quarter of an hour, the oldest forgotten beyond 1,024.

    Two crashes make a request poison. Only those count that it met alone: when others were being answered by the same
    server, nobody can say whose fault it was; such a suspect is to be run alone from then on. An answer clears it.
    """

    def __init__(self) -> None:
        self._suspicions: dict[Fingerprint, _Suspicion] = {}

    def __len__(self) -> int:
        return len(self._suspicions)

    def crashed(self, request: Fingerprint, now_s: float, *, was_alone: bool) -> None:
        """A server crashed while it worked on this request."""
        before = self._of(request, now_s)
        crashes = (before.crashes if before else 0) + was_alone
        self._suspicions.pop(request, None)
        self._suspicions[request] = _Suspicion(crashes, now_s + _REMEMBERED_S)
        if len(self._suspicions) > _SUSPECTS_MAX:
            del self._suspicions[next(iter(self._suspicions))]

    def answered(self, request: Fingerprint) -> None:
        """It got an answer: it was somebody else's fault."""
        self._suspicions.pop(request, None)

    def is_suspect(self, request: Fingerprint, now_s: float) -> bool:
        """Whether a server crashed while it worked on this request, alone or not."""
        return self._of(request, now_s) is not None

    def quarantined_s(self, request: Fingerprint, now_s: float) -> float | None:
        """For how long, in seconds, this request isn't tried again; None when it may be."""
        suspicion = self._of(request, now_s)
        return suspicion.until_s - now_s if suspicion and suspicion.crashes >= _CRASHES_MAX else None

    def _of(self, request: Fingerprint, now_s: float) -> _Suspicion | None:
        suspicion = self._suspicions.get(request)
        return suspicion if suspicion and now_s < suspicion.until_s else None


class Streaks:
    """The different requests under which each model's servers crashed since the model's last answer.

    A model that crashes under one request after the other is itself at fault, and not what it was asked.
    """

    def __init__(self) -> None:
        self._requests: dict[ModelId, set[Fingerprint]] = {}

    def crashed(self, model_id: ModelId, request: Fingerprint) -> frozenset[Fingerprint]:
        """A server crashed; returns the requests that are innocent of it, none while the model may be."""
        requests = self._requests.setdefault(model_id, set())
        requests.add(request)
        if len(requests) < _IN_A_ROW:
            return frozenset()
        return frozenset(self._requests.pop(model_id))

    def answered(self, model_id: ModelId) -> None:
        """The model gave an answer."""
        self._requests.pop(model_id, None)

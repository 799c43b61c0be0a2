"""How often each model may be asked: by its entry, and by what its server says. Nobody waits here."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dispatcher.core.eligibility import Limited
from dispatcher.core.task import ModelId

_MINUTE_S = 60.0


@dataclass(slots=True)
class _Book:
    """What a model was asked in the last minute, and what is on its way to it."""

    per_minute: int | None = None
    asked_s: deque[float] = field(default_factory=deque)
    promised: int = 0
    out_until_s: float = 0.0
    out_because: str = ""


class Place:
    """The right to ask a model once, from the choice on; call `used` when it is asked."""

    def __init__(self, book: _Book, now: Callable[[], float]) -> None:
        self._book = book
        self._now = now
        self._is_open = True

    def used(self) -> None:
        """The model is asked now."""
        if self._is_open:
            self.given_back()
            self._book.asked_s.append(self._now())

    def used_again(self) -> None:
        """The model is asked once more for the same: that counts, and isn't refused half way."""
        self._book.asked_s.append(self._now())

    def given_back(self) -> None:
        """It won't be asked, or was."""
        if self._is_open:
            self._is_open = False
            self._book.promised -= 1


class RateLimits:
    """A window of one minute for each model that has a limit. `now` is the monotonic clock, in seconds.

    What was chosen counts before it is asked, so that many who come at once don't all see the same last place.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._books: dict[ModelId, _Book] = {}

    def set_limit(self, model_id: ModelId, per_minute: int | None) -> None:
        """Say how often a model may be asked in a minute; None for as often as one likes. What it did stays known."""
        book = self._books.setdefault(model_id, _Book())
        book.per_minute, book.out_until_s = per_minute, 0.0

    def forget(self, model_id: ModelId) -> None:
        """A model is gone."""
        self._books.pop(model_id, None)

    def leave_out(self, model_id: ModelId, for_s: float, because: str) -> None:
        """Its server doesn't want to be asked for a while."""
        book = self._books.setdefault(model_id, _Book())
        book.out_until_s, book.out_because = max(book.out_until_s, self._now() + for_s), because

    def why_not(self, model_id: ModelId) -> Limited | None:
        """Why a model mustn't be asked now, and for how long; None when it may."""
        book = self._books.get(model_id)
        if book is None:
            return None
        now_s = self._now()
        if now_s < book.out_until_s:
            left_s = book.out_until_s - now_s
            return Limited(f"{book.out_because}; it is asked again in {left_s:.0f} s", left_s)
        if book.per_minute is None or _taken(book, now_s) < book.per_minute:
            return None
        left_s = book.asked_s[0] + _MINUTE_S - now_s if book.asked_s else _MINUTE_S
        return Limited(f"it may be asked {book.per_minute} times a minute; next in {left_s:.0f} s", left_s)

    @contextmanager
    def place(self, model_id: ModelId) -> Iterator[Place]:
        """Hold a place of a model from its choice until its dispatch is over."""
        book = self._books.get(model_id) or _Book()
        book.promised += 1
        place = Place(book, self._now)
        try:
            yield place
        finally:
            place.given_back()


def _taken(book: _Book, now_s: float) -> int:
    while book.asked_s and now_s - book.asked_s[0] >= _MINUTE_S:
        book.asked_s.popleft()
    return book.promised + len(book.asked_s)

"""One request's use of the response cache: looked up once, kept once, told in a header."""

from aiohttp import web

from dispatcher.api.middleware import owner_of
from dispatcher.core.task import DispatchRequest
from dispatcher.service.dispatch import Answer
from dispatcher.service.response_cache import ResponseCache


class Recall:
    """What is remembered of a request; nothing, and nothing is kept, unless its caller wants that.

    `answer` is that of the dispatch that gave it first, with its id, times and usage.
    """

    def __init__(self, cache: ResponseCache, http: web.Request, asked: DispatchRequest, *, is_wanted: bool) -> None:
        self._cache = cache
        self._asked = asked
        self._owner = owner_of(http)
        self._found = cache.find(asked, self._owner) if is_wanted else None

    @property
    def answer(self) -> Answer | None:
        """The answer that was given before."""
        return self._found.answer if self._found else None

    @property
    def headers(self) -> dict[str, str]:
        """What the caller is told of it."""
        return {"x-dispatch-cache": self._found.verdict.value} if self._found else {}

    def keep(self, answer: Answer) -> None:
        """Remember an answer that is new."""
        if self._found is not None and self._found.answer is None:
            self._cache.keep(self._asked, self._owner, answer)

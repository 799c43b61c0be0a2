"""The words of an answer that is written as JSON, `{"answer": "…"}`, told while it is being written."""

import json
import re

_HEAD = re.compile(r'\s*\{\s*"answer"\s*:\s*"')
_HEAD_CHARS_MAX = 64
_PART = re.compile(r'(?:[^"\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*')


class AnswerTap:
    """Takes the JSON piece by piece. Of anything but such an answer, such as a call of a tool, nothing is told."""

    def __init__(self) -> None:
        self._rest = ""
        self._is_answer: bool | None = None

    def take(self, piece: str) -> str:
        """What can be told after this piece, often nothing."""
        if self._is_answer is False:
            return ""
        self._rest += piece
        if self._is_answer is None:
            self._look()
        return self._words() if self._is_answer else ""

    def _look(self) -> None:
        if (head := _HEAD.match(self._rest)) is not None:
            self._is_answer, self._rest = True, self._rest[head.end() :]
        elif len(self._rest) > _HEAD_CHARS_MAX:
            self._is_answer = False

    def _words(self) -> str:
        """As far as they are whole: an escape, or a character of two of them, may have come only in part."""
        part = _PART.match(self._rest)
        said = part[0] if part else ""
        words = str(json.loads(f'"{said}"', strict=False))
        if "\ud800" <= words[-1:] <= "\udbff":
            said, words = said[:-6], words[:-1]
        is_over = self._rest[len(said) :].startswith('"')
        self._rest = self._rest[len(said) :]
        if is_over:
            self._is_answer = False
        return words.encode("utf-8", "replace").decode()

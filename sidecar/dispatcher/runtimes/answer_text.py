"""The words of an answer in the making, and how many more may come."""

from dispatcher.errors import RuntimeBadAnswer

_TOKEN_CHARS_MAX = 256  # no tokenizer has longer ones
_ANSWER_CHARS_MAX = 4 * 1024 * 1024


class AnswerText:
    """What a model has said and thought so far; a server that writes on far beyond what it was asked is stopped."""

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._room_chars = min(_ANSWER_CHARS_MAX, max_tokens * _TOKEN_CHARS_MAX + 4096)
        self._said: list[str] = []
        self._thought: list[str] = []

    @property
    def text(self) -> str:
        """What it has said."""
        return "".join(self._said)

    @property
    def thinking(self) -> str:
        """What it has thought aloud."""
        return "".join(self._thought)

    @property
    def pieces(self) -> int:
        """In how many pieces both came: about one a token."""
        return len(self._said) + len(self._thought)

    def says(self, content: object) -> str:
        """Take a piece of the text, which may be none. RuntimeBadAnswer when it isn't text, or too much."""
        return self._take(content, self._said)

    def thinks(self, content: object) -> str:
        """Take a piece of what it thinks. RuntimeBadAnswer likewise."""
        return self._take(content, self._thought)

    def spend(self, chars: int) -> None:
        """Count what came beside both, such as calls of tools. RuntimeBadAnswer when it is too much."""
        self._room_chars -= chars
        if self._room_chars < 0:
            raise RuntimeBadAnswer(f"the inference server wrote on far beyond {self._max_tokens} tokens")

    def _take(self, content: object, pieces: list[str]) -> str:
        if content is None:
            return ""
        if not isinstance(content, str):
            raise RuntimeBadAnswer("the inference server sent content that is no text")
        self.spend(len(content))
        if content:
            pieces.append(content)
        return content

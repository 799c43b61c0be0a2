"""What can be seen of an answer without understanding it: nothing there, or a polite no."""

import re
from dataclasses import dataclass

_HEAD_CHARS = 200

# How instruct models decline, in the words they were trained on; apostrophes are straightened before.
_CANNOT = r"(?:can't|cannot|can not|won't|am not able to|'m not able to|am unable to|'m unable to)"
_HELP = r"(?:help|assist|fulfill?|provide|comply|answer|complete|create|generate|write|do (?:that|this)|with)\b"
_NO = re.compile(
    "|".join(
        (
            rf"(?:i am |i'm |my )?(?:very |so |really )?(?:sorry|apologies)\b[^.]{{0,60}}?\bi ?{_CANNOT}\b",
            rf"i ?(?:{_CANNOT}|must decline to)\b[^.]{{0,20}}?\b{_HELP}",
            rf"as an? (?:ai|artificial|large language)\b[^.]{{0,60}}?\bi ?(?:{_CANNOT}|don't)\b",
            r"(?:es tut mir leid|entschuldigung)\b[^.]{0,60}?\b(?:nicht|kein)",
            r"(?:je suis )?désolée?\b[^.]{0,60}?\bne (?:peux|suis) pas",
            r"lo siento\b[^.]{0,60}?\bno puedo",
        )
    )
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Facts about one answer. `is_valid` says whether it has the shape that was asked for; None when none was."""

    is_valid: bool | None
    is_empty: bool
    is_refusal: bool


def verdict_of(text: str, is_valid: bool | None) -> Verdict:
    """Judge an answer by its first characters; only the facts are kept, never the text."""
    return Verdict(is_valid, is_empty=not text.strip(), is_refusal=_declines(text[:_HEAD_CHARS]))


def _declines(head: str) -> bool:
    plain = head.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lstrip(" \t\r\n*#>_\"'")
    return _NO.match(plain) is not None

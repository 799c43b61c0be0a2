"""What the sample of a prompt looks like: scripts, marks and the words that tell one kind of question from another.

All by counting in C (`bytes.translate`, `str.count`): about 40 µs for the longest sample.
"""

from math import log1p

_DIGITS = b"0123456789"
_CAPITALS = bytes(range(65, 91))
_SYMBOLS = b"+-*/=<>^$\\{}[]()|~#"
_NARROW = bytes(range(0xC3, 0xCB))  # first bytes of accented Latin letters
_MIDDLE = bytes(range(0xCC, 0xE0))  # of Greek, Cyrillic, Hebrew and Arabic ones
_WIDE = bytes(range(0xE0, 0xF5))  # of what needs three or four bytes: Asian scripts, signs and emoji
_COUNTED_MAX = 8

_MARKS: tuple[tuple[str, str], ...] = (
    ("question_marks", "?"),
    ("commas", ","),
    ("sentence_ends", ". "),
    ("dollars", "$"),
    ("apostrophes", "'"),
    ("quotes", '"'),
    ("underscores", "_"),
    ("colons", ":"),
    ("percents", "%"),
    ("braces", "{"),
    ("backslashes", "\\"),
    ("backticks", "`"),
    ("first_option", "\na. "),
    ("last_option", "\nj. "),
)
_CUES: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (name, frozenset(words.split()))
    for name, words in (
        ("code", "def class return import self for: int str"),
        ("programming", "function functions python algorithm code array string list program"),
        ("amounts", "many much total each cost costs"),
        ("who", "who whose whom"),
        ("when", "when year"),
        ("where", "where country city"),
        ("why", "why explain because likely"),
        ("which", "which following statement"),
        ("solve", "find calculate compute solve prove evaluate determine"),
        ("write", "write draft compose"),
        ("shorten", "summarize summary translate classify extract"),
        ("not", "not except never"),
        ("persons", "he she his her"),
        ("formulas", "equation integer triangle polynomial probability"),
    )
)

TRAITS: tuple[tuple[str, str], ...] = (
    ("words", "log"),
    ("chars_per_word", "chars"),
    ("distinct_words", "share"),
    ("digits", "share"),
    ("capitals", "share"),
    ("symbols", "share"),
    ("accented", "share"),
    ("other_alphabets", "share"),
    ("wide_scripts", "share"),
    ("starts_small", "yes"),
    ("starts_blank", "yes"),
    ("ends_asking", "yes"),
    ("ends_full_stop", "yes"),
    ("ends_open", "yes"),
    *((name, "log count") for name, _ in _MARKS),
    *((f"says_{name}", "words") for name, _ in _CUES),
)
"""Name and unit of each number, in order."""


def traits_of(sample: str) -> tuple[float, ...]:
    """Count what `TRAITS` names, in a sample that still has its capitals."""
    raw, small = sample.encode(errors="replace"), sample.lower()
    size, words = max(1, len(raw)), small.split()
    vocabulary, end = set(words), sample.rstrip()[-1:]
    return (
        log1p(len(words)),
        min(40.0, len(sample) / max(1, len(words))),
        len(vocabulary) / max(1, len(words)),
        *(
            (size - len(raw.translate(None, letters))) / size if raw else 0.0
            for letters in (_DIGITS, _CAPITALS, _SYMBOLS, _NARROW, _MIDDLE, _WIDE)
        ),
        float(sample[:1].islower()),
        float(sample[:1].isspace()),
        float(end == "?"),
        float(end == "."),
        float(end.isalnum()),
        *(log1p(min(_COUNTED_MAX, small.count(mark))) for _, mark in _MARKS),
        *(float(len(vocabulary & cue)) for _, cue in _CUES),
    )

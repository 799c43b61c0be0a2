"""Which options of an Ollama or OpenAI call go where, and why the others stay behind."""

from collections.abc import Mapping
from dataclasses import dataclass

from dispatcher.migration.json_parts import Constant, Number, Object, Part, Text
from dispatcher.migration.layout import Raw, Value

_ITS_OWN = {
    "keepalive": "how long a model stays in memory",
    "numctx": "the context length",
    "numgpu": "where models run",
    "maingpu": "where models run",
    "lowvram": "where models run",
    "numthread": "the threads of a model",
    "numbatch": "how models are run",
    "usemlock": "how models are held in memory",
    "usemmap": "how models are held in memory",
    "vocabonly": "how models are loaded",
    "numa": "where models run",
}
_CARRIED = {
    "temperature": "temperature",
    "numpredict": "maxTokens",
    "maxtokens": "maxTokens",
    "maxcompletiontokens": "maxTokens",
}
_SAID_ELSEWHERE = frozenset(
    {"stream", "streamoptions", "baseurl", "model", "prompt", "system", "messages", "format", "responseformat"}
    | {"options"}
)


@dataclass(frozen=True, slots=True)
class Carried:
    """Options of the new node, and what was left behind with its reason."""

    options: Mapping[str, Value]
    lost: tuple[str, ...]


def ignored(options: Object | None) -> tuple[str, ...]:
    """Of options that stay in a node, those that a sidecar decides by itself."""
    return tuple(
        f"{member.key.value}: stays, but AI Dispatch decides {_ITS_OWN[_plain(member.key.value)]}"
        for member in (options.members if options else ())
        if _plain(member.key.value) in _ITS_OWN
    )


def carried(text: str, options: Object | None, *, are_fields: bool = True) -> Carried:
    """Translate options into those of a node of ours.

    Args:
        text: what they are written in.
        are_fields: of a node, so that a text which begins with `=` is an expression; else it is only that text.
    """
    kept: dict[str, Value] = {}
    lost: list[str] = []
    for member in options.members if options else ():
        name = _plain(member.key.value)
        new = _CARRIED.get(name)
        if new and _fits(new, member.value, are_fields=are_fields):
            kept[new] = Raw(text[member.value.start : member.value.end])
        elif name == "timeout" and (seconds := in_seconds(member.value)):
            kept["timeout"] = seconds
        elif name not in _SAID_ELSEWHERE:
            lost += _reason(member.key.value, member.value, new)
    return Carried(kept, tuple(lost))


def in_seconds(value: Part) -> Raw | None:
    """A timeout in milliseconds, as n8n's nodes have it, in the seconds of ours; None when it isn't a plain number."""
    if not isinstance(value, Number) or not value.raw.isdigit() or len(value.raw) > 12 or value.raw.strip("0") == "":
        return None
    whole, rest = divmod(int(value.raw), 1000)
    return Raw(f"{whole}.{rest:03}".rstrip("0").rstrip("."))


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _fits(new: str, value: Part, *, are_fields: bool) -> bool:
    """Whether the new field takes a value as it is."""
    if isinstance(value, Text):
        return are_fields and value.value.startswith("=")
    return isinstance(value, Number) and (new != "maxTokens" or (value.raw.isdigit() and value.raw != "0"))


def _reason(name: str, value: Part, new: str | None) -> list[str]:
    """Why one stays behind; nothing for a value that says nothing."""
    is_unlimited = isinstance(value, Number) and value.raw.startswith("-")
    if (new == "maxTokens" and is_unlimited) or (isinstance(value, Constant) and value.value is None):
        return []
    if _plain(name) in _ITS_OWN:
        return [f"{name}: AI Dispatch decides {_ITS_OWN[_plain(name)]}"]
    return [f"{name}: its value isn't a plain number" if new else f"{name}: the node has no such option"]

"""The API's paths that name one model, replica, ranker, rule, job or prompt variant."""

from urllib.parse import quote

from dispatcher.cli.faults import BadUsage


def model_path(model_id: str, verb: str = "") -> str:
    """Where this model is, or where `verb` is done to it."""
    return _path("models", model_id, verb)


def container_path(replica_id: str, verb: str) -> str:
    """Where `verb` is done to this replica."""
    return _path("containers", replica_id, verb)


def rule_path(rule_id: str, verb: str) -> str:
    """Where `verb` is done to this rule."""
    return _path("rules", rule_id, verb)


def ranker_path(ranker_id: str, verb: str) -> str:
    """Where `verb` is done to this ranker."""
    return _path("rankers", ranker_id, verb)


def job_path(job_id: str) -> str:
    """Where this job is."""
    return _path("jobs", job_id, "")


def variant_path(name: str, verb: str) -> str:
    """Where `verb` is done to this prompt variant, named FAMILY/TASK_TYPE/VERSION."""
    parts = name.split("/")
    if len(parts) != 3 or not all(parts) or any(part in (".", "..") for part in parts):
        raise BadUsage(f"VARIANT is {name!r}; `ai-dispatch variants` lists those there are, such as any/chat/1")
    try:
        return f"/api/prompt-variants/{'/'.join(quote(part, safe='') for part in parts)}/{verb}"
    except UnicodeEncodeError as error:  # a lone surrogate, see bodies.py
        raise BadUsage("VARIANT isn't UTF-8 text") from error


def _path(resource: str, name: str, verb: str) -> str:
    """The path; the name stays one part of it, whatever it holds."""
    if name in ("", ".", ".."):
        raise BadUsage(f"ID is {name!r}; `ai-dispatch {resource}` lists the ids there are")
    try:
        part = quote(name, safe="")
    except UnicodeEncodeError as error:  # a lone surrogate, see bodies.py
        raise BadUsage("ID isn't UTF-8 text") from error
    return f"/api/{resource}/{part}/{verb}" if verb else f"/api/{resource}/{part}"

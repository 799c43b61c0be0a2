"""From an admin's entry to a model of the registry."""

import re

from dispatcher.api.schemas import ModelBody
from dispatcher.core.model import Engine, Footprint, HostKind, ModelSpec, QualityTable, RuntimeKind
from dispatcher.core.priors import FOR_EMBEDDING, footprint_of, load_s_of, quality_of, remote_speed, speed_of
from dispatcher.core.remote_url import ollama_url, openai_url
from dispatcher.core.task import Capability, ModelId
from dispatcher.errors import InvalidRequest

# No engine is handed a name that could be taken for an option, a path, or another registry's host.
_REFERENCES = {
    Engine.EMBEDDED: re.compile(r"[a-z0-9][a-z0-9._-]*"),
    Engine.LLAMA_CPP: re.compile(r"[a-z0-9][a-z0-9._-]*"),
    Engine.OLLAMA: re.compile(r"([a-z0-9][a-z0-9_-]*/)?[a-z0-9][a-z0-9._-]*(:[A-Za-z0-9][A-Za-z0-9._-]*)?"),
    Engine.VLLM: re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*"),
}
_EXAMPLES = {
    Engine.EMBEDDED: "qwen2.5-coder-0.5b-instruct",
    Engine.LLAMA_CPP: "qwen2.5-coder-0.5b-instruct",
    Engine.OLLAMA: "llama3.2:3b",
    Engine.VLLM: "Qwen/Qwen2.5-7B-Instruct",
}
# What a remote server calls its model goes into JSON only; APIs use all of these signs.
_REMOTE_REFERENCE = re.compile(r"[A-Za-z0-9@][A-Za-z0-9@._:/+=,~-]*")
_REMOTE_SLOTS = 8
_REMOTE_ONLY = ("url", "api_key", "usd_per_mtok", "requests_per_minute", "local")
_NOTHING = Footprint(0, 0, 0.0)


def model_spec(body: ModelBody) -> ModelSpec:
    """Turn an entry into a model.

    Raises: InvalidRequest naming the field and the fix.
    """
    host = body.host or _USUAL_HOSTS.get(body.engine, HostKind.DOCKER)
    if host is HostKind.REMOTE:
        return _remote(body)
    if body.engine is Engine.OPENAI:
        raise InvalidRequest("host: the engine openai is one that someone else runs; say remote, and its url")
    for field in _REMOTE_ONLY:
        if getattr(body, field) != ModelBody.model_fields[field].default:
            raise InvalidRequest(f"{field}: only a model with the host remote has one")
    if not _REFERENCES[body.engine].fullmatch(body.reference) or ".." in body.reference:
        raise InvalidRequest(f"reference: for {body.engine} it looks like {_EXAMPLES[body.engine]}")
    if host is HostKind.PROCESS and body.engine is not Engine.EMBEDDED:
        raise InvalidRequest("host: process runs only the engine embedded; say docker")
    footprint = footprint_of(body.parameters_b, body.weights_mib)
    return ModelSpec(
        id=ModelId(body.id),
        name=body.name or body.id,
        family=body.family,
        parameters_b=body.parameters_b,
        licence=body.licence,
        runtime=_runtime_of(body.engine),
        host=host,
        context_tokens=body.context_tokens,
        slots=body.slots or 1,
        capabilities=body.capabilities,
        quality=_quality(body),
        speed=speed_of(body.parameters_b),
        load_s=load_s_of(footprint),
        footprint=footprint,
        engine=body.engine,
        reference=body.reference,
        needs_gpu=body.needs_gpu,
        is_pinned=body.pinned,
        idle_stop_s=body.idle_stop_s,
        is_enabled=body.enabled,
    )


def _quality(body: ModelBody) -> QualityTable:
    """A server of llama.cpp or vLLM either writes or embeds; an Ollama may do both with one model."""
    if Capability.EMBEDDING not in body.capabilities:
        return quality_of(body.parameters_b)
    if body.engine is Engine.OLLAMA and body.capabilities != {Capability.EMBEDDING}:
        return quality_of(body.parameters_b)
    if body.capabilities != {Capability.EMBEDDING}:
        raise InvalidRequest(f'capabilities: a model of {body.engine} that embeds does nothing else; say ["embedding"]')
    return FOR_EMBEDDING


def api_key_of(body: ModelBody) -> str | None:
    """The key of an entry: None when it says nothing of one, empty when it is to have none.

    Raises: InvalidRequest, without a word of the key.
    """
    if body.api_key is None:
        return None
    key = body.api_key.get_secret_value()
    if not re.fullmatch(r"[!-~]*", key):
        raise InvalidRequest("api_key: it may hold printable ASCII signs only, and no blanks or line ends")
    return key


_USUAL_HOSTS = {Engine.EMBEDDED: HostKind.PROCESS, Engine.OPENAI: HostKind.REMOTE}


def _runtime_of(engine: Engine) -> RuntimeKind:
    return RuntimeKind.OLLAMA if engine is Engine.OLLAMA else RuntimeKind.OPENAI


def _remote(body: ModelBody) -> ModelSpec:
    """A model that someone else runs: warm while it answers, and nothing of this machine's memory."""
    if body.engine is Engine.EMBEDDED:
        raise InvalidRequest("engine: embedded runs here; for a server elsewhere say openai, ollama, llama.cpp or vllm")
    if not _REMOTE_REFERENCE.fullmatch(body.reference):
        raise InvalidRequest("reference: it is what its server calls the model, such as gpt-4o-mini or llama3.2:3b")
    is_ollama = body.engine is Engine.OLLAMA
    return ModelSpec(
        id=ModelId(body.id),
        name=body.name or body.id,
        family=body.family,
        parameters_b=body.parameters_b,
        licence=body.licence,
        runtime=_runtime_of(body.engine),
        host=HostKind.REMOTE,
        context_tokens=body.context_tokens,
        slots=body.slots or (1 if is_ollama else _REMOTE_SLOTS),
        capabilities=body.capabilities,
        quality=_quality(body),
        speed=remote_speed(),
        load_s=load_s_of(footprint_of(body.parameters_b, body.weights_mib)) if is_ollama else 0.0,
        footprint=_NOTHING,
        engine=body.engine,
        reference=body.reference,
        usd_per_mtok=body.usd_per_mtok,
        is_local=body.local,
        is_enabled=body.enabled,
        url=_url(body),
        requests_per_minute=body.requests_per_minute,
    )


def _url(body: ModelBody) -> str:
    if body.url is None:
        raise InvalidRequest("url: say where the remote model is, such as https://api.example.com/v1")
    try:
        return str((ollama_url if body.engine is Engine.OLLAMA else openai_url)(body.url))
    except ValueError as error:
        raise InvalidRequest(f"url: {error}") from error

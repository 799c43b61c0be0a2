"""Every setting of the sidecar: environment variables `AI_DISPATCH_*`, checked before anything starts."""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dispatcher.core.addresses import Network, networks_of
from dispatcher.errors import SettingsError

PREFIX = "AI_DISPATCH_"
# Read by the command line, by scripts and by inference servers, not by the sidecar.
ELSEWHERE = frozenset({"AI_DISPATCH_URL", "AI_DISPATCH_TOKEN", "AI_DISPATCH_CACHE", "AI_DISPATCH_REPLICA_KEY"})


class Auth(StrEnum):
    """Who may call: whoever has a token, or whoever is on this machine."""

    TOKEN = "token"  # noqa: S105 - the name of a mode, not a secret
    NONE = "none"


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    CONSOLE = "console"


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base else Path.home() / ".local" / "share") / "ai-dispatch"


class Applying(StrEnum):
    """Who applies what the optimizer suggests."""

    OFF = "off"  # an admin, one by one
    ON = "on"  # the optimizer itself


class Settings(BaseSettings):
    """The settings; each field is the environment variable of its name in capitals, after `AI_DISPATCH_`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(3000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    auth: Auth = Field(Auth.TOKEN, description="`none` serves without tokens, and then only on loopback.")
    allowed_hosts: str = Field(
        "localhost,127.0.0.1,[::1],ai-dispatch,host.docker.internal",
        description="Names a Host header may have, separated by commas; stops DNS rebinding.",
    )
    data_dir: Path = Field(default_factory=_default_data_dir, description="Folder of the database, tokens and logs.")
    weights_dir: Path | None = Field(None, description="Folder of model files; `weights` in the data folder if unset.")
    admin_token_file: Path | None = Field(
        None, description="File holding the admin token; `admin.token` in the data folder, made if missing."
    )
    dispatch_token_file: Path | None = Field(
        None, description="File holding the token for n8n; `dispatch.token` in the data folder, made if missing."
    )
    memory_mib: int | None = Field(
        None, ge=64, description="Memory lent to models, in MiB; 70 % of what this machine or container has if unset."
    )
    cores: int | None = Field(None, ge=1, le=1024, description="CPU cores lent to models; all if unset.")
    idle_stop_s: float = Field(
        900.0,
        gt=0,
        description="A replica unused for so long is stopped, unless in nobody's way and likely to be wanted soon.",
    )
    start_timeout_s: float = Field(180.0, gt=0, description="A replica not ready after this long has failed.")
    timeout_default_s: float = Field(120.0, gt=0, description="Deadline of a dispatch that names none.")
    timeout_max_s: float = Field(3600.0, gt=0, description="Longest deadline a caller may ask for.")
    dropin_timeout_s: float = Field(
        300.0, gt=0, description="The same for callers of Ollama's and OpenAI's protocols, who know nothing of it."
    )
    max_tokens_default: int = Field(1024, ge=1, description="Longest answer of a dispatch that names no max_tokens.")
    embedding_model: str = Field(
        "all-minilm-l6-v2", min_length=1, max_length=200, description="The model for embeddings that name none."
    )
    prompt_chars_max: int = Field(400_000, ge=1, description="Longest prompt, all messages together.")
    request_bytes_max: int = Field(8_388_608, ge=1024, description="Longest request body; pictures come in it, too.")
    write_timeout_s: float = Field(30.0, gt=0, description="Whoever reads nothing of a stream for so long is cut off.")
    queue_max: int = Field(512, ge=1, description="Dispatches that may wait or run at once; more are refused.")
    queue_model_max: int = Field(384, ge=1, description="Of them, those that may wait for one model.")
    attempts_max: int = Field(3, ge=1, le=10, description="Models tried for one dispatch before it fails.")
    stall_s: float = Field(
        60.0,
        gt=0,
        description="An inference server that says nothing for so long in the middle of an answer has failed.",
    )
    deadline_confidence: float = Field(
        0.7, gt=0, lt=1, description="A model is chosen only if it keeps the deadline with this chance."
    )
    exploration: float = Field(
        0.02, ge=0, le=0.2, description="Share of dispatches that may try another model than the best; 0 for none."
    )
    seed: int | None = Field(None, description="Makes what is left to chance repeatable; drawn at the start if unset.")
    docker_host: str | None = Field(
        None,
        pattern=r"^(unix:///|ssh://)[^\s]+$",
        description="Docker engine that runs containers, such as `unix:///var/run/docker.sock`; none if unset.",
    )
    docker_network: str | None = Field(
        None, description="Docker network the sidecar shares with its replicas; they publish on loopback if unset."
    )
    docker_weights: str | None = Field(
        None, description="The weights folder as the engine names it, a path or a volume; the same path if unset."
    )
    docker_user: str | None = Field(
        None,
        pattern=r"^\d+:\d+$",
        description="`uid:gid` that reads model files in containers; ours if unset.",
    )
    ollama_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s/?#@]+/?$",
        description="An Ollama that someone else runs, such as `http://127.0.0.1:11434`: its models are offered too.",
    )
    ollama_is_local: bool | None = Field(
        None,
        description="Whether prompts with `privacy: local` may go there; if unset, when it is on loopback.",
    )
    remote_networks: str | None = Field(
        None,
        description="Private networks in which remote models may be, such as `192.168.1.0/24`, separated by commas; "
        "none if unset, and loopback only if it is listed.",
    )
    image_embedded: str = Field("ai-dispatch-inference:0.1", description="Image of the engine `embedded`.")
    image_ollama: str = Field("ollama/ollama:0.34.2", description="Image of the engine `ollama`.")
    image_llama_cpp: str = Field(
        "ghcr.io/ggml-org/llama.cpp:server-b11865", description="Image of the engine `llama.cpp`."
    )
    image_vllm: str = Field("vllm/vllm-openai:v0.18.0", description="Image of the engine `vllm`.")
    response_cache_mib: int = Field(
        0,
        ge=0,
        le=65_536,
        description="Memory for answers that may be given again to those who ask for it; 0 for none.",
    )
    response_cache_ttl_s: float = Field(3600.0, gt=0, description="How long such an answer is good.")
    jobs_max: int = Field(10_000, ge=1, description="Jobs that may wait or run at once; more are refused.")
    jobs_at_once: int = Field(
        128,
        ge=1,
        description="Jobs that run at once; never more than half of queue_max, nor two thirds of queue_model_max, "
        "so that callers who wait for their answer get in.",
    )
    jobs_bytes_max: int = Field(
        67_108_864, ge=1024, description="Requests of running jobs, together; the others wait on disk."
    )
    job_result_ttl_s: float = Field(
        86_400.0, gt=0, description="How long the answer of a job is kept for whoever doesn't come for it."
    )
    job_grace_s: float = Field(60.0, ge=0, description="How long it is kept after it was fetched.")
    callback_hosts: str | None = Field(
        None,
        description="Hosts (any port), or host:port, that jobs may call back, separated by commas; none if unset.",
    )
    feedback_daily_max: int = Field(
        200, ge=0, description="Opinions on answers a token is heard with each day; more are kept, not learned."
    )
    optimizer_every_s: float = Field(
        21_600.0, gt=0, description="How often the optimizer looks at what was measured, and at the rules it applied."
    )
    optimizer_apply: Applying = Field(
        Applying.OFF,
        description="`on` lets the optimizer apply what it suggests; what does harm is taken back.",
    )
    retention_days: float = Field(30.0, gt=0, description="Log rows older than this are deleted.")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least severe level logged.")
    log_format: LogFormat = Field(LogFormat.JSON, description="`json` lines, or `console` for people.")

    @field_validator("remote_networks")
    @classmethod
    def _are_networks(cls, text: str | None) -> str | None:
        networks_of(text or "")
        return text

    @property
    def networks(self) -> tuple[Network, ...]:
        """The private networks in which remote models may be."""
        return networks_of(self.remote_networks or "")

    @property
    def weights_path(self) -> Path:
        """Where model files are."""
        return self.weights_dir or self.data_dir / "weights"

    @property
    def admin_token_path(self) -> Path:
        """Where the admin token is."""
        return self.admin_token_file or self.data_dir / "admin.token"

    @property
    def dispatch_token_path(self) -> Path:
        """Where the token for n8n is."""
        return self.dispatch_token_file or self.data_dir / "dispatch.token"

    @property
    def jobs_in_hand_max(self) -> int:
        """How many jobs run at once, so that callers who wait for their answer still get in."""
        return max(1, min(self.jobs_at_once, self.queue_max // 2, self.queue_model_max * 2 // 3))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the sidecar."""
        return _is_loopback(self.host)

    @property
    def is_ollama_local(self) -> bool:
        """Whether prompts that must stay local may go to the adopted Ollama."""
        if self.ollama_is_local is not None:
            return self.ollama_is_local
        return self.ollama_url is not None and _is_loopback(urlsplit(self.ollama_url).hostname or "")


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read the environment; `overrides` (from the command line) win.

    Raises: SettingsError, one line naming the variable and what is wrong with it.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields} | ELSEWHERE
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(f"{unknown[0]} is not a setting; the README lists them all")
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise SettingsError(f"{name} is {first['input']!r}: {first['msg'].removeprefix('Value error, ')}") from error
    if settings.auth is Auth.NONE and not settings.is_loopback:
        raise SettingsError(f"AI_DISPATCH_AUTH is none, so AI_DISPATCH_HOST must be loopback, not {settings.host!r}")
    return settings

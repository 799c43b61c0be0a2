"""The routes of the stand-in for Ollama, and two of its own to steer and watch it from another process."""

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar

from tests.fakes.behaviour import Behaviour, Fault
from tests.fakes.ollama_chat import Answer, messages, now
from tests.fakes.ollama_http import Gone, OllamaHandler
from tests.fakes.ollama_scheduler import Runner
from tests.fakes.ollama_shelf import normal
from tests.fakes.ollama_switches import ApiError, PullFault
from tests.fakes.vectors import rows_of, tokens_of

if TYPE_CHECKING:
    from tests.fakes.ollama_server import FakeOllama

VERSION = "0.0.0-stand-in"
_DETAILS = {"parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"]}


class Routes(OllamaHandler):
    """One connection to a stand-in."""

    ollama: ClassVar["FakeOllama"]

    @classmethod
    def of(cls, ollama: "FakeOllama") -> type["Routes"]:
        """The handler of one stand-in's connections."""
        return type("RoutesOfOne", (cls,), {"ollama": ollama})

    def do_GET(self) -> None:  # noqa: N802 - the parent's name
        self._route()

    do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815 - the parent's names

    def _route(self) -> None:
        self.has_begun = False
        method = "GET" if self.command == "HEAD" else self.command
        route = _ROUTES.get((method, self.path.partition("?")[0]))
        try:
            if route is None:
                self.reply("404 page not found", 404, "text/plain")
            else:
                route(self)
        except ApiError as error:
            if self.has_begun:
                self.line({"error": error.words})
                self.end()
            else:
                self.reply({"error": error.words}, error.status)
        except (Gone, ConnectionError):
            self.close_connection = True

    def hang(self) -> None:
        """Say nothing any more."""
        self.ollama.closing.wait()
        raise Gone

    def root(self) -> None:
        self.reply("Ollama is running", kind="text/plain")

    def version(self) -> None:
        self.reply({"version": VERSION})

    def tags(self) -> None:
        self.reply({"models": [_tag(manifest) | {"modified_at": now()} for manifest in self.ollama.shelf.manifests()]})

    def ps(self) -> None:
        running = self.ollama.scheduler.running()
        self.reply({"models": [self._ps(runner) for runner in running]})

    def show(self) -> None:
        manifest = self.ollama.shelf.manifest(_name(self.body()))
        details = _tag(manifest)["details"]
        can = ["embedding"] if _only_embeds(manifest) else ["completion"]
        self.reply({"details": details, "model_info": {}, "capabilities": can, "modified_at": now(), "template": ""})

    def delete(self) -> None:
        name = _name(self.body())
        self.ollama.shelf.delete(name)
        self.ollama.scheduler.unload(normal(str(name)))
        self.reply(None)

    def pull(self) -> None:
        body = self.body()
        is_stream = body.get("stream", True) is not False
        self.ollama.pulls += 1
        emit = self.line if is_stream else lambda _event: None
        self.ollama.shelf.pull(str(_name(body)), emit, self._pull_at_half, self._pull_pause)
        if is_stream:
            self.end()
        else:
            self.reply({"status": "success"})

    def chat(self) -> None:
        self._infer(is_chat=True)

    def generate(self) -> None:
        self._infer(is_chat=False)

    def embed(self) -> None:
        """Vectors of texts; none for none, which only loads the model."""
        body = self.body()
        manifest = self.ollama.shelf.manifest(body.get("model"))
        texts = _texts(body.get("input"))
        behaviour = self.ollama.switches.chat.as_asked([{"role": "user", "content": text} for text in texts[:1]])
        weights = self.ollama.shelf.weights(manifest["name"])
        lent = self.ollama.scheduler.lent(manifest["name"], weights, body.get("options") or {}, body.get("keep_alive"))
        with lent as (runner, load_ns):
            if texts:
                self.ollama.asked.append(body)
            tokens = [tokens_of(text) for text in texts]
            most = runner.shape.context_tokens
            if body.get("truncate") is False and any(len(one) > most for one in tokens):
                raise ApiError(400, "the input length exceeds the context length")
            self._fail_to_embed(behaviour)
            rows = rows_of([one[:most] for one in tokens], behaviour)
        counted = {"prompt_eval_count": sum(map(len, tokens)), "total_duration": 1_000_000, "load_duration": load_ns}
        self.reply({"model": body["model"], "embeddings": rows, **counted})

    def _fail_to_embed(self, behaviour: Behaviour) -> None:
        match behaviour.fault:
            case Fault.HANG:
                self.hang()
            case Fault.RESET:
                self.hang_up(reset=True)
            case Fault.STATUS:
                raise ApiError(behaviour.status, "can't embed")

    def set_switches(self) -> None:
        self.ollama.switches = self.ollama.switches.but(self.body())
        self.reply({})

    def seen(self) -> None:
        loads = [asdict(shape) for shape in self.ollama.loads]
        self.reply({"asked": self.ollama.asked, "loads": loads, "pulls": self.ollama.pulls, "left": self.ollama.left})

    def _infer(self, *, is_chat: bool) -> None:
        body = self.body()
        manifest = self.ollama.shelf.manifest(body.get("model"))
        if _only_embeds(manifest):
            raise ApiError(400, f'"{body["model"]}" does not support {"chat" if is_chat else "generate"}')
        turns = messages(body)
        behaviour = self.ollama.switches.chat.as_asked(turns)
        answer = Answer(self, body, behaviour, self.hang, is_chat=is_chat)
        if not turns and body.get("keep_alive") == 0:
            self.ollama.scheduler.unload(manifest["name"])
            answer.nothing("unload")
            return
        weights = self.ollama.shelf.weights(manifest["name"])
        lent = self.ollama.scheduler.lent(manifest["name"], weights, body.get("options") or {}, body.get("keep_alive"))
        left = True
        self.ollama.begin()
        try:
            with lent as (runner, load_ns):
                if turns:
                    self.ollama.asked.append(body)
                    answer.send(runner.engine, load_ns)
                else:
                    answer.nothing("load")
            left = False
        except (ApiError, Gone):
            left = False
            raise
        finally:
            self.ollama.finish(left=left)

    def _pull_pause(self) -> None:
        time.sleep(self.ollama.switches.pull_piece_s)

    def _pull_at_half(self) -> None:
        switches = self.ollama.switches
        if switches.pull_fault is None or self.ollama.pulls > switches.pull_faults:
            return
        match switches.pull_fault:
            case PullFault.CUT:
                self.hang_up(b"ffff\r\n{")
            case PullFault.END:
                self.end()
                raise Gone
            case PullFault.ERROR:
                raise ApiError(500, "write /root/.ollama/models/blobs: no space left on device")
            case PullFault.GARBAGE:
                self.raw_line(b"{nope\n")
            case PullFault.STALL:
                while not self.ollama.closing.wait(0.02):
                    self.line({"status": "pulling fakefakefake"})
                raise Gone

    def _ps(self, runner: Runner) -> dict[str, Any]:
        left_s = 10e9 if runner.expires_at_s is None else runner.expires_at_s - time.monotonic()
        expires_at = datetime.now(timezone.utc) + timedelta(seconds=left_s)  # noqa: UP017
        return _tag(self.ollama.shelf.manifest(runner.shape.name)) | {
            "expires_at": expires_at.isoformat(),
            "size": runner.size,
            "size_vram": 0,
            "context_length": runner.shape.context_tokens,
        }


def _only_embeds(manifest: dict[str, Any]) -> bool:
    """Whether a model can't write, which the stand-in tells by its name."""
    return "embed" in manifest["name"]


def _texts(asked: object) -> list[str]:
    if isinstance(asked, str):
        return [asked] if asked else []
    if not isinstance(asked, list) or not all(isinstance(text, str) for text in asked):
        raise ApiError(400, "invalid input type")
    return asked


def _name(body: dict[str, Any]) -> object:
    return body.get("model") or body.get("name")


def _tag(manifest: dict[str, Any]) -> dict[str, Any]:
    details = {**_DETAILS, "parameter_size": "1M", "quantization_level": "Q4_0"}
    facts = {key: manifest[key] for key in ("name", "digest", "size")}
    return {**facts, "model": manifest["name"], "details": details}


_ROUTES: dict[tuple[str, str], Callable[[Routes], None]] = {
    ("GET", "/"): Routes.root,
    ("GET", "/api/version"): Routes.version,
    ("GET", "/api/tags"): Routes.tags,
    ("GET", "/api/ps"): Routes.ps,
    ("POST", "/api/show"): Routes.show,
    ("POST", "/api/pull"): Routes.pull,
    ("DELETE", "/api/delete"): Routes.delete,
    ("POST", "/api/chat"): Routes.chat,
    ("POST", "/api/generate"): Routes.generate,
    ("POST", "/api/embed"): Routes.embed,
    ("POST", "/fake/switches"): Routes.set_switches,
    ("GET", "/fake/seen"): Routes.seen,
}

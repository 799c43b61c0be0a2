"""Real llama.cpp inside the stand-in for Ollama: one child process for each loaded model, as Ollama has it."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fakes.ollama_engine import Question, Stopped, exceeded
from tests.fakes.ollama_switches import ApiError

_OPTIONS = {"num_predict": "max_tokens", "temperature": "temperature", "seed": "seed", "stop": "stop", "top_p": "top_p"}
_LOAD_S = 300.0


class LlamaEngine:
    """A child that serves one model on loopback; needs only the embedded inference server and xllamacpp."""

    def __init__(self, weights: Path, context_tokens: int, threads: int, slots: int) -> None:
        self._key = secrets.token_hex(16)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self._port = int(taken.getsockname()[1])
        numbers = {"port": self._port, "context-tokens": context_tokens, "slots": slots, "threads": threads}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "dispatcher.embedded.server", "--model", str(weights)]
            + [part for name, number in numbers.items() for part in (f"--{name}", str(number))],
            env={**os.environ, "AI_DISPATCH_REPLICA_KEY": self._key, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def answer(self, question: Question) -> Iterator[str | Stopped]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        try:
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            connection.request("POST", "/v1/chat/completions", json.dumps(_body(question)), headers)
            response = connection.getresponse()
            if response.status != 200:
                raise _error(response.status, json.loads(response.read()).get("error", {}))
            yield from _events(response)
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(500, f"llama runner process has terminated: exit status {self._child.poll()}") from error
        finally:
            connection.close()

    def stop(self) -> None:
        self._child.terminate()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _wait_until_ready(self) -> None:
        give_up_at_s = time.monotonic() + _LOAD_S
        while not self._is_ready():
            if (code := self._child.poll()) is not None:
                memory = "llama-server reported out-of-memory during startup: " if code == 5 else ""
                raise ApiError(500, f"{memory}llama runner process has terminated: exit status {code}")
            if time.monotonic() > give_up_at_s:
                raise ApiError(500, "timed out waiting for llama runner to start")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def _body(question: Question) -> dict[str, Any]:
    body: dict[str, Any] = {"messages": question.messages, "stream": True, "stream_options": {"include_usage": True}}
    body |= {theirs: question.options[ours] for ours, theirs in _OPTIONS.items() if ours in question.options}
    if question.format is not None:
        body["response_format"] = question.format
    return body


def _events(response: http.client.HTTPResponse) -> Iterator[str | Stopped]:
    reason, timings = "stop", dict[str, Any]()
    for line in response:
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line[6:])
        if "error" in event:
            raise _error(500, event["error"])
        timings = event.get("timings") or timings
        for choice in event.get("choices", []):
            reason = choice.get("finish_reason") or reason
            if text := choice["delta"].get("content"):
                yield text
    yield Stopped(
        reason,
        timings.get("prompt_n", 0) + timings.get("cache_n", 0),
        int(timings.get("prompt_ms", 0) * 1e6),
        timings.get("predicted_n", 0),
        int(timings.get("predicted_ms", 0) * 1e6),
    )


def _error(status: int, details: dict[str, Any]) -> ApiError:
    if details.get("type") == "exceed_context_size_error":
        return ApiError(400, exceeded(details["n_prompt_tokens"], details["n_ctx"]))
    return ApiError(status, str(details.get("message", "an error was encountered while running the model")))

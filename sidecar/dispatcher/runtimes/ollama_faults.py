"""What Ollama's own errors mean, in words that name the fix.

Ollama's words about an answer aren't passed on: they may quote the prompt. Those about pulls and loads are.
"""

import re

import orjson

from dispatcher.core.embedding import EmbedAsk
from dispatcher.core.outcome import Ask
from dispatcher.core.task import FormatKind
from dispatcher.errors import TOO_LONG, DispatcherError, RuntimeBadAnswer, RuntimeBusy, RuntimeFault, RuntimeRefused

_TRANSIENT = (408, 425, 499)
_WORDS_MAX = 300
_MEMORY_SIGNS = (
    "out of memory",
    "out-of-memory",
    "requires more system memory",
    "failed to allocate",
    "unable to allocate",
    "cannot allocate",
    "cudamalloc failed",
    "bad_alloc",
    "signal: killed",
)
_CRASH_SIGNS = (
    "runner process has terminated",
    "runner process no longer running",
    "runner has unexpectedly stopped",
    "unexpected eof",
    "signal: killed",
)
_CONTEXT_SIGNS = ("exceed_context_size_error", "context length", "context size")
_FORMAT_SIGNS = ("schema", "grammar", "format")


def words_of(body: bytes) -> str:
    """Ollama's own words in the body of an error; empty when it has none."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return error_words(parsed.get("error")) if isinstance(parsed, dict) else ""


def error_words(error: object) -> str:
    """Ollama's own words, on one line and not too many."""
    return re.sub(r"[\s\x00-\x1f]+", " ", error).strip()[:_WORDS_MAX] if isinstance(error, str) else ""


def tells_of_memory(words: str) -> bool:
    """Whether a failure is for want of memory."""
    return any(sign in words.lower() for sign in _MEMORY_SIGNS)


def fault_of_status(status: int, words: str, ask: Ask) -> DispatcherError:
    """The error for an answer with another status than 200."""
    if status == 404 and words:
        return RuntimeFault(f"the inference server doesn't have {ask.model_id} any more; it must be fetched again")
    if status == 404:
        return RuntimeBadAnswer("the inference server doesn't know the chat route; is it an Ollama?")
    if refusal := _refusal(words, ask):
        return refusal
    if status in (429, 503):
        return RuntimeBusy("the inference server is busy: as many requests wait there as may wait")
    if status >= 500 or status in _TRANSIENT:
        failed = f"the inference server failed: it answered {status}{_for_memory(words)}"
        return RuntimeFault(failed, has_crashed=_tells_of_a_crash(words))
    if status in (401, 403):
        return RuntimeRefused(f"the inference server of {ask.model_id} doesn't accept the key it was called with")
    if 400 <= status < 500:
        return RuntimeRefused(f"the inference server refused the request: {status}")
    return RuntimeBadAnswer(f"the inference server answered {status} where 200 was expected")


def embedding_fault(status: int, words: str, ask: EmbedAsk) -> DispatcherError:
    """The error for an answer to a request for vectors with another status than 200."""
    if any(sign in words.lower() for sign in _CONTEXT_SIGNS):
        index, longest = max(enumerate(ask.texts), key=lambda one: len(one[1]))
        return RuntimeRefused(
            f"input: a text is longer than the context of {ask.model_id}; the longest is text {ask.first + index} with "
            f"{len(longest)} characters; shorten it, or let it be cut (truncate)"
        )
    return fault_of_status(status, words, Ask(ask.model_id, (), 1))


def fault_in_stream(words: str, ask: Ask) -> DispatcherError:
    """The error for an error line in the stream of an answer: its status was 200 already."""
    failed = f"the inference server failed while it answered{_for_memory(words)}"
    return _refusal(words, ask) or RuntimeFault(failed, has_crashed=_tells_of_a_crash(words))


def _refusal(words: str, ask: Ask) -> RuntimeRefused | None:
    """The error when it is the request that is at fault, whatever the status: Ollama also answers 500 then."""
    said = words.lower()
    if any(sign in said for sign in _CONTEXT_SIGNS):
        return RuntimeRefused(
            f"{TOO_LONG}: it has {_number('n_prompt_tokens', said)} tokens and {ask.model_id} takes "
            f"{_number('n_ctx', said)}, answer included; shorten it, or choose a model with a longer context"
        )
    if "does not support" in said:
        return RuntimeRefused(f"{ask.model_id} can't do what was asked: its weights aren't made for it")
    if ask.output.kind is FormatKind.JSON_SCHEMA and any(sign in said for sign in _FORMAT_SIGNS):
        return RuntimeRefused(f"requirements.format: {ask.model_id} can't be held to this JSON schema; simplify it")
    return None


def _number(name: str, said: str) -> str:
    """A count of the error object that llama.cpp gives and Ollama quotes as text."""
    found = re.search(rf'"{name}"\s*:\s*(\d+)', said)
    return found[1] if found else "an unknown number of"


def _tells_of_a_crash(words: str) -> bool:
    return any(sign in words.lower() for sign in _CRASH_SIGNS)


def _for_memory(words: str) -> str:
    return " (out of memory)" if tells_of_memory(words) else ""

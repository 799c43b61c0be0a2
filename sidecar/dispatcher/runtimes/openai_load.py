"""What llama.cpp and vLLM say of how many requests they work on."""

import re

import orjson

from dispatcher.errors import RuntimeBadAnswer

_RUNNING = re.compile(rb"^vllm:num_requests_running(?:\{[^}\n]*\})? (\d{1,6}(?:\.\d+)?)$", re.MULTILINE)


def busy_slots(body: bytes) -> int:
    """How many slots of llama.cpp's list are busy. RuntimeBadAnswer when it is no such list."""
    try:
        slots = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RuntimeBadAnswer("the inference server's list of slots isn't JSON") from error
    if not isinstance(slots, list) or not all(isinstance(slot, dict) for slot in slots):
        raise RuntimeBadAnswer("the inference server's list of slots has an unknown shape")
    return sum(slot.get("is_processing") is True for slot in slots)


def running_requests(text: bytes) -> int | None:
    """The sum of vLLM's gauge over its models; None when it isn't there."""
    found = _RUNNING.findall(text)
    return round(sum(map(float, found))) if found else None

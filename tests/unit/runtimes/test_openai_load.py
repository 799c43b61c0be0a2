"""How many requests an inference server works on."""

import asyncio
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.replica import Endpoint
from dispatcher.errors import RuntimeBadAnswer, RuntimeUnreachable
from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.runtimes.openai_load import busy_slots, running_requests
from tests.fakes.asking import ask, within
from tests.fakes.behaviour import mark
from tests.fakes.inference_server import FakeInferenceServer

VLLM = b"""# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 2.0
vllm:num_requests_running{engine="1",model_name="m"} 1.0
vllm:num_requests_waiting{engine="0",model_name="m"} 7.0
"""


def test_vllm_says_it_in_its_metrics() -> None:
    assert running_requests(VLLM) == 3
    assert running_requests(b"process_cpu_seconds_total 1.0\n") is None


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'"x"', b"\xff"])
def test_what_is_no_list_of_slots_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(RuntimeBadAnswer):
        busy_slots(body)


@given(st.binary())
def test_whatever_a_server_says_is_a_number_or_a_bad_answer(body: bytes) -> None:
    with suppress(RuntimeBadAnswer):
        assert busy_slots(body) >= 0
    assert (running_requests(body) or 0) >= 0


async def test_a_slot_is_busy_for_as_long_as_the_server_works_whoever_has_left(
    runtime: OpenAIRuntime, fake: FakeInferenceServer
) -> None:
    assert await runtime.running(fake.endpoint) == 0
    prompt = mark(fault="hang_midway") + mark(lingers_s=0.3)
    asking = asyncio.create_task(runtime.complete(fake.endpoint, ask(prompt), within()))
    await until_running(runtime, fake, 1)
    asking.cancel()
    left_s = time.monotonic()
    await asyncio.gather(asking, return_exceptions=True)
    assert await runtime.running(fake.endpoint) == 1
    await until_running(runtime, fake, 0)
    assert time.monotonic() - left_s >= 0.3


async def test_a_server_that_is_gone_does_not_say(runtime: OpenAIRuntime) -> None:
    with pytest.raises(RuntimeUnreachable):
        await runtime.running(Endpoint("http://127.0.0.1:9", "key"))


async def until_running(runtime: OpenAIRuntime, fake: FakeInferenceServer, count: int) -> None:
    async with asyncio.timeout(10):
        while await runtime.running(fake.endpoint) != count:  # noqa: ASYNC110 - it is asked, as if it were elsewhere
            await asyncio.sleep(0.01)

"""What tests of runtimes share: a client, and a fake to ask."""

import time
from collections.abc import AsyncIterator

import pytest

from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.runtimes.session import new_session
from tests.fakes.inference_server import FakeInferenceServer


@pytest.fixture
async def runtime() -> AsyncIterator[OpenAIRuntime]:
    async with new_session() as session:
        yield OpenAIRuntime(session, time.monotonic)


@pytest.fixture
async def fake() -> AsyncIterator[FakeInferenceServer]:
    async with FakeInferenceServer() as fake:
        yield fake

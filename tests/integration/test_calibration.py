"""Measuring a model: told step by step, learned from, and no dispatch of anybody."""

import json

import pytest

from tests.integration.conftest import JSON, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import Speed, big, spec

pytestmark = pytest.mark.heavy


async def test_a_model_is_measured_and_forecasts_start_from_that(start_sidecar: StartSidecar) -> None:
    slow_on_paper = Speed(prefill_tps=5.0, decode_tps=2.0)
    client = await start_sidecar(spec("small", speed=slow_on_paper), big("big"), exploration=0)

    async def forecast_s() -> float:
        reply: JSON = await client.post("/api/explain", {"prompt": "Which is larger?", "model": "small"})
        return float(reply["decision"]["forecast"]["p50_s"])

    before_s = await forecast_s()
    headers = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.post("/api/models/small/calibrate", headers=headers) as response:
        assert response.status == 200
        text = await response.text()
    events = [part.split("\ndata: ") for part in text.strip().split("\n\n")]
    assert [name for name, _ in events] == ["event: progress"] * 5 + ["event: done"]
    done = json.loads(events[-1][1])
    assert (done["id"], done["answers"]) == ("small", 5)
    assert done["decode_tps"] > 2.0

    async def is_known() -> bool:
        return await forecast_s() < before_s / 2

    await until(is_known, "forecasts start from what was measured", within_s=20)


async def test_a_model_that_is_not_there_is_not_measured(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec("small"))
    headers = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.post("/api/models/other/calibrate", headers=headers) as response:
        assert response.status == 404
    async with client.http.post(
        "/api/models/small/calibrate", headers={"Authorization": f"Bearer {client.token('dispatch')}"}
    ) as response:
        assert response.status == 403

"""A sidecar that is killed again and again under traffic, at random and at every named point: the bench, in short."""

from pathlib import Path

import pytest

from scripts.bench.kills.campaign import campaign

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]

_KILLS = 100


async def test_no_kill_loses_a_job_answers_it_twice_or_runs_it_twice_at_once(tmp_path: Path) -> None:
    found = await campaign(tmp_path, kills=_KILLS, seed=11)
    assert (found.jobs_lost, found.double_results, found.overlapping_runs) == (0, 0, 0)
    assert found.jobs_acknowledged >= found.kills
    assert found.kills_at_points >= _KILLS // 4  # half are meant to be; some points aren't reached within the time
    assert found.extra_runs <= 4 * found.kills

"""What each workflow has had lately."""

import pytest

from dispatcher.core.shares import Shares
from dispatcher.service.tally import Tally


def test_work_fades_and_is_forgotten() -> None:
    shares = Shares(0.0)
    shares.served("a", 10.0)
    assert shares.as_of(120.0) == {"a": pytest.approx(10 / 2.718, rel=0.01)}
    assert shares.as_of(3600.0) == {}


def test_a_new_one_is_level_with_whichever_has_had_least() -> None:
    shares = Shares(0.0)
    shares.served("b", 10.0)
    for share, work_s in (("a", 30.0), ("new", 1.0)):
        shares.served(share, work_s)
    assert shares.as_of(0.0) == {"a": 40.0, "b": 10.0, "new": 11.0}


def test_a_share_that_has_none_is_not_kept() -> None:
    tally = Tally()
    for share in ("a", "b", "a"):
        tally.add(share)
    for share in ("a", "b"):
        tally.remove(share)
    assert (tally.total, tally.of("a"), tally.of("b")) == (1, 1, 0)
    assert len(tally) == 1

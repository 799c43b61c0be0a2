"""When a model that was missed is loaded for the next caller."""

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.prospects import prospects
from dispatcher.core.selection import rank
from dispatcher.core.task import Complexity
from dispatcher.core.warming import Account, missed
from tests.unit.core.builders import big, candidate, resident, situation, spec, wish

WARM_SMALL = (resident("s", "small"),)


def test_a_better_model_that_is_only_too_cold_for_the_deadline_is_missed() -> None:
    choice = situation(spec(), big(load_s=60.0), complexity=Complexity.HIGH, residents=WARM_SMALL)
    asked = wish(timeout_s=50.0)
    best = rank(prospects(choice)[0], asked).options[0]
    assert best.model_id == "small"
    (one,) = missed(choice, asked, best)
    assert one.model_id == "big"
    assert one.loss > 0


def test_a_worse_model_and_one_that_is_warm_are_not_missed() -> None:
    both = (*WARM_SMALL, resident("b", "big"))
    choice = situation(spec(), big(), complexity=Complexity.HIGH, residents=both)
    assert not missed(choice, wish(), rank(prospects(choice)[0], wish()).options[0])
    easy = situation(spec(), spec("worse", quality=spec().quality, load_s=9.0), residents=WARM_SMALL)
    assert not missed(easy, wish(), rank(prospects(easy)[0], wish()).options[0])


def test_a_refused_dispatch_misses_whatever_could_have_answered_it_warm() -> None:
    choice = situation(spec(load_s=60.0))
    assert not rank(prospects(choice)[0], wish(timeout_s=20.0)).options
    assert [one.model_id for one in missed(choice, wish(timeout_s=20.0), None)] == ["small"]
    assert not missed(choice, wish(timeout_s=0.01), None)


def test_what_must_be_fetched_first_takes_that_much_longer() -> None:
    (soon,), _ = prospects(situation(candidate(spec())))
    (late,), _ = prospects(situation(candidate(spec(), fetch_s=100.0)))
    assert late.finish.p50 == soon.finish.p50 + 100.0


def test_an_old_loss_counts_less_than_a_new_one() -> None:
    account = Account().with_loss(1.0, 0.0)
    assert account.as_of(300.0).loss == 0.5
    assert account.with_loss(1.0, 300.0).loss == 1.5


@given(st.floats(0, 10), st.floats(0, 1000), st.floats(0, 1000))
def test_a_dearer_load_never_pays_earlier(loss: float, load_s: float, more_s: float) -> None:
    account = Account(loss)
    assert account.pays(load_s, 0.0, 0.0) or not account.pays(load_s + more_s, 0.0, 0.0)
    assert account.pays(load_s, 0.0, 0.0) or not account.pays(load_s, more_s, 0.0)

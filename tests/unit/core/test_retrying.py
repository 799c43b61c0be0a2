"""How many dispatches may try again."""

from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.retrying import RetryBudget, Tries


def test_three_may_always_try_again_and_a_fourth_may_not() -> None:
    budget = RetryBudget()
    with ExitStack() as stack:
        tries = [stack.enter_context(budget.under_way()) for _ in range(4)]
        assert [one.again() for one in tries] == [True, True, True, False]


def test_of_many_a_fifth_may_try_again() -> None:
    budget = RetryBudget()
    with ExitStack() as stack:
        tries = [stack.enter_context(budget.under_way()) for _ in range(100)]
        assert sum(one.again() for one in tries) == 20


def test_a_third_try_of_the_same_dispatch_costs_nothing_more() -> None:
    budget = RetryBudget()
    with budget.under_way() as tries:
        assert tries.again()
        assert tries.again()
        assert budget.retrying == 1


def test_one_that_ends_makes_room_for_another() -> None:
    budget = RetryBudget()
    with budget.under_way() as waiting:
        with ExitStack() as stack:
            assert all(stack.enter_context(budget.under_way()).again() for _ in range(3))
            assert not waiting.again()
        assert waiting.again()


@given(st.lists(st.tuples(st.sampled_from(["begin", "again", "end"]), st.integers(0, 99))))
def test_whatever_happens_the_budget_is_kept_at_the_moment_of_trying_and_ends_at_nothing(
    plan: list[tuple[str, int]],
) -> None:
    budget = RetryBudget()
    under_way: list[tuple[ExitStack, Tries]] = []
    for verb, number in plan:
        if verb == "begin":
            stack = ExitStack()
            under_way.append((stack, stack.enter_context(budget.under_way())))
        elif verb == "again" and under_way:
            tries = under_way[number % len(under_way)][1]
            if not tries.is_retrying and tries.again():
                assert budget.retrying <= max(3, 0.2 * budget.active)
        elif verb == "end" and under_way:
            under_way.pop(number % len(under_way))[0].close()
        assert budget.active == len(under_way)
        assert budget.retrying == sum(tries.is_retrying for _, tries in under_way)
    for stack, _ in under_way:
        stack.close()
    assert (budget.active, budget.retrying) == (0, 0)

"""What is lent to models."""

import psutil

from dispatcher.machine import lent_memory_mib

HERE_MIB = psutil.virtual_memory().total // 2**20


def test_what_is_set_is_lent() -> None:
    assert lent_memory_mib(100, [None]) == 100


def test_nothing_set_lends_a_share() -> None:
    assert 0 < lent_memory_mib(None) < HERE_MIB


def test_no_more_is_lent_than_the_machine_has() -> None:
    assert lent_memory_mib(2 * HERE_MIB) <= HERE_MIB


def test_no_more_is_lent_than_an_engine_on_a_smaller_machine_has() -> None:
    assert lent_memory_mib(4000, [None, 900]) == 900
    assert lent_memory_mib(None, [900]) < 900

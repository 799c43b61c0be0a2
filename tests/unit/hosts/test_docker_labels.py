"""Labels say whose a container is, and bring its order back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.model import Engine
from dispatcher.hosts.docker_labels import is_ours, labels_of, order_of, replica_of
from tests.unit.hosts.orders import order


@pytest.mark.parametrize("engine", list(Engine))
def test_an_order_comes_back_from_its_labels(engine: Engine) -> None:
    labels = labels_of(order(engine), "aidtest", "g")
    assert order_of(labels) == order(engine)
    assert replica_of(labels) == order().replica_id
    assert is_ours(labels, "aidtest")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"replica_id": 1}',
        '{"engine": "embedded", "shell": "sh"}',
        '{"replica_id":"aidtest-0a1b2c3d","model_id":"m","weights_path":"x","weights_sha256":"","context_tokens":"1",'
        '"slots":1,"threads":1,"memory_limit_mib":1,"engine":"embedded","reference":"","needs_gpu":false}',
        '{"replica_id":"another","model_id":"m","weights_path":"x","weights_sha256":"","context_tokens":1,'
        '"slots":1,"threads":1,"memory_limit_mib":1,"engine":"embedded","reference":"","needs_gpu":false}',
    ],
)
def test_an_order_that_is_not_whole_is_none(text: str) -> None:
    assert order_of({**labels_of(order(), "aidtest", "g"), "ai-dispatch.order": text}) is None


@given(st.dictionaries(st.sampled_from(list(labels_of(order(), "", ""))), st.text(max_size=20)))
def test_whatever_labels_there_are_they_can_be_read(labels: dict[str, str]) -> None:
    assert order_of(labels) is None
    assert is_ours(labels, "aidtest") == (
        labels.get("ai-dispatch.managed") == "1" and labels.get("ai-dispatch.install") == "aidtest"
    )

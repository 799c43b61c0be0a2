"""Only plain addresses on named hosts may be called back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from dispatcher.core.callback import allowed_hosts, is_address, may_call_back

HOSTS = allowed_hosts(" n8n, Localhost:5678 ,[::1],,10.0.0.7:443 ")


@pytest.mark.parametrize(
    "url",
    [
        "http://n8n/",
        "http://n8n:5678/webhook-waiting/7?x=%20y&z=[1]",
        "https://N8N:1/a",
        "http://localhost:5678/",
        "http://[::1]:99/",
        "https://10.0.0.7/",
    ],
)
def test_named_hosts_may_be_called(url: str) -> None:
    assert may_call_back(url, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://localhost:80/",
        "http://10.0.0.7/",
        "http://10.0.0.7:80/",
        "http://n8n.example/",
        "http://xn8n/",
        "http://n8n@evil/",
        "http://evil\\@n8n/",
        "http://evil#@n8n/",
        "http://n8n:70000/",
        "ftp://n8n/",
        "http:n8n",
        "http:///n8n",
        " http://n8n/",
        "http://n8n/ x",
        "http://n8n/é",
        "",
    ],
)
def test_all_others_may_not(url: str) -> None:
    assert not may_call_back(url, HOSTS)


def test_nobody_may_be_called_when_nobody_is_named() -> None:
    assert not may_call_back("http://localhost/", allowed_hosts(""))


_PIECES = st.sampled_from(["http://", "n8n", "evil", "@", ":", "80", "/", "\\", "#", "?", ".", "[", "]", "%2f", "\t"])


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_whoever_is_called_is_who_was_checked(url: str) -> None:
    """The client reads addresses with yarl, this check with the standard library: they must agree on the host."""
    if is_address(url) and may_call_back(url, HOSTS):
        assert URL(url).host == "n8n"

"""A remote model's URL is understood in one way only, or refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.remote_url import Origin, ollama_url, openai_url, origin_of
from tests.unit.core.refused_urls import REFUSED


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        ("https://api.example.com/v1/", "https://api.example.com/v1"),
        ("https://api.example.com", "https://api.example.com/v1"),
        (" https://api.example.com/ ", "https://api.example.com/v1"),
        ("https://api.example.com/v1/chat/completions", "https://api.example.com/v1"),
        ("https://api.example.com/v1/models", "https://api.example.com/v1"),
        ("https://example.com/v1beta/openai/", "https://example.com/v1beta/openai"),
        ("HTTPS://API.Example.COM:443/api/v1", "https://api.example.com/api/v1"),
        ("http://192.168.1.20:8000/v1", "http://192.168.1.20:8000/v1"),
        ("http://[FD00:0:0::1]:8000", "http://[fd00::1]:8000/v1"),
        ("http://box.:8000", "http://box:8000/v1"),
        ("http://gpu_box-1:80", "http://gpu_box-1/v1"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
    ],
)
def test_the_base_is_what_stands_before_the_protocols_paths(text: str, base: str) -> None:
    assert str(openai_url(text)) == base


@pytest.mark.parametrize(
    "text",
    ["http://box:11434", "http://box:11434/", "http://box:11434/api", "http://box:11434/api/chat",
     "http://box:11434/v1"],
)  # fmt: skip
def test_an_ollamas_base_has_no_path_of_its_api(text: str) -> None:
    assert str(ollama_url(text)) == "http://box:11434"


def test_an_ollama_behind_a_proxys_path_keeps_it() -> None:
    assert str(ollama_url("https://box/ollama/api")) == "https://box/ollama"


def test_a_secret_is_for_scheme_host_and_port() -> None:
    assert origin_of("https://API.example.com/v1") == Origin("https", "api.example.com", 443)
    assert origin_of("http://api.example.com/v1") == Origin("http", "api.example.com", 80)


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("parse", [openai_url, ollama_url])
def test_what_could_mean_another_place_is_refused_in_words(parse: object, text: str) -> None:
    with pytest.raises(ValueError, match=r"\bits?\b|what"):
        parse(text)  # type: ignore[operator]


def test_a_dot_at_the_end_changes_nothing() -> None:
    assert origin_of("http://127.0.0.1./").host == "127.0.0.1"


@settings(deadline=None)
@given(st.text(max_size=60).map(lambda text: f"http://{text}") | st.text(max_size=60))
def test_what_is_taken_reads_the_same_again_and_has_one_host(text: str) -> None:
    try:
        found = openai_url(text)
    except ValueError:
        return
    assert openai_url(str(found)) == found
    assert str(found).isascii()
    assert not set(str(found).partition("://")[2]) & set("@?#\\% \t\r\n")


HOSTS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{2,5}){1,2}", fullmatch=True)


@settings(deadline=None)
@given(
    st.sampled_from(["http", "https"]),
    HOSTS,
    st.integers(1, 65_535),
    st.from_regex(r"(/[a-z0-9]{1,8}){0,3}/?", fullmatch=True),
)
def test_plain_urls_are_taken_as_they_are_written(scheme: str, host: str, port: int, path: str) -> None:
    found = ollama_url(f"{scheme}://{host}:{port}{path}")
    assert found.origin == Origin(scheme, host, port)
    assert path.startswith(found.path)

"""Addresses of an Ollama are known by what stands in them, and nothing else is."""

import pytest

from dispatcher.migration.addresses import read_address
from dispatcher.migration.splice import applied

URL = "http://127.0.0.1:3000"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://localhost:11434/api/generate", f"{URL}/api/generate"),
        ("https://ollama.example.org/api/chat", f"{URL}/api/chat"),
        ("http://host.docker.internal:11434/v1/chat/completions", f"{URL}/v1/chat/completions"),
        ("http://gpu:8080/ollama/api/embed?x=1", f"{URL}/api/embed?x=1"),
        ("=http://ollama:11434/api/chat", f"={URL}/api/chat"),
        ("=http://ollama:11434/api/{{ $json.route }}", f"={URL}/api/{{{{ $json.route }}}}"),
        ("={{ 'http://ollama:11434/api/chat' }}", f"={{{{ '{URL}/api/chat' }}}}"),
        ('={{ "http://ollama:11434" + "/api/" + $json.a }}', f'={{{{ "{URL}" + "/api/" + $json.a }}}}'),
        ("http://user:secret@ollama:11434/api/chat", f"{URL}/api/chat"),
        ("http://[::1]:11434/api/tags", f"{URL}/api/tags"),
        ("http://localhost:11434/", f"{URL}/"),
    ],
)
def test_a_literal_host_is_led_to_the_sidecar_and_the_rest_stays(before: str, after: str) -> None:
    address = read_address(before, URL)
    assert address is not None
    assert address.edit is not None
    assert address.is_served
    assert applied(before, [address.edit]) == after
    again = read_address(after, URL)
    assert again is None or (again.edit is not None and applied(after, [again.edit]) == after)


@pytest.mark.parametrize(
    "url",
    [
        "=http://{{ $json.host }}:11434/api/generate",
        "={{ $env.OLLAMA_URL }}/api/chat",
        "={{ $json.a ? 'http://ollama:11434' : 'http://ollama2:11434' }}/api/chat",
    ],
)
def test_a_host_that_is_an_expression_is_not_evaluated(url: str) -> None:
    address = read_address(url, URL)
    assert address is not None
    assert address.edit is None


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1/chat/completions",
        "https://example.org/api/chat",
        "http://127.0.0.1:3000/api/chat/completions",
        "http://127.0.0.1:3000/api/dispatch",
        "https://example.org/api/chatter?from=ollama",
        "https://ollama.com/api/chat",
        "https://ollama.com/library",
        "http://localhost:114340/api/chat",
        "={{ $json.url }}",
        "",
    ],
)
def test_other_addresses_are_left_alone(url: str) -> None:
    assert read_address(url, URL) is None


def test_a_route_that_changes_models_has_no_match_in_the_sidecar() -> None:
    address = read_address("http://localhost:11434/api/delete", URL)
    assert address is not None
    assert not address.is_served

"""Which sidecar, which token."""

from pathlib import Path

import pytest

from dispatcher.cli.faults import BadUsage
from dispatcher.cli.target import find_target
from dispatcher.errors import SettingsError


@pytest.fixture
def token_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AI_DISPATCH_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("AI_DISPATCH_TOKEN", raising=False)
    path = tmp_path / "admin.token"
    path.write_text("aid_of_the_file\n")
    return path


def test_the_environments_token_wins_over_the_file(token_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_DISPATCH_TOKEN", " aid_of_the_environment\n")
    assert find_target("http://127.0.0.1:3000/").token == "aid_of_the_environment"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.0.0.2"])
def test_the_files_token_is_for_this_machine(token_file: Path, host: str) -> None:
    target = find_target(f"http://{host}:3000/")
    assert (target.url, target.token) == (f"http://{host}:3000", "aid_of_the_file")
    assert str(token_file) in target.token_from


@pytest.mark.parametrize("url", ["http://sidecar.example:3000", "https://10.0.0.7", "http://localhost.example"])
def test_the_files_token_never_goes_to_another_machine(token_file: Path, url: str) -> None:
    target = find_target(url)
    assert target.token is None
    assert "AI_DISPATCH_TOKEN" in target.token_from


def test_a_file_that_cannot_be_read_is_named(token_file: Path) -> None:
    token_file.unlink()
    target = find_target("http://127.0.0.1:3000")
    assert target.token is None
    assert str(token_file) in target.token_from


def test_a_target_does_not_show_its_token(token_file: Path) -> None:
    assert "aid_of_the_file" not in repr(find_target("http://127.0.0.1:3000"))


@pytest.mark.parametrize("url", ["", "127.0.0.1:3000", "ftp://host", "http://", "http://host:port", "http://[::1"])
def test_what_is_no_address_is_wrong_usage(token_file: Path, url: str) -> None:
    with pytest.raises(BadUsage, match="--url is"):
        find_target(url)


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "schlüssel", "bell\a"])
def test_what_no_header_can_hold_is_no_token(token_file: Path, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("AI_DISPATCH_TOKEN", token)
    with pytest.raises(BadUsage, match="AI_DISPATCH_TOKEN doesn't hold a token") as caught:
        find_target("http://127.0.0.1:3000")
    assert token not in str(caught.value)


def test_bad_settings_are_said_when_the_token_file_is_looked_for(
    token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AI_DISPATCH_PROT", "3000")
    with pytest.raises(SettingsError, match="AI_DISPATCH_PROT is not a setting"):
        find_target("http://127.0.0.1:3000")

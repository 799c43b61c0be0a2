"""The README lists every setting, route, error and metric, and nothing that isn't there."""

import re
from pathlib import Path

from typer.main import get_command

from dispatcher import errors
from dispatcher.api.calibration import CalibrationApi
from dispatcher.api.containers import ContainersApi
from dispatcher.api.dispatch import DispatchApi
from dispatcher.api.feedback import FeedbackApi
from dispatcher.api.jobs import JobsApi
from dispatcher.api.log import LogApi
from dispatcher.api.models import ModelsApi
from dispatcher.api.ollama.answers import OllamaAnswers
from dispatcher.api.ollama.api import OllamaApi
from dispatcher.api.ollama.embed import OllamaEmbeds
from dispatcher.api.ollama.models import OllamaModels
from dispatcher.api.ollama.pull import OllamaPull
from dispatcher.api.openai.chat import OpenAIChatApi
from dispatcher.api.openai.completions import OpenAICompletionsApi
from dispatcher.api.openai.embeddings import OpenAIEmbeddingsApi
from dispatcher.api.openai.models import OpenAIModelsApi
from dispatcher.api.openai.responses_api import ResponsesApi
from dispatcher.api.operations import OperationsApi
from dispatcher.api.optimizer import OptimizerApi
from dispatcher.api.prompt_variants import PromptVariantsApi
from dispatcher.api.rankers import RankersApi
from dispatcher.cli.program import program
from dispatcher.metrics import Metrics
from dispatcher.settings import ELSEWHERE, PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def section(title: str) -> str:
    """The text under a heading of the README, up to the next of the same rank."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no section {title!r}"
    return found[2]


def first_cells(text: str) -> set[str]:
    """What stands in backticks in the first column of a section's table."""
    return set(re.findall(r"^\| `([^`]+)` ", text, re.MULTILINE))


def test_every_setting_is_described_with_its_default() -> None:
    text = section("Settings")
    assert first_cells(text) == {PREFIX + name.upper() for name in Settings.model_fields} | ELSEWHERE - {
        "AI_DISPATCH_REPLICA_KEY"
    }
    for name, field in Settings.model_fields.items():
        (row,) = re.findall(rf"^\| `{PREFIX}{name.upper()}` \|.*$", text, re.MULTILINE)
        assert field.description is not None
        if field.default_factory is None and field.default is not None:
            shown = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
            assert f"| `{shown}` |" in row, row


def all_routes() -> set[str]:
    """Every route the API classes offer."""
    nothing: object = None
    apis = (
        DispatchApi(nothing, nothing, nothing, nothing, nothing, 0, nothing, nothing),  # type: ignore[arg-type]
        JobsApi(nothing, nothing, nothing),  # type: ignore[arg-type]
        ModelsApi(nothing, nothing, nothing, nothing, 0),  # type: ignore[arg-type]
        CalibrationApi(nothing, nothing, 0),  # type: ignore[arg-type]
        ContainersApi(nothing, nothing, 0, nothing),  # type: ignore[arg-type]
        LogApi(nothing, nothing, nothing),  # type: ignore[arg-type]
        FeedbackApi(nothing, nothing, nothing, 0),  # type: ignore[arg-type]
        RankersApi(nothing),  # type: ignore[arg-type]
        PromptVariantsApi(nothing),  # type: ignore[arg-type]
        OptimizerApi(nothing, nothing),  # type: ignore[arg-type]
        OllamaApi(
            OllamaAnswers(nothing, nothing, nothing, nothing, nothing, nothing, nothing, 0),  # type: ignore[arg-type]
            OllamaEmbeds(nothing, nothing, nothing, nothing),  # type: ignore[arg-type]
            OllamaModels(nothing, nothing, nothing, 0, nothing, nothing),  # type: ignore[arg-type]
            OllamaPull(nothing, nothing, nothing, 0),  # type: ignore[arg-type]
        ),
        OpenAIChatApi(nothing),  # type: ignore[arg-type]
        ResponsesApi(nothing),  # type: ignore[arg-type]
        OpenAICompletionsApi(nothing),  # type: ignore[arg-type]
        OpenAIEmbeddingsApi(nothing, nothing, nothing, nothing),  # type: ignore[arg-type]
        OpenAIModelsApi(nothing, 0),  # type: ignore[arg-type]
        OperationsApi(nothing, nothing, nothing),  # type: ignore[arg-type]
    )
    return {f"{route.method} {route.path}" for api in apis for route in api.routes()}


def test_every_route_is_described() -> None:
    assert first_cells(section("HTTP API")) == all_routes()


def all_errors(kind: type[errors.DispatcherError] = errors.DispatcherError) -> dict[str, int]:
    """Codes and HTTP statuses of the whole tree."""
    found = {kind.code: kind.status}
    for child in kind.__subclasses__():
        found |= all_errors(child)
    return found


def test_every_error_is_described_with_its_status() -> None:
    text = section("Errors")
    assert first_cells(text) == set(all_errors())
    for code, status in all_errors().items():
        assert f"| `{code}` | {status} |" in text


def test_error_codes_are_told_apart() -> None:
    classes = [errors.DispatcherError]
    for kind in classes:
        classes.extend(kind.__subclasses__())
    assert len({kind.code for kind in classes}) == len(classes)


def test_every_metric_is_described() -> None:
    served = set(re.findall(r"^# HELP (\S+)", Metrics().text().decode(), re.MULTILINE))
    assert first_cells(section("Metrics")) == served


def test_every_command_is_described() -> None:
    commands = set(get_command(program).commands)  # type: ignore[attr-defined]
    assert {row.split()[1] for row in first_cells(section("Command line"))} == commands


def test_links_within_the_repository_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", README):
        assert (ROOT / target).exists(), target

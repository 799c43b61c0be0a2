"""GitHub's workflows call what is here, trust pinned actions only, and publish without a token. They can't run here."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
_NPM_WITH_TRUSTED_PUBLISHERS = (11, 5, 1)


def read(file: Path) -> dict[Any, Any]:
    """A workflow; YAML 1.1 reads its key `on` as true."""
    found: dict[Any, Any] = yaml.safe_load(file.read_text())
    return found


def steps(file: Path) -> list[dict[str, Any]]:
    """All steps of all jobs."""
    return [step for job in read(file)["jobs"].values() for step in job["steps"]]


def test_there_are_a_check_and_a_publication() -> None:
    assert [file.name for file in FILES] == ["ci.yml", "publish.yml"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_workflows_start_by_something_may_little_and_end(file: Path) -> None:
    workflow = read(file)
    assert workflow[True]
    assert set(workflow["permissions"].values()) <= {"read"}
    assert all(job["timeout-minutes"] for job in workflow["jobs"].values())


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_actions_are_githubs_own_and_pinned(file: Path) -> None:
    for step in steps(file):
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@(v\d+|[0-9a-f]{40})", step["uses"])
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_scripts_that_are_called_exist_and_may_run(file: Path) -> None:
    package = json.loads((ROOT / "n8n-node/package.json").read_text())
    commands = [step["run"] for step in steps(file) if "run" in step]
    assert commands
    for command in commands:
        subprocess.run(["bash", "-n", "-c", command], check=True)
        for script in re.findall(r"(?:scripts|\.ci)/[\w-]+", command):
            assert (ROOT / script).stat().st_mode & 0o111, script
        for script in re.findall(r"npm (?:run )?(test|release)\b", command):
            assert script in package["scripts"]


def test_ci_runs_all_tests_and_what_is_quick_on_the_oldest_python_and_the_images() -> None:
    jobs = read(ROOT / ".github/workflows/ci.yml")["jobs"]
    assert {"run": "scripts/test --fast"} in jobs["quick"]["steps"]
    assert {"run": ".ci/run"} in jobs["everything"]["steps"]
    oldest = re.search(r'requires-python = ">=(.+)"', (ROOT / "sidecar/pyproject.toml").read_text())
    shipped = re.search(r"^ARG PYTHON=([\d.]+)", (ROOT / "sidecar/Dockerfile").read_text(), re.MULTILINE)
    assert oldest
    assert shipped
    assert jobs["quick"]["strategy"]["matrix"]["python"] == [oldest[1], shipped[1]]


def test_the_package_is_published_by_a_trusted_workflow_and_no_token() -> None:
    text = (ROOT / ".github/workflows/publish.yml").read_text()
    job = read(ROOT / ".github/workflows/publish.yml")["jobs"]["npm"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets." not in text
    version = re.search(r"npm@(\d+)\.(\d+)\.(\d+)", text)
    assert version
    assert tuple(map(int, version.groups())) >= _NPM_WITH_TRUSTED_PUBLISHERS
    assert job["steps"][-1]["run"] == "npm run release"


def test_only_the_tag_of_the_packages_own_version_publishes_it() -> None:
    (check,) = [
        step["run"] for step in steps(ROOT / ".github/workflows/publish.yml") if "REF_NAME" in step.get("run", "")
    ]
    version = json.loads((ROOT / "n8n-node/package.json").read_text())["version"]
    for tag, is_right in ((f"n8n-{version}", True), ("n8n-9.9.9", False)):
        done = subprocess.run(["bash", "-c", f"GITHUB_REF_NAME={tag}; {check}"], cwd=ROOT)
        assert (done.returncode == 0) is is_right

"""What holds for the repository as a whole."""

import re
import subprocess
from pathlib import Path

from dispatcher.core.task import Capability, Complexity, Objective, OnInfeasible, Privacy, TaskType

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "n8n-node" / "nodes" / "AiDispatch"


def node_values(parameter: str) -> list[str]:
    """The values of a dropdown of the n8n node, in its source's order."""
    source = "\n".join(path.read_text() for path in sorted(NODE.rglob("*.ts")))
    found = re.search(rf"name: '{parameter}',.*?options: \[(.*?)\n\t*\],", source, re.DOTALL)
    assert found, f"the node has no dropdown {parameter}"
    return re.findall(r"value: '([^']+)'", found[1])


def test_the_nodes_dropdowns_are_the_enums() -> None:
    # Embeddings have a route of their own; a prompt's answer is never one.
    assert set(node_values("taskType")) == set(TaskType) - {TaskType.EMBEDDING}
    assert set(node_values("complexity")) == set(Complexity)
    assert set(node_values("objective")) == set(Objective)
    assert set(node_values("privacy")) == set(Privacy)
    assert set(node_values("onInfeasible")) == set(OnInfeasible)
    assert set(node_values("capabilities")) == set(Capability) - {Capability.EMBEDDING}


def tracked() -> list[Path]:
    """Every file that git keeps."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in names.split("\0") if name]


def test_ci_runs_the_command_that_everybody_runs() -> None:
    assert "scripts/test" in (ROOT / ".ci" / "run").read_text()


def test_no_file_is_larger_than_it_should_be() -> None:
    large = [path for path in tracked() if path.is_file() and path.stat().st_size > 3_000_000]
    assert large == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path
        for path in (ROOT / "sidecar" / "dispatcher").rglob("*.py")
        if not path.read_text().startswith('"""') and "\n" in path.read_text()
    ]
    assert silent == []


def test_scripts_can_be_run() -> None:
    for path in tracked():
        if path.parent in (ROOT / "scripts", ROOT / "scripts" / "bench") and not path.suffix:
            assert path.stat().st_mode & 0o111, path

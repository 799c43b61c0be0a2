"""n8n's own scanner, with which it checks packages before it verifies them, finds nothing in ours.

Offline: its source and its published form are scanned. The proof of origin, which it asks npm for first, can only be
there once a workflow on GitHub has published the package.
"""

import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.sidecar import REPOSITORY

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def scanner() -> Path:
    """Where the scanner is installed; it is first when it is missing."""
    done = subprocess.run([REPOSITORY / "scripts/setup-scanner"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.splitlines()[-1])


@pytest.fixture
def published(node_tarball: Path, tmp_path: Path) -> Path:
    """Our package as npm gives it out."""
    with tarfile.open(node_tarball) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "package"


def scan(scanner: Path, leg: str, folder: Path) -> dict[str, Any]:
    """What the scanner says of a package."""
    line = ["node", str(REPOSITORY / "tests/e2e/scanner/scan.mjs"), str(scanner), leg, str(folder)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_sources_are_clean(scanner: Path) -> None:
    assert scan(scanner, "source", REPOSITORY / "n8n-node") == {"passed": True}


def test_what_is_published_is_clean(scanner: Path, published: Path) -> None:
    assert scan(scanner, "published", published) == {"passed": True}


def test_the_scanner_does_look(scanner: Path, published: Path, tmp_path: Path) -> None:
    copy = tmp_path / "source"
    shutil.copytree(REPOSITORY / "n8n-node", copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    for leg, folder, suffix in (("source", copy, "ts"), ("published", published, "js")):
        (folder / "nodes/AiDispatch").mkdir(parents=True, exist_ok=True)
        (folder / f"nodes/AiDispatch/bad.{suffix}").write_text("console.log(eval('1'));\n")
        found = scan(scanner, leg, folder)
        assert found["passed"] is False
        assert "no-dangerous-functions" in found["details"]

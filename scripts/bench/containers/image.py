"""The image that all containers here are of."""

import os
import subprocess
from pathlib import Path

IMAGE = "ai-dispatch-inference:0.1"
USER = "65532:65532"
_BUILD = Path(__file__).resolve().parents[2] / "build-inference-image"


def build(engine_address: str) -> None:
    """Let an engine have the image; what the builder says goes to stderr."""
    subprocess.run([_BUILD, IMAGE], env={**os.environ, "DOCKER_HOST": engine_address}, check=True, stdout=2)

"""Starts the stand-in for Ollama from anywhere: `python tests/fakes/run_fake_ollama.py serve`."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes.ollama_process import main

sys.exit(main(os.environ))

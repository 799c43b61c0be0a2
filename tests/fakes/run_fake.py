"""Starts the fake inference server from anywhere: `python tests/fakes/run_fake.py --model FILE --port N …`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes.process import main

sys.exit(main(sys.argv[1:]))

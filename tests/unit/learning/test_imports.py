"""What serves doesn't bring along what only a training needs."""

import subprocess
import sys

_ASK = "import sys, dispatcher.app; print([name for name in ('lightgbm', 'scipy', 'pandas') if name in sys.modules])"


def test_the_sidecar_starts_without_lightgbms_package_and_scipy() -> None:
    done = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"

"""Stand-ins for images of docker-compose.yml that only a registry has: python:3.13-slim, n8n's and Prometheus's.

The first is Debian with its own Python, made by debootstrap and kept between runs: on it the real Dockerfile is built.
The second has the Node of scripts/setup-n8n, and expects that folder at /n8n. The third is Debian's Prometheus.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tests.fakes.real_weights import cache_folder

_PYTHON = "python:3.13-slim"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_N8N = """FROM {python}
COPY node /usr/local/bin/node
RUN useradd --uid 1000 --create-home node && install -d -o node -g node /home/node/.n8n \\
 && ln -s /n8n/node_modules/n8n/bin/n8n /usr/local/bin/n8n
ENV NODE_ENV=production
USER node
WORKDIR /home/node
ENTRYPOINT ["n8n"]
"""
_PROMETHEUS = """FROM {python}
RUN apt-get update && apt-get install -y --no-install-recommends prometheus \\
 && install -d -o 65534 -g 65534 -m 775 /prometheus
ENTRYPOINT ["prometheus"]
"""


def make_python(environment: dict[str, str]) -> None:
    """Give the engine a Debian with Python under the name of the Dockerfile's base."""
    archive = _debian()
    changes = [f"ENV PIP_CERT={_CERTIFICATES}", 'CMD ["python3"]']
    words = [word for change in changes for word in ("--change", change)]
    subprocess.run(["docker", "import", *words, archive, _PYTHON], env=environment, check=True, capture_output=True)


def make_n8n(environment: dict[str, str], name: str, program: Path, folder: Path) -> None:
    """Give the engine an image that runs the n8n of `program`, mounted at /n8n."""
    shutil.copy(program / "node", folder / "node")
    (folder / "Dockerfile").write_text(_N8N.format(python=_PYTHON))
    subprocess.run(["docker", "build", "-q", "-t", name, folder], env=environment, check=True, capture_output=True)


def make_prometheus(environment: dict[str, str], name: str) -> None:
    """Give the engine an image that runs Debian's Prometheus with upstream's folder for data."""
    recipe = _PROMETHEUS.format(python=_PYTHON).encode()
    line = ["docker", "build", "-q", "--network=host", "-t", name, "-"]
    subprocess.run(line, env=environment, input=recipe, check=True, capture_output=True)


def _debian() -> Path:
    """A root file system that trusts whom this machine trusts."""
    archive = cache_folder().parent / "images" / "python-on-debian-12.tar"
    if archive.exists():
        return archive
    if not shutil.which("debootstrap"):
        line = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "debootstrap"]
        subprocess.run(line, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=True, capture_output=True)
    archive.parent.mkdir(parents=True, exist_ok=True)
    root = archive.with_suffix(".building")
    shutil.rmtree(root, ignore_errors=True)
    packages = "python3,python3-venv,python3-pip,python-is-python3,ca-certificates"
    line = ["debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", str(root)]
    subprocess.run(line, check=True, capture_output=True)
    shutil.copy(_CERTIFICATES, root / _CERTIFICATES.lstrip("/"))
    left_out = [f"--exclude=./{path}/*" for path in ("proc", "sys", "dev", "var/cache/apt", "var/lib/apt/lists")]
    part = archive.with_suffix(".part")
    subprocess.run(["tar", "-C", root, "--numeric-owner", *left_out, "-cf", part, "."], check=True)
    shutil.rmtree(root)
    return part.rename(archive)

"""What the README tells to write into the configuration of neighbours holds together with what is served here."""

import re
from pathlib import Path

import yaml

from dispatcher.metrics import Metrics
from dispatcher.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
_, _, _REST = README.partition("\n## Beside what people already run\n")
SECTION = _REST.partition("\n## ")[0]
SERVED = Metrics().text().decode()


def block(language: str, number: int = 0) -> str:
    """A block of code of the section."""
    found: str = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)[number]
    return found


def test_prometheus_is_told_the_same_as_in_the_compose_file_but_for_where_things_are() -> None:
    (job,) = yaml.safe_load(block("yaml", 0))["scrape_configs"]
    (shipped,) = yaml.safe_load((ROOT / "sidecar/monitoring/prometheus.yml").read_text())["scrape_configs"]
    assert job.keys() == shipped.keys()
    assert job["authorization"].keys() == shipped["authorization"].keys()
    assert job["static_configs"] == [{"targets": [f"127.0.0.1:{Settings.model_fields['port'].default}"]}]


def test_panels_ask_for_metrics_and_labels_that_are_served() -> None:
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", SERVED, re.MULTILINE))
    queries = re.findall(r"`([^`]*ai_dispatch_[^`]*)`", SECTION)
    for name in re.findall(r"ai_dispatch_\w+", " ".join(queries)):
        assert kinds.get(name) or kinds.get(name.removesuffix("_bucket")) == "histogram", name


def test_nginx_waits_longer_and_takes_more_than_the_sidecar() -> None:
    lines = block("nginx")
    wait = re.search(r"proxy_read_timeout (\d+)s;", lines)
    body = re.search(r"client_max_body_size (\d+)m;", lines)
    assert wait
    assert body
    assert int(wait[1]) > Settings.model_fields["timeout_max_s"].default
    assert int(body[1]) << 20 >= Settings.model_fields["request_bytes_max"].default


def test_the_tunnel_names_a_host_that_is_allowed() -> None:
    first, last = yaml.safe_load(block("yaml", 1))["ingress"]
    host = first["originRequest"]["httpHostHeader"]
    assert host in Settings.model_fields["allowed_hosts"].default.split(",")
    assert last == {"service": "http_status:404"}


def test_variables_are_settings() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", SECTION)) <= known

"""What a container uses is read from its control group, of either version, and from no one else's."""

from pathlib import Path

import pytest

from dispatcher.hosts.docker_usage import Usage, read_usage

ID = "c0ffee" * 10
MIB = 2**20
V1 = (
    "7:memory:/docker/{id}\n3:cpu,cpuacct:/docker/{id}\n",
    "memory/docker/{id}",
    "memory.usage_in_bytes",
    "total_inactive_file",
)
V2 = ("0::/system.slice/docker-{id}.scope\n", "system.slice/docker-{id}.scope", "memory.current", "inactive_file")


@pytest.mark.parametrize("version", [V1, V2])
def test_pages_that_may_be_dropped_do_not_count(version: tuple[str, str, str, str], tmp_path: Path) -> None:
    lines, folder, usage, cache = version
    write(tmp_path / "proc/12/cgroup", lines.format(id=ID))
    write(tmp_path / "cgroup" / folder.format(id=ID) / usage, f"{300 * MIB}\n")
    stat = f"anon {90 * MIB}\ninactive_file {7 * MIB}\ntotal_inactive_file {7 * MIB}\n{cache} {200 * MIB}\n"
    write(tmp_path / "cgroup" / folder.format(id=ID) / "memory.stat", stat)
    write(tmp_path / "cgroup/cpuacct" / f"docker/{ID}/cpuacct.usage", "2500000000\n")
    write(tmp_path / "cgroup" / folder.format(id=ID) / "cpu.stat", "usage_usec 2500000\nuser_usec 7\n")
    assert read_usage(ID, 12, tmp_path / "proc", tmp_path / "cgroup") == Usage(100, 2.5)


def test_a_process_of_the_same_number_elsewhere_is_not_taken_for_it(tmp_path: Path) -> None:
    write(tmp_path / "proc/12/cgroup", "0::/user.slice\n")
    write(tmp_path / "cgroup/user.slice/memory.current", "1")
    assert read_usage(ID, 12, tmp_path / "proc", tmp_path / "cgroup") is None


@pytest.mark.parametrize("text", ["", "nonsense", "max"])
def test_what_cannot_be_read_is_not_known(text: str, tmp_path: Path) -> None:
    lines, folder, usage, _ = V2
    write(tmp_path / "proc/12/cgroup", lines.format(id=ID))
    write(tmp_path / "cgroup" / folder.format(id=ID) / usage, text)
    assert read_usage(ID, 12, tmp_path / "proc", tmp_path / "cgroup") is None
    assert read_usage(ID, 13, tmp_path / "proc", tmp_path / "cgroup") is None


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)

"""A private Docker engine: its own socket, data, containerd and bridge. It touches no other engine's containers.

It filters nothing (no iptables), so that the test reaches containers by their addresses on the bridge. containerd runs
beside it and not under it, so that the engine can be killed and started again.
"""

import contextlib
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import docker

_CONTAINERD = """version = 2
root = "{folder}/containerd/root"
state = "{folder}/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{folder}/containerd.sock"
"""
_READY_S = 30.0


class PrivateEngine:
    """dockerd and its containerd in `folder`; they may be frozen, killed and started again."""

    def __init__(self, folder: Path, *, live_restore: bool = False) -> None:
        self.folder = folder
        self.address = f"unix://{folder}/docker.sock"
        self._number = _free_number()
        self._bridge = f"aidt{self._number}"
        self._live_restore = live_restore
        self._containerd: subprocess.Popen[bytes] | None = None
        self._dockerd: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start everything and wait until it answers."""
        (self.folder / "containerd").mkdir(exist_ok=True)
        config = self.folder / "containerd.toml"
        config.write_text(_CONTAINERD.format(folder=self.folder))
        _ip("link", "add", "name", self._bridge, "type", "bridge")
        _ip("addr", "add", f"10.211.{self._number}.1/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        self._containerd = self._run("containerd", "--config", str(config))
        self._until(lambda: _listens(self.folder / "containerd.sock"), "containerd")
        self.start_dockerd()

    def start_dockerd(self) -> None:
        """Start the engine again after `kill` or `stop`."""
        (self.folder / "docker.pid").unlink(missing_ok=True)
        self._dockerd = self._run(
            "dockerd",
            f"--containerd={self.folder}/containerd.sock",
            f"--data-root={self.folder}/data",
            f"--exec-root={self.folder}/exec",
            f"--pidfile={self.folder}/docker.pid",
            f"--host={self.address}",
            f"--bridge={self._bridge}",
            f"--default-address-pool=base=10.212.{self._number}.0/24,size=28",
            "--iptables=false",
            "--ip6tables=false",
            "--ip-masq=false",
            "--ip-forward=false",
            "--log-level=warn",
            *(["--live-restore"] if self._live_restore else []),
        )
        self._until(self._answers, "dockerd")

    def signal(self, number: int) -> None:
        """Freeze it (SIGSTOP), let it go on (SIGCONT), or kill it."""
        assert self._dockerd is not None
        self._dockerd.send_signal(number)

    def kill(self) -> None:
        """End the engine at once, and wait until it has gone."""
        self.signal(signal.SIGKILL)
        assert self._dockerd is not None
        self._dockerd.wait()

    def stop(self) -> None:
        """Tell the engine to end in order, and wait until it has gone."""
        self.signal(signal.SIGTERM)
        assert self._dockerd is not None
        self._dockerd.wait()

    def client(self) -> docker.APIClient:
        """A way of the test's own to the engine."""
        return docker.APIClient(self.address, version="auto", timeout=30)

    def close(self) -> None:
        """End everything and take it away."""
        if self._dockerd is not None:
            self.signal(signal.SIGCONT)
            if self._dockerd.poll() is not None:
                self.start_dockerd()  # its containers may still run
            with contextlib.closing(self.client()) as client:
                for item in client.containers(all=True):
                    client.remove_container(item["Id"], force=True, v=True)
        for process in (self._dockerd, self._containerd):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait()
        _ip("link", "del", self._bridge)
        for line in Path("/proc/mounts").read_text().splitlines():
            if (target := line.split()[1]).startswith(str(self.folder)):
                subprocess.run(["umount", "--lazy", target], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *line: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{line[0]}.log").open("ab") as log:
            return subprocess.Popen(line, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)

    def _answers(self) -> bool:
        if not _listens(self.folder / "docker.sock"):
            return False
        with contextlib.closing(docker.APIClient(self.address, version="1.41", timeout=30)) as client:
            try:
                return bool(client.ping())
            except (docker.errors.DockerException, OSError):
                return False

    def _until(self, probe: object, what: str) -> None:
        assert callable(probe)
        give_up_s = time.monotonic() + _READY_S
        while not probe():
            log = self.folder / f"{what}.log"
            assert time.monotonic() < give_up_s, f"{what} isn't ready; it said:\n{log.read_text()[-3000:]}"
            time.sleep(0.05)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _free_number() -> int:
    """A number that no other private engine on this machine has its bridge named by."""
    free = [number for number in range(1, 255) if not Path(f"/sys/class/net/aidt{number}").exists()]
    return random.choice(free)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)

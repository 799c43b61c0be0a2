"""Making and ending one container, in a thread: every step may block."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal

import docker
from docker.errors import APIError, NotFound
from docker.types import DeviceRequest, LogConfig
from docker.types import Mount as SdkMount

from dispatcher.core.replica import Endpoint, ReplicaId
from dispatcher.hosts.docker_client import EngineFault
from dispatcher.hosts.docker_labels import replica_of
from dispatcher.hosts.docker_sighting import Sighting, inspected, labels_in, listed, sighting_of
from dispatcher.hosts.docker_spec import ContainerSpec

_LOG = {"max-size": "10m", "max-file": "3"}
_LOOPBACK = "127.0.0.1"
_GOING_S = 5.0
_CONFLICT = 409


def run(client: docker.APIClient, spec: ContainerSpec, api_key: str) -> tuple[Sighting, Endpoint]:
    """Create and start a container; how it looks, and where it listens. Half of one is never left.

    Raises: EngineFault, and the SDK's errors.
    """
    container_id = client.create_container(
        image=spec.image,
        command=list(spec.command),
        environment=dict(spec.environment),
        labels=dict(spec.labels),
        name=spec.name,
        user=spec.user,
        ports=[spec.port] if spec.network is None else None,
        host_config=host_config(client, spec),
    )["Id"]
    try:
        client.start(container_id)
        attributes = client.inspect_container(container_id)
        return sighting_of(client, attributes), endpoint_of(attributes, spec.port, spec.network, api_key)
    except BaseException:
        with suppress(APIError):
            client.remove_container(container_id, force=True, v=True)
        raise


def host_config(client: docker.APIClient, spec: ContainerSpec) -> dict[str, Any]:
    """What a container may take of the machine."""
    config: dict[str, Any] = client.create_host_config(
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        read_only=spec.is_root_read_only,
        tmpfs={"/tmp": "rw,nosuid,nodev,size=64m"},  # noqa: S108 - the container's own
        mounts=[
            SdkMount(mount.target, mount.source, type=_kind(mount.source), read_only=mount.is_read_only)
            for mount in spec.mounts
        ],
        mem_limit=spec.memory_mib * 2**20,
        memswap_limit=spec.memory_mib * 2**20,
        pids_limit=spec.pids_max,
        log_config=LogConfig(type="local", config=_LOG),
        restart_policy={"Name": "no"},
        network_mode=spec.network or "bridge",
        port_bindings={spec.port: (_LOOPBACK,)} if spec.network is None else None,
        device_requests=[DeviceRequest(count=-1, capabilities=[["gpu"]])] if spec.needs_gpu else None,
    )
    return config


def endpoint_of(attributes: Mapping[str, Any], port: int, network: str | None, api_key: str) -> Endpoint:
    """Where a started container listens.

    Raises: EngineFault when it has no address, as when it ended at once.
    """
    settings = attributes["NetworkSettings"]
    if network is not None:
        address = (settings["Networks"].get(network) or {}).get("IPAddress")
        if address:
            return Endpoint(f"http://{address}:{port}", api_key)
    elif bindings := (settings["Ports"] or {}).get(f"{port}/tcp"):
        return Endpoint(f"http://{_LOOPBACK}:{bindings[0]['HostPort']}", api_key)
    raise EngineFault("its container has no address; it ended at once, or isn't in the sidecar's network")


def end(client: docker.APIClient, install_id: str, replica_id: ReplicaId, grace_s: float) -> None:
    """Stop and remove a replica's container; nothing to do is fine too."""
    for item in listed(client, install_id, replica_id):
        attributes = inspected(client, item["Id"], install_id)
        if attributes is not None and replica_of(labels_in(attributes)) == replica_id:
            remove(client, attributes, grace_s)


def pause(client: docker.APIClient, install_id: str, replica_id: ReplicaId) -> None:
    """Freeze a replica's container, if it runs."""
    for container_id, state in _states(client, install_id, replica_id):
        if state["Running"] and not state["Paused"]:
            client.pause(container_id)


def unpause(client: docker.APIClient, install_id: str, replica_id: ReplicaId) -> None:
    """Let it go on, if it is frozen."""
    for container_id, state in _states(client, install_id, replica_id):
        if state["Paused"]:
            client.unpause(container_id)


def _states(
    client: docker.APIClient, install_id: str, replica_id: ReplicaId
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for item in listed(client, install_id, replica_id):
        attributes = inspected(client, item["Id"], install_id)
        if attributes is not None and replica_of(labels_in(attributes)) == replica_id:
            yield attributes["Id"], attributes["State"]


def remove(client: docker.APIClient, attributes: Mapping[str, Any], grace_s: float) -> None:
    """Stop and remove one container, just inspected and found to be ours. Its named volumes stay."""
    container_id, state = attributes["Id"], attributes["State"]
    with suppress(NotFound):
        if state["Paused"]:
            client.unpause(container_id)  # a frozen process can't take leave
        if state["Running"] and grace_s > 0:
            client.stop(container_id, timeout=math.ceil(grace_s))
        try:
            client.remove_container(container_id, force=True, v=True)
        except APIError as error:
            if error.status_code != _CONFLICT:
                raise
            _until_gone(client, container_id)


def _until_gone(client: docker.APIClient, container_id: str) -> None:
    """Someone else is removing it already."""
    give_up_s = time.monotonic() + _GOING_S
    while time.monotonic() < give_up_s:
        client.inspect_container(container_id)
        time.sleep(0.05)


def _kind(source: str) -> Literal["bind", "volume"]:
    return "bind" if source.startswith("/") else "volume"

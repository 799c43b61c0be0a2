"""Taking over what an earlier sidecar of this installation left on the engine. Runs in a thread."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import docker

from dispatcher.core.replica import Survivor
from dispatcher.hosts.docker_client import EngineFault
from dispatcher.hosts.docker_command import PORTS
from dispatcher.hosts.docker_container import endpoint_of, remove
from dispatcher.hosts.docker_labels import generation_in, order_of
from dispatcher.hosts.docker_sighting import Sighting, inspected, labels_in, sighting_of
from dispatcher.hosts.docker_spec import DockerSettings, generation_of, key_of


def adopt_all(
    client: docker.APIClient, settings: DockerSettings, container_ids: Sequence[str]
) -> list[tuple[Survivor, Sighting]]:
    """Those that run and can be used; the others, if they are this installation's, are removed."""
    found = []
    for container_id in container_ids:
        if (attributes := inspected(client, container_id, settings.install_id)) is None:
            continue
        if (survivor := _survivor(client, attributes, settings)) is None:
            remove(client, attributes, 0.0)
        else:
            found.append((survivor, sighting_of(client, client.inspect_container(container_id))))
    return found


def _survivor(client: docker.APIClient, attributes: Mapping[str, Any], settings: DockerSettings) -> Survivor | None:
    """None when it doesn't run, or doesn't say all that is needed to use it. A paused one has its model: it goes on."""
    order = order_of(labels_in(attributes))
    if order is None or not attributes["State"]["Running"]:
        return None
    if generation_in(labels_in(attributes)) != generation_of(order.engine, settings):
        return None  # made from another image, say: what is started next is as set now
    variables = (variable.partition("=") for variable in attributes["Config"]["Env"] or ())
    api_key = key_of(order.engine, {name: value for name, _, value in variables})
    if api_key is None:
        return None
    if attributes["State"]["Paused"]:
        client.unpause(attributes["Id"])
    with suppress(EngineFault):
        return Survivor(order, endpoint_of(attributes, PORTS[order.engine], settings.network, api_key))
    return None

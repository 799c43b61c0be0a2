"""Containers that look like ours but aren't."""

import docker

from scripts.bench.containers.image import IMAGE

COUNT = 20
_MANAGED, _INSTALL, _MODEL = "ai-dispatch.managed", "ai-dispatch.install", "ai-dispatch.model"


def stand(client: docker.APIClient, ours: str) -> dict[str, str]:
    """Run 20 look-alikes of the containers of installation `ours`; when each was started, by its id."""
    looks = _looks(ours)
    started_at = {}
    for number in range(COUNT):
        name, labels = looks[number % len(looks)]
        container_id = client.create_container(
            IMAGE,
            ["-c", "import time; time.sleep(100000)"],
            entrypoint=["/usr/bin/python3"],
            name=name.format(number),
            labels={**labels, "ai-dispatch.replica": f"{ours}-{number:08x}"},
        )["Id"]
        client.start(container_id)
        started_at[container_id] = client.inspect_container(container_id)["State"]["StartedAt"]
    return started_at


def touched(client: docker.APIClient, started_at: dict[str, str]) -> int:
    """How many are no longer as they were."""
    return sum(not _is_as_it_was(client, container_id, at) for container_id, at in started_at.items())


def mistakable(client: docker.APIClient, started_at: dict[str, str]) -> int:
    """How many whoever goes by the name or by the label managed takes for ours."""
    by_name = client.containers(all=True, filters={"name": "ai-dispatch"})
    by_label = client.containers(all=True, filters={"label": _MANAGED})
    return len({item["Id"] for item in (*by_name, *by_label)} & started_at.keys())


def _looks(ours: str) -> list[tuple[str, dict[str, str]]]:
    """Names and labels, each wrong in its own way."""
    return [
        ("ai-dispatch-{}", {}),
        (f"ai-dispatch-{ours}-{{}}", {}),
        (f"ai-dispatch-{ours}-b{{}}", {_MANAGED: "1"}),
        (f"ai-dispatch-{ours}-c{{}}", {_INSTALL: ours}),
        ("theirs-{}", {_MANAGED: "1", _INSTALL: ours + "0"}),
        ("shorter-{}", {_MANAGED: "1", _INSTALL: ours[:-1]}),
        ("louder-{}", {_MANAGED: "1", _INSTALL: ours.upper()}),
        ("yes-{}", {_MANAGED: "true", _INSTALL: ours}),
        ("near-{}", {f"{_MANAGED}.x": "1", _INSTALL: ours, _MODEL: "warm"}),
        ("box-{}", {_MANAGED: "1", _INSTALL: "aid00000000", _MODEL: "box0"}),
    ]


def _is_as_it_was(client: docker.APIClient, container_id: str, started_at: str) -> bool:
    try:
        state = client.inspect_container(container_id)["State"]
    except docker.errors.NotFound:
        return False
    return bool(state["Running"] and not state["Paused"] and state["StartedAt"] == started_at)

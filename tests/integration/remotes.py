"""Entering remote models as an admin does."""

from tests.fakes.inference_server import FakeInferenceServer
from tests.integration.conftest import JSON, Client

KEY = "sk-secret-canary-8713"
LOOPBACK = "127.0.0.0/8"


def entry_of(server: FakeInferenceServer, **changes: object) -> JSON:
    said = {
        "id": "cloud",
        "engine": "openai",
        "reference": "vendor/mini",
        "url": f"{server.endpoint.base_url}/v1",
        "api_key": KEY,
        "parameters_b": 8,
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


async def send(client: Client, method: str, path: str, body: object = None, expect: int = 200) -> JSON:
    """A request of the admin's."""
    headers = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.request(method, path, json=body, headers=headers) as response:
        reply: JSON = await response.json()
        assert response.status == expect, reply
        assert KEY not in await response.text()
        return reply


async def enter(client: Client, server: FakeInferenceServer, **changes: object) -> JSON:
    return await send(client, "POST", "/api/models", entry_of(server, **changes), 201)

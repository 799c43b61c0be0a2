"""Runs of the node in n8n."""

import sys
from collections.abc import Sequence

from tests.e2e.n8n_server import N8nServer
from tests.e2e.workflows import credential, workflow

_NODE = "AI Dispatch"


def furnished(server: N8nServer, base_url: str, token: str) -> str:
    """Have n8n know the sidecar; returns the credential's id."""
    return server.keep(credential(base_url, base_url, token))


def answered_ms(server: N8nServer, credential_id: str, prompts: Sequence[str]) -> float:
    """Have the node answer the prompts in one run; returns how many milliseconds the node took, as n8n says."""
    execution = server.run(workflow("bench", credential_id, prompts), _NODE)
    if len(execution.items) != len(prompts):
        sys.exit(f"{len(execution.items)} of {len(prompts)} items were answered: {execution.error}")
    took_ms: float = execution.runs[_NODE][0]["executionTime"]
    return took_ms

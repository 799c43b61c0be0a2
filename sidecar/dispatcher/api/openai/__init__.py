"""OpenAI's API, as this sidecar speaks it."""

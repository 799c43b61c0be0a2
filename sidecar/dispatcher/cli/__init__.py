"""The command line `ai-dispatch`: an HTTP client of the sidecar, and the way to start it."""

"""HTTP: aiohttp lives only here. Turns requests into use cases, and what comes of them into JSON."""

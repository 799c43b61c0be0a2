"""Use cases: each file does one thing with the fleet, the store and the runtimes, deciding by core."""

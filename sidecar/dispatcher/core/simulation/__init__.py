"""What would happen: the sidecar's decisions, and other ways to schedule, on a machine that exists only as numbers."""

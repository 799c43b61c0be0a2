"""Who runs replicas: child processes on this machine."""

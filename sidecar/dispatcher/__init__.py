"""AI Dispatch: chooses which local model answers, and runs it."""

__version__ = "0.1.0"

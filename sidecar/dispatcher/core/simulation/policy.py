"""What a way of scheduling must be able to say, to be simulated."""

from typing import Protocol

from dispatcher.core.simulation.machine import Machine
from dispatcher.core.simulation.visit import Visit


class Policy(Protocol):
    """Decides who is served when, and by which model."""

    @property
    def name(self) -> str:
        """What it is called in a table."""

    def arrive(self, visit: Visit, machine: Machine) -> None:
        """Take a call in, or refuse it."""

    def react(self, machine: Machine) -> None:
        """Do what there is to do now: called after every event, and twice a second."""

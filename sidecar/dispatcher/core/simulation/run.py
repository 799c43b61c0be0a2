"""Runs a workload under a policy."""

from collections import defaultdict
from collections.abc import Callable

from dispatcher.core.simulation.machine import Machine
from dispatcher.core.simulation.policy import Policy
from dispatcher.core.simulation.result import Result, result_of
from dispatcher.core.simulation.visit import End, Visit
from dispatcher.core.simulation.workload import Call, Workload

_TICK_S = 0.5  # the sidecar looks again this often: deadlines come nearer even when nothing else happens


def simulate(workload: Workload, policy: Policy) -> Result:
    """Play the workload to its last call's end. The same input gives the same result: nothing is left to chance."""
    machine = Machine(workload)
    play = _Play(machine, policy)
    play.run()
    return result_of(policy.name, machine)


class _Play:
    def __init__(self, machine: Machine, policy: Policy) -> None:
        self._machine = machine
        self._policy = policy
        self._open = len(machine.workload.calls)
        self._followers: dict[int, list[Call]] = defaultdict(list)

    def run(self) -> None:
        for call in self._machine.workload.calls:
            if call.follows is None:
                self._machine.at(call.arrives_s, self._arrival(call))
            else:
                self._followers[call.follows].append(call)
        self._tick()
        while self._open and self._machine.advance():
            self._policy.react(self._machine)
            self._go_on()

    def _arrival(self, call: Call) -> Callable[[], None]:
        def come() -> None:
            visit = Visit(call, self._machine.now_s)
            self._machine.visits.append(visit)
            self._policy.arrive(visit, self._machine)
            if visit.end is None:
                self._machine.at(visit.deadline_s, lambda: self._give_up(visit))

        return come

    def _give_up(self, visit: Visit) -> None:
        if visit.end is None:
            self._machine.end(visit, End.LATE)

    def _go_on(self) -> None:
        """Let the callers of those that have just ended send their next."""
        for visit in self._machine.take_ended():
            self._open -= 1
            for call in self._followers.pop(visit.call.number, ()):
                self._machine.at(self._machine.now_s + call.arrives_s, self._arrival(call))

    def _tick(self) -> None:
        self._machine.at(self._machine.now_s + _TICK_S, self._tick)

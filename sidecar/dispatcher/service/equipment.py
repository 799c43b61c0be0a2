"""Who runs a model's replicas, and who talks to them."""

from collections.abc import Mapping
from dataclasses import dataclass

from dispatcher.core.model import HostKind, ModelSpec, RuntimeKind
from dispatcher.hosts.host import Host
from dispatcher.hosts.remote import RemoteHost
from dispatcher.runtimes.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Equipment:
    """The hosts and runtimes this sidecar has.

    Args:
        guarded: the runtimes for servers that an admin entered: they connect to allowed addresses only.
    """

    hosts: Mapping[HostKind, Host]
    runtimes: Mapping[RuntimeKind, Runtime]
    guarded: Mapping[RuntimeKind, Runtime]

    def has_host_of(self, spec: ModelSpec) -> bool:
        """Whether the model could be run at all here."""
        return spec.host in self.hosts

    def why_unstartable(self, spec: ModelSpec) -> str | None:
        """Why no replica of the model can be started now; None when one can."""
        if not self.has_host_of(spec):
            return f"this sidecar has no host {spec.host} (docker needs AI_DISPATCH_DOCKER_HOST)"
        host = self.host_of(spec)
        if isinstance(host, RemoteHost):
            return host.why_not(spec.id)
        if host.is_reachable:
            return None
        return f"its host {spec.host} doesn't answer, so that only what runs already can be used"

    def host_of(self, spec: ModelSpec) -> Host:
        """Who runs the model's replicas."""
        return self.hosts[spec.host]

    def runtime_of(self, spec: ModelSpec) -> Runtime:
        """Who talks to them."""
        return (self.guarded if spec.url else self.runtimes)[spec.runtime]

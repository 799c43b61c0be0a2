"""Every Prometheus metric of the sidecar. Labels come from closed enums and from the registry, never from callers."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)

from dispatcher import __version__

_SHORT_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)
_LONG_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640)


class Metrics:
    """The metrics, on a registry of their own so that two sidecars in one process don't mix."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the series it stops would double their number
        self._registry = CollectorRegistry()
        registry = self._registry
        Info("ai_dispatch_build", "Version of this sidecar.", registry=registry).info({"version": __version__})
        self.dispatches = Counter(
            "ai_dispatch_dispatches",
            "Dispatches that ended, by model, task type and ending.",
            ["model", "task_type", "ending"],
            registry=registry,
        )
        self.errors = Counter("ai_dispatch_errors", "Errors answered to callers, by code.", ["code"], registry=registry)
        self.fallbacks = Counter(
            "ai_dispatch_fallbacks",
            "Attempts that failed and were followed by another, by model.",
            ["model"],
            registry=registry,
        )
        self.retries_refused = Counter(
            "ai_dispatch_retries_refused",
            "Attempts that failed and weren't followed by another because too many retries ran, by model.",
            ["model"],
            registry=registry,
        )
        self.ejections = Counter(
            "ai_dispatch_ejections",
            "Replicas left alone for a while because they failed again and again, by model.",
            ["model"],
            registry=registry,
        )
        self.poison = Counter(
            "ai_dispatch_quarantined_requests",
            "Requests that aren't tried for a while because servers crashed over them.",
            registry=registry,
        )
        self.response_cache = Counter(
            "ai_dispatch_response_cache",
            "Requests whose callers would take an answer given before, by result: hit, miss or bypass.",
            ["result"],
            registry=registry,
        )
        self.response_cache_bytes = Gauge(
            "ai_dispatch_response_cache_bytes", "Memory reserved for answers given before.", registry=registry
        )
        self.tokens = Counter(
            "ai_dispatch_tokens",
            "Tokens read (prompt) and written (completion), by model.",
            ["model", "kind"],
            registry=registry,
        )
        self.explored = Counter(
            "ai_dispatch_explored",
            "Dispatches that tried a model though another was expected to be better, by model.",
            ["model"],
            registry=registry,
        )
        self.ranker_moves = Counter(
            "ai_dispatch_ranker_moves",
            "Rankers that came to a stage, by stage.",
            ["stage"],
            registry=registry,
        )
        self.feedback = Counter(
            "ai_dispatch_feedback",
            "Opinions on answers, by source and whether they counted.",
            ["source", "counted"],
            registry=registry,
        )
        self.task_type_agreement = Counter(
            "ai_dispatch_task_type_agreement",
            "Dispatches whose caller named the task type, by it, who decides on auto, and whether rightly.",
            ["task_type", "decided_by", "agreed"],
            registry=registry,
        )
        self.complexity_agreement = Counter(
            "ai_dispatch_complexity_agreement",
            "Dispatches whose caller named the complexity, by it, who decides on auto, and whether rightly.",
            ["complexity", "decided_by", "agreed"],
            registry=registry,
        )
        self.total_s = Histogram(
            "ai_dispatch_dispatch_seconds",
            "Time of succeeded dispatches, by model.",
            ["model"],
            buckets=_LONG_S,
            registry=registry,
        )
        self.first_token_s = Histogram(
            "ai_dispatch_first_token_seconds",
            "Time to the first token, by model.",
            ["model"],
            buckets=_LONG_S,
            registry=registry,
        )
        self.decide_s = Histogram(
            "ai_dispatch_decide_seconds",
            "Time from a request's arrival to the choice of a model.",
            buckets=_SHORT_S,
            registry=registry,
        )
        self.load_s = Histogram(
            "ai_dispatch_load_seconds",
            "Time from a start to a ready replica, by model.",
            ["model"],
            buckets=_LONG_S,
            registry=registry,
        )
        self.starts = Counter(
            "ai_dispatch_starts", "Replica starts, by model and result.", ["model", "result"], registry=registry
        )
        self.stops = Counter(
            "ai_dispatch_stops", "Replica stops, by model and reason.", ["model", "reason"], registry=registry
        )
        self.replicas = Gauge("ai_dispatch_replicas", "Replicas now, by state.", ["state"], registry=registry)
        self.ejected = Gauge(
            "ai_dispatch_ejected", "Replicas that are left alone now, or being tried again.", registry=registry
        )
        self.in_flight = Gauge("ai_dispatch_in_flight", "Dispatches that a replica works on now.", registry=registry)
        self.waiting = Gauge("ai_dispatch_waiting", "Dispatches that wait for a replica now.", registry=registry)
        self.memory = Gauge(
            "ai_dispatch_memory_mib",
            "Memory for models: lent (budget), promised (reserved), measured (used).",
            ["kind"],
            registry=registry,
        )
        self.jobs = Gauge("ai_dispatch_jobs", "Jobs that are kept now, by state.", ["state"], registry=registry)
        self.jobs_finished = Counter(
            "ai_dispatch_jobs_finished", "Jobs that were finished, by outcome.", ["outcome"], registry=registry
        )
        self.job_callbacks = Counter(
            "ai_dispatch_job_callbacks",
            "Attempts to tell a callback, by result: delivered, again (failed, to be tried again), given_up.",
            ["result"],
            registry=registry,
        )
        self.dropped_log_rows = Gauge(
            "ai_dispatch_log_rows_dropped", "Log rows dropped because the database couldn't keep up.", registry=registry
        )

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)

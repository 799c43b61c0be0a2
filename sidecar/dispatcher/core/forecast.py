"""What to expect of a model that has no history here: time, success, quality and cost from its catalogue entry."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from dispatcher.core.decision import Forecast, Seconds
from dispatcher.core.features import NO_TEXT, RequestFeatures, TextFeatures
from dispatcher.core.model import ModelSpec
from dispatcher.core.seconds import total
from dispatcher.core.task import Complexity, Context, FormatKind, OutputFormat, TaskType

RANKER = "prior"
"""The name under which these forecasts stand in the log."""

# Measured with llama.cpp on 1 and 2 threads: reading a prompt scales well, writing is bound by memory.
_PREFILL_SCALING = 0.7
_DECODE_SCALING = 0.45

_SPEED_DOUBT = 1.6  # P90 ÷ P50 of speed on a machine nobody has measured
_LOAD_DOUBT = 1.8
_LENGTH_DOUBT = 2.0  # P90 ÷ P50 of answer length
_SUCCESS = 0.97
_SUCCESS_JSON = 0.92
REQUEST_S = 0.02
"""Connection, template and the first sampling step."""

_USD_PER_GIB_S = 2e-6  # a rented 4 GiB server at about 20 USD a month

_OUTPUT_TOKENS: dict[TaskType, tuple[int, int, int]] = {  # low, medium, high
    TaskType.TEXT_GENERATION: (150, 350, 700),
    TaskType.CODE_GENERATION: (150, 350, 800),
    TaskType.SUMMARIZATION: (80, 180, 400),
    TaskType.CLASSIFICATION: (8, 20, 60),
    TaskType.EXTRACTION: (60, 150, 400),
    TaskType.QUESTION_ANSWERING: (60, 180, 400),
    TaskType.REASONING: (150, 350, 800),
    TaskType.TRANSLATION: (80, 250, 600),
    TaskType.CHAT: (60, 150, 350),
}
_STEPS = (Complexity.LOW, Complexity.MEDIUM, Complexity.HIGH)


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do, the same for every model. `max_tokens` is the longest answer allowed."""

    task_type: TaskType
    complexity: Complexity
    prompt_tokens: int
    max_tokens: int
    output: OutputFormat
    text: TextFeatures = NO_TEXT
    context: Context = field(default_factory=Context)


@dataclass(frozen=True, slots=True)
class Question:
    """One model that might do the work, its replica running on `threads` CPU threads.

    `max_tokens` is the longest answer that is allowed and that its context has room for; `extra_tokens` is how much
    longer the prompt gets by the way it is put to this model.
    """

    spec: ModelSpec
    threads: int
    footprint_mib: int
    max_tokens: int
    extra_tokens: int = 0

    def of(self, work: Work) -> Work:
        """The work as it is for this model."""
        return replace(work, max_tokens=self.max_tokens, prompt_tokens=work.prompt_tokens + self.extra_tokens)


@dataclass(frozen=True, slots=True)
class Foretelling:
    """One forecast for each question, in their order, and the request as the ranker saw it, if it looked at it."""

    forecasts: tuple[Forecast, ...]
    features: RequestFeatures | None = None


class Forecaster(Protocol):
    """Foretells what each model would do with one dispatch."""

    @property
    def name(self) -> str:
        """The ranker's name, as it stands in the log."""

    def foretell(self, work: Work, questions: Sequence[Question]) -> Foretelling:
        """Answer all questions about one dispatch at once."""

    def reason(self, work: Work, features: RequestFeatures | None, chosen: ModelSpec, other: ModelSpec) -> str | None:
        """Why better answers are expected of the first model, in words; None when there is no more to say."""


class PriorForecaster:
    """Foretells from the catalogue alone."""

    @property
    def name(self) -> str:
        """The ranker's name, as it stands in the log."""
        return RANKER

    def foretell(self, work: Work, questions: Sequence[Question]) -> Foretelling:
        """Answer all questions about one dispatch at once."""
        return Foretelling(tuple(forecast(one.spec, one.of(work), one.threads, one.footprint_mib) for one in questions))

    def reason(self, work: Work, features: RequestFeatures | None, chosen: ModelSpec, other: ModelSpec) -> str | None:
        """None: there is the catalogue and nothing else."""
        return None


def forecast(spec: ModelSpec, work: Work, threads: int, footprint_mib: int) -> Forecast:
    """Predict one model on one dispatch, its replica running on `threads` CPU threads."""
    expected = _expected_tokens(work)
    reading_s = prefill_s(spec, work.prompt_tokens, threads)
    token_s = token_s_of(spec, threads)
    longest = min(work.max_tokens, round(expected * _LENGTH_DOUBT))
    run = total(
        Seconds(REQUEST_S + reading_s, REQUEST_S + reading_s * _SPEED_DOUBT),
        Seconds(expected * token_s, longest * token_s * _SPEED_DOUBT),
    )
    return Forecast(
        run=run,
        load=Seconds(spec.load_s, spec.load_s * _LOAD_DOUBT),
        success=success_of(work.output.kind),
        quality=spec.quality.of(work.task_type, work.complexity),
        output_tokens=expected,
        cost_usd=cost_usd_of(spec, work.prompt_tokens + expected, run.p50, footprint_mib),
    )


def first_token_s(spec: ModelSpec, prompt_tokens: int, threads: int) -> float:
    """How long a model that does nothing else takes to its first token."""
    return REQUEST_S + prefill_s(spec, prompt_tokens, threads)


def prefill_s(spec: ModelSpec, prompt_tokens: int, threads: int) -> float:
    """How long a model reads a prompt before it writes."""
    tokens_per_s: float = spec.speed.prefill_tps * threads**_PREFILL_SCALING
    return prompt_tokens / tokens_per_s


def token_s_of(spec: ModelSpec, threads: int) -> float:
    """How long a model writes one token."""
    tokens_per_s: float = spec.speed.decode_tps * threads**_DECODE_SCALING
    return 1 / tokens_per_s


def typical_tokens(task_type: TaskType, complexity: Complexity) -> int:
    """How long answers to such work are, whatever is allowed."""
    return _OUTPUT_TOKENS[task_type][_STEPS.index(complexity)]


def success_of(kind: FormatKind) -> float:
    """The chance of a usable answer of any model, 0..1, before it is known."""
    return _SUCCESS if kind is FormatKind.TEXT else _SUCCESS_JSON


def _expected_tokens(work: Work) -> int:
    return max(1, min(typical_tokens(work.task_type, work.complexity), work.max_tokens))


def cost_usd_of(spec: ModelSpec, tokens: int, run_s: float, footprint_mib: int) -> float:
    """The price of so many tokens, or of the memory for so long."""
    if spec.is_local and not spec.usd_per_mtok:
        return footprint_mib / 1024 * run_s * _USD_PER_GIB_S
    return tokens * spec.usd_per_mtok / 1_000_000

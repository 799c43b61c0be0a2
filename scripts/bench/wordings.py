"""The shipped prompt variants beside the plain prompt, on real small models: answers that a next step could use."""

import argparse
import asyncio
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from dispatcher.core.outcome import Ask, Completion
from dispatcher.core.prompting import render
from dispatcher.core.shipped_variants import COPIED, LABELS
from dispatcher.core.task import Message, ModelId, Role, Sampling
from dispatcher.core.wording import PLAIN, Wording, fitting
from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.runtimes.session import new_session
from scripts.bench.wording_cases import Case, labels, values
from tests.fakes.asking import within
from tests.fakes.launched import REAL_COMMAND, LaunchedServer, launched
from tests.fakes.real_weights import fetched

_MODELS = {"qwen2.5": ModelId("qwen2.5-coder-0.5b-instruct"), "smollm2": ModelId("smollm2-135m-instruct")}
_VALUES = 50


@dataclass(frozen=True, slots=True)
class Row:
    """How one wording did: right is a label with nothing around it, or an object with all values right."""

    family: str
    task: str
    wording: str
    right: int
    asked: int
    tokens_per_answer: float
    seconds: float


async def _row(server: LaunchedServer, family: str, task: str, name: str, wording: Wording) -> Row:
    cases = labels() if task == "labels" else values(_VALUES)
    begun_s = time.monotonic()
    async with new_session() as session:
        runtime = OpenAIRuntime(session, time.monotonic)
        answers = [await _answer(runtime, server, family, case, wording) for case in cases]
    right = sum(_is_right(one.text, case) for one, case in zip(answers, cases, strict=True))
    tokens = sum(one.usage.completion_tokens for one in answers) / len(cases)
    return Row(family, task, name, right, len(cases), round(tokens, 1), round(time.monotonic() - begun_s, 1))


async def _answer(
    runtime: OpenAIRuntime, server: LaunchedServer, family: str, case: Case, wording: Wording
) -> Completion:
    messages = (Message(Role.USER, case.prompt),)
    said = render(family, messages, case.output, fitting(wording, messages, case.output))
    ask = Ask(_MODELS[family], said, max_tokens=80, sampling=Sampling(temperature=0.0), output=case.output)
    return await runtime.complete(server.endpoint, ask, within(120.0))


def _is_right(text: str, case: Case) -> bool:
    if isinstance(case.answer, str):
        return "".join(letter for letter in text.lower() if letter.isalpha() or letter == " ").strip() == case.answer
    try:
        return bool(json.loads(text) == case.answer)
    except json.JSONDecodeError:
        return False


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    as_json = parser.parse_args().json
    rows: list[Row] = []
    for family, model in _MODELS.items():
        with tempfile.TemporaryDirectory() as folder, launched(REAL_COMMAND, fetched(model), Path(folder)) as server:
            server.wait_until_ready()
            for task, shipped in (("labels", LABELS), ("values", COPIED)):
                for name, wording in (("plain", PLAIN), ("shipped", shipped)):
                    rows.append(asyncio.run(_row(server, family, task, name, wording)))
                    _tell(rows[-1])
    if as_json:
        print(json.dumps({"rows": [asdict(row) for row in rows]}))


def _tell(row: Row) -> None:
    print(
        f"{row.family:8} {row.task:7} {row.wording:8} {row.right:3} of {row.asked} right, "
        f"{row.tokens_per_answer:5} tokens an answer, {row.seconds:6} s",
        flush=True,
    )


if __name__ == "__main__":
    _main()

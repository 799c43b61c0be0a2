"""The JSON bodies of the routes about prompt variants."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from dispatcher.api.schemas import Body, Reply
from dispatcher.core.task import TaskType
from dispatcher.core.variants import ANY, VariantState
from dispatcher.core.wording import CHARS_MAX, EXAMPLES_MAX

_TASKS = [ANY, *(task for task in TaskType if task not in (TaskType.AUTO, TaskType.EMBEDDING))]
_Text = Annotated[str, Field(min_length=1, max_length=CHARS_MAX)]


class ExampleBody(Body):
    """One exchange to go by."""

    user: _Text
    assistant: _Text


class VariantBody(Body):
    """A new way to put prompts to models. Its texts are said as they are: nothing in them is a placeholder."""

    family: str = Field(
        ANY, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", description="Of models; `any` for every one."
    )
    task_type: str = Field(
        ANY,
        pattern=f"^({'|'.join(_TASKS)})$",
        description="The kind of work; `any` for every one.",
        json_schema_extra={"enum": list(_TASKS)},
    )
    system: _Text | None = Field(None, description="Told first, where the caller gives no system text of his own.")
    examples: list[ExampleBody] = Field([], max_length=EXAMPLES_MAX, description="Shown where he begins a chat.")
    json_instruction: _Text | None = Field(None, description="Told where JSON is asked for, in place of our words.")
    show_schema: bool = Field(False, description="Whether the asked JSON schema is shown after that.")

    @model_validator(mode="after")
    def _is_a_fair_length(self) -> Self:
        chars = len(self.system or "") + len(self.json_instruction or "")
        chars += sum(len(one.user) + len(one.assistant) for one in self.examples)
        if chars > CHARS_MAX:
            raise ValueError(f"all texts together have {chars} characters; shorten them to {CHARS_MAX}")
        if not chars and not self.show_schema:
            raise ValueError("it says nothing; send system, examples, json_instruction or show_schema")
        return self


class VariantScoreReply(Reply):
    """How dispatches went. `reward` is success times quality, 0..1; absent while nothing is known."""

    dispatches: int
    success: float | None
    reward: float | None


class VariantReply(Reply):
    """One version of how prompts are put to a family of models for one kind of work."""

    family: str
    task_type: str
    version: int
    state: VariantState
    why: str = Field(description="How it came to its state.")
    system: str | None
    examples: list[ExampleBody]
    json_instruction: str | None
    show_schema: bool
    score: VariantScoreReply
    against: VariantScoreReply = Field(
        description="The live one, or for the live one the plain prompt, on the same dispatches."
    )
    created_at: str
    changed_at: str


class VariantsReply(Reply):
    """All variants; those that are out of use too."""

    variants: list[VariantReply]

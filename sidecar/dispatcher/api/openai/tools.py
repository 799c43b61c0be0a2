"""From the tools of a request in OpenAI's protocol to a toolbox; chat completions nest what responses don't."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dispatcher.api.json_schemas import check_size
from dispatcher.api.openai.fields import list_at, object_at, text_at
from dispatcher.core.task import Tool, Toolbox, ToolUse
from dispatcher.errors import InvalidRequest

_NAME = re.compile(r"[\w.-]{1,128}", re.ASCII)
_TOOLS_MAX = 128
_ANYTHING: dict[str, object] = {"type": "object", "properties": {}}


def toolbox_of(tools: Sequence[object] | None, choice: object, *, is_parallel: bool | None) -> Toolbox:
    """The toolbox of a request.

    Raises: InvalidRequest naming the place.
    """
    if len(tools or ()) > _TOOLS_MAX:
        raise InvalidRequest(f"tools: these are more than the {_TOOLS_MAX} allowed")
    found = tuple(_tool(tool, f"tools[{index}]") for index, tool in enumerate(tools or ()))
    names = [tool.name for tool in found]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InvalidRequest(f"tools[{index}]: there are two tools of the name {name}")
    return _chosen(Toolbox(found, is_parallel=is_parallel is not False), choice)


def _tool(tool: object, place: str) -> Tool:
    told = object_at(tool, place)
    if told.get("type", "function") != "function":
        raise InvalidRequest(f"{place}.type: only tools of the type function are taken; nothing is run here")
    if "function" in told:
        told, place = object_at(told["function"], f"{place}.function"), f"{place}.function"
    name = told.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidRequest(f"{place}.name: give a name of letters, digits, _, - and dots")
    parameters = told.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise InvalidRequest(f"{place}.parameters: this must be a JSON schema")
    check_size(parameters or {}, f"{place}.parameters")
    return Tool(name, text_at(told.get("description") or "", f"{place}.description"), parameters or _ANYTHING)


def _chosen(box: Toolbox, choice: object) -> Toolbox:
    """The toolbox as `tool_choice` has it."""
    if choice is None or choice == "auto":
        return box
    if choice == "none":
        return replace(box, use=ToolUse.NONE)
    if not box.tools:
        raise InvalidRequest("tool_choice: there are no tools to choose from; send tools, or leave it out")
    if choice == "required":
        return replace(box, use=ToolUse.REQUIRED)
    if not isinstance(choice, dict):
        raise InvalidRequest("tool_choice: this must be none, auto, required, or name a function")
    if choice.get("type") == "allowed_tools":
        return _allowed(box, choice)
    if choice.get("type") != "function":
        raise InvalidRequest("tool_choice.type: only function and allowed_tools are taken here")
    return replace(box, use=ToolUse.REQUIRED, only=_known(box, _name(choice, "tool_choice"), "tool_choice"))


def _allowed(box: Toolbox, choice: Mapping[str, Any]) -> Toolbox:
    place = "tool_choice.allowed_tools"
    told = object_at(choice.get("allowed_tools", choice), place)
    names = {
        _known(box, _name(object_at(tool, place), place), place)
        for tool in list_at(told.get("tools"), f"{place}.tools")
    }
    allowed = replace(box, tools=tuple(tool for tool in box.tools if tool.name in names))
    return replace(allowed, use=ToolUse.REQUIRED) if told.get("mode") == "required" and names else allowed


def _name(choice: Mapping[str, Any], place: str) -> str:
    function = choice.get("function")
    return text_at(function.get("name") if isinstance(function, dict) else choice.get("name"), f"{place}.function.name")


def _known(box: Toolbox, name: str, place: str) -> str:
    if all(tool.name != name for tool in box.tools):
        raise InvalidRequest(f"{place}: no tool has that name; there are {', '.join(tool.name for tool in box.tools)}")
    return name

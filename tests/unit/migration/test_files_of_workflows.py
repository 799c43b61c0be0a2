"""The shapes in which n8n exports workflows, and hostile ones."""

import json

import pytest

from dispatcher.migration.json_parts import Unreadable
from dispatcher.migration.migrate import migrate
from dispatcher.migration.workflow import NotAWorkflow
from tests.unit.migration.examples import KEEPING, REPLACING, a_chat_model, a_node, a_workflow, moved

ONE = a_workflow(a_chat_model())


@pytest.mark.parametrize("root", [ONE, [ONE], {"data": [ONE], "nextCursor": None}, {"data": ONE}])
def test_every_shape_of_an_export_is_read(root: object) -> None:
    _, done = moved(root)
    assert [len(report.moved) for report in done.workflows] == [1]


@pytest.mark.parametrize("root", [{}, {"nodes": 1}, [1], {"data": 1}, {"nodes": [1]}, 3, "x", [ONE, {}]])
def test_other_json_is_no_workflow(root: object) -> None:
    with pytest.raises(NotAWorkflow):
        migrate(json.dumps(root), KEEPING)


def test_no_workflows_are_none() -> None:
    assert migrate("[]", KEEPING).workflows == ()


def test_a_workflow_may_have_so_many_nodes_and_no_more() -> None:
    with pytest.raises(NotAWorkflow, match="5001 nodes"):
        migrate(json.dumps(a_workflow(*(a_node(str(number), "x") for number in range(5001)))), KEEPING)


def test_all_that_is_not_touched_stays_byte_for_byte() -> None:
    text = (
        '\ufeff{"name":"\\u00e4 \\/ ä", "nodes":[ {"name" :"A","type":"x","parameters":{"a":1.0,"b":1e5,"c":-0,\r\n'
        '"d":12345678901234567890123,"__proto__":{"polluted":true},"e":"\\ud83d","f":"={{ 1 }}"}},\t'
        '{"name":"M","type":"@n8n/n8n-nodes-langchain.lmChatOllama","parameters":{}} ],"connections":{},"x":{} }\n\n'
    )
    done = migrate(text, KEEPING)
    (edit,) = done.edits
    assert done.text == text[: edit.start] + edit.text + text[edit.end :]
    assert edit.start == edit.end == text.index("{}} ]") + 2
    assert migrate(done.text, KEEPING).text == done.text


@pytest.mark.parametrize(
    "node",
    [
        {},
        {"name": None, "type": 3, "parameters": [], "credentials": "x", "typeVersion": "2"},
        {"type": "@n8n/n8n-nodes-langchain.lmChatOllama", "parameters": [], "credentials": 1},
        {"type": "@n8n/n8n-nodes-langchain.lmChatOllama", "credentials": {"ollamaApi": "Old name"}},
        {"type": "n8n-nodes-base.httpRequest", "parameters": {"url": {"a": 1}}},
        {"type": "@n8n/n8n-nodes-langchain.ollama", "parameters": {"messages": [], "options": 1}},
    ],
)
def test_odd_nodes_do_no_harm(node: object) -> None:
    moved({"nodes": [node], "connections": [1, {"main": 3}]})


def test_odd_connections_do_no_harm() -> None:
    odd = {"A": {"main": [None, [{"node": 3}], {"node": "M"}]}, "B": 3, "__proto__": {"main": [[]]}}
    moved(ONE | {"connections": odd})


@pytest.mark.parametrize(
    "code",
    ["{{" * 50_000, "from " * 50_000, "a" * 200_000, "require(" * 30_000, '"' * 100_000, "\\" * 100_000, " " * 200_000],
)
def test_no_text_takes_more_than_its_length_to_look_through(code: str) -> None:
    url = f"=http://ollama:11434/api/generate{code}"
    body = f'={{"model": "ollama", "prompt": {{{{ JSON.stringify({code}) }}}} }}'
    moved(
        a_workflow(
            a_node("Code", "n8n-nodes-base.code", {"jsCode": code}),
            a_node("Ask", "n8n-nodes-base.httpRequest", {"url": url, "jsonBody": body, "specifyBody": "json"}, 4),
            a_chat_model(model=code),
        )
    )


def test_half_a_character_in_a_prompt_does_no_harm() -> None:
    chain = a_node("Chain", "@n8n/n8n-nodes-langchain.chainLlm", {"text": "Translate \ud83d this"})
    links = {"Model": ["Chain"]}
    after, _ = moved(a_workflow(a_chat_model(), chain, links=links, kind="ai_languageModel"), REPLACING)
    assert after["nodes"][0]["parameters"]["taskType"] == "translation"


def test_what_cannot_be_read_is_told_with_its_place() -> None:
    with pytest.raises(Unreadable, match="line 1, column 12"):
        migrate('{"nodes": [}', KEEPING)

"""Workflows that nobody wrote, hostile ones among them."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.unit.migration.examples import HTTP, LANGCHAIN

_KEYS = st.sampled_from(["a", "model", "__proto__", "constructor", "prompt", "options", "url", "text", "", "\u2028"])
_TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            *("=1+1", "={{ $json.a }}", "={{", "}}", "= ", "{{ $json.response }}", "={{ $json.response }}", "\ud83d"),
            *("http://localhost:11434/api/chat", "http://ollama:11434/api/generate", "=http://ollama:11434/api/embed"),
            *(
                "={{ 'http://ollama:11434' }}/api/chat",
                "=http://{{ $json.h }}:11434/api/chat",
                "https://ollama.com/api",
            ),
            *(
                "http://127.0.0.1:3000/api/chat",
                "ollama",
                "qwen2.5:14b",
                "gpt-4o",
                "json",
                "\x00",
                '"',
                "\\",
                "\\u0041",
            ),
        ]
    ),
)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from(["A", "B", "Ollama", 'it\'s "quoted"', "__proto__", "ö", "\ud83d", "A / B"])
UNKNOWN = (
    "n8n-nodes-base.set",
    "n8n-nodes-base.respondToWebhook",
    "x.y",
    LANGCHAIN + "agent",
    LANGCHAIN + "chatTrigger",
)
_MODELS = (
    "lmChatOllama",
    "lmOllama",
    "embeddingsOllama",
    "ollama",
    "ollamaTool",
    "lmChatOpenAi",
    "openAi",
    "embeddingsOpenAi",
)
_BODY_VALUES = st.one_of(
    _TEXTS.map(lambda text: json.dumps(text)),
    st.sampled_from(
        ["{{ JSON.stringify($json.q) }}", '"{{ $json.q }} and {{ $json.r }}"', "{{ $json.q }}", '"=x"', '"p"']
    ),
)


@st.composite
def _bodies(draw: st.DrawFn) -> str:
    prompt, model = draw(_BODY_VALUES), draw(_BODY_VALUES)
    return draw(st.sampled_from(["", "="])) + f'{{"model": {model}, "prompt": {prompt}, "stream": false}}'


_MESSAGES = st.fixed_dictionaries({"values": st.lists(st.fixed_dictionaries({"content": _TEXTS}), max_size=2)})
_PARAMETERS = st.one_of(
    st.dictionaries(_KEYS, _VALUES, max_size=4),
    st.fixed_dictionaries(
        {
            "method": st.just("POST"),
            "url": _TEXTS,
            "sendBody": st.just(True),
            "specifyBody": st.just("json"),
            "jsonBody": _bodies(),
            "options": st.dictionaries(_KEYS, _VALUES, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {"model": _TEXTS, "modelId": _TEXTS, "messages": _MESSAGES},
        optional={
            "options": st.dictionaries(st.sampled_from(["temperature", "system", "keepAlive", "baseURL"]), _VALUES)
        },
    ),
)
_CREDENTIALS = st.dictionaries(
    st.sampled_from(["ollamaApi", "openAiApi", "slackApi", "httpBasicAuth"]),
    st.fixed_dictionaries({"id": st.none() | st.text(max_size=4), "name": _TEXTS}),
    max_size=2,
)


@st.composite
def _nodes(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from([*UNKNOWN, HTTP, HTTP + "Tool", *(LANGCHAIN + name for name in _MODELS)]))
    node: dict[str, Any] = {
        "name": draw(_NAMES),
        "type": kind,
        "typeVersion": draw(st.sampled_from([1, 1.2, 4.2])),
        "parameters": draw(_PARAMETERS),
        "id": draw(st.text(max_size=3)),
        "position": draw(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2)),
    }
    node |= draw(st.fixed_dictionaries({}, optional={"credentials": _CREDENTIALS, "disabled": st.booleans()}))
    node |= draw(st.dictionaries(st.sampled_from(["notes", "onError", "__proto__"]), _VALUES, max_size=1))
    return {key: node[key] for key in draw(st.permutations(sorted(node)))}


_LINKS = st.dictionaries(
    _NAMES,
    st.dictionaries(
        st.sampled_from(["main", "ai_languageModel", "ai_tool", "ai_embedding"]),
        st.lists(
            st.lists(st.fixed_dictionaries({"node": _NAMES, "type": st.just("main"), "index": st.integers(0, 2)}))
        ),
        max_size=2,
    ),
    max_size=3,
)


@st.composite
def workflow_texts(draw: st.DrawFn) -> str:
    """The text of an exported workflow, laid out in one way or another."""
    workflow = {
        "name": draw(_TEXTS),
        "nodes": draw(st.lists(_nodes(), max_size=5)),
        "connections": draw(_LINKS),
        "pinData": draw(st.dictionaries(_KEYS, _VALUES, max_size=2)),
    }
    indent = draw(st.sampled_from([None, 1, 2, "\t"]))
    return json.dumps(workflow, indent=indent, ensure_ascii=True)

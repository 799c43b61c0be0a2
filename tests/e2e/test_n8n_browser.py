"""A person finds our nodes in a real n8n, drags them in, fills them in and sees what a real model said."""

from collections.abc import Iterator

import pytest

from tests.e2e.editor_browser import EditorBrowser, editor_browser
from tests.e2e.n8n import N8n
from tests.e2e.n8n_server import N8nServer, running_server
from tests.e2e.sidecar import Sidecar
from tests.e2e.workflows import credential, example

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

CREDENTIAL = "AI Dispatch account"
TICKET = (
    "Classify this ticket as billing, bug or other. Answer with one word.\n\nI was charged twice for the same order."
)


@pytest.fixture(scope="module")
def server(n8n: N8n) -> Iterator[N8nServer]:
    with running_server(n8n) as running:
        yield running


@pytest.fixture(scope="module")
def browser(n8n: N8n, server: N8nServer) -> Iterator[EditorBrowser]:
    with editor_browser(n8n, server) as running:
        yield running


@pytest.fixture(scope="module")
def kept(server: N8nServer, sidecar: Sidecar) -> str:
    """The id of a credential that n8n has, called CREDENTIAL."""
    return server.keep(credential(CREDENTIAL, sidecar.base_url, sidecar.token))


def test_each_of_these_words_finds_our_node(browser: EditorBrowser) -> None:
    words = ["ai", "ollama", "router", "dispatch"]
    places = browser.does("search", words=words, shot=str(browser.picture("search")))
    assert list(places) == words
    assert places["dispatch"] == 0


def test_the_credential_screen_tells_a_wrong_token_from_the_right_one(browser: EditorBrowser, sidecar: Sidecar) -> None:
    given = {"baseUrl": sidecar.base_url, "tokens": ["not-the-token", sidecar.token]}
    wrong, right = browser.does("saveCredential", **given, shot=str(browser.picture("credential")))
    assert "connect with these settings" in wrong
    assert "successfully" in right


@pytest.mark.usefixtures("kept")
def test_a_node_that_is_dragged_in_and_filled_in_shows_the_text_and_the_model(browser: EditorBrowser) -> None:
    shots = {"shot": str(browser.picture("dispatch")), "canvasShot": str(browser.picture("canvas"))}
    output = browser.does("dispatch", credential=CREDENTIAL, prompt=TICKET, **shots)["output"]
    assert all(f'"{field}"' in output for field in ("text", "model", "why", "dispatch_id"))
    assert '"classification"' in output
    assert "-instruct" in output


@pytest.mark.usefixtures("kept")
def test_an_agent_that_is_given_our_chat_model_by_hand_answers(browser: EditorBrowser) -> None:
    shot = str(browser.picture("agent"))
    said = browser.does("ask", credential=CREDENTIAL, prompt="Say hello in one short sentence.", shot=shot)
    assert '"output"' in said["output"]


@pytest.mark.parametrize(("theme", "icon"), [("light", "dispatch.svg"), ("dark", "dispatch.dark.svg")])
def test_each_theme_has_its_icon(browser: EditorBrowser, server: N8nServer, kept: str, theme: str, icon: str) -> None:
    workflow_id = server.save(example("themes", kept, "digest-of-mails"))["id"]
    shots = {"shot": str(browser.picture(f"{theme}-canvas")), "nodeShot": str(browser.picture(f"{theme}-node"))}
    seen = browser.does("picture", workflowId=workflow_id, theme=theme, node="Summarize Each", **shots)
    assert any(source.endswith(icon) for source in seen["icons"])

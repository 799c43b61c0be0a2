"""What is wanted of a migration, read from the options of the command."""

import re

from dispatcher.cli.faults import BadUsage
from dispatcher.migration.wishes import DEFAULT_CREDENTIALS, Credential, CredentialType, ModelChoice, Target, Wishes

_URL = re.compile(r"https?://[\w.\-]+(?::\d+)?(?:/[\w.\-~/]*)?|https?://\[[0-9a-fA-F:]+\](?::\d+)?(?:/[\w.\-~/]*)?")
_MAIN = {Target.CREDENTIAL: CredentialType.OLLAMA, Target.NODES: CredentialType.DISPATCH}


def read_wishes(url: str, target: Target, model: ModelChoice, ids: list[str], names: list[str]) -> Wishes:
    """Put the options together. Raises: BadUsage naming the one at fault."""
    if _URL.fullmatch(url) is None:
        raise BadUsage(f"--url is {url!r}; it must look like http://127.0.0.1:3000")
    given_ids = dict(_of_type(one, "--credential-id", target) for one in ids)
    given_names = dict(_of_type(one, "--credential-name", target) for one in names)
    credentials = {
        kind: Credential(given_names.get(kind, default.name), given_ids.get(kind))
        for kind, default in DEFAULT_CREDENTIALS.items()
    }
    return Wishes(url.rstrip("/"), target, model, credentials)


def _of_type(text: str, option: str, target: Target) -> tuple[CredentialType, str]:
    """The type before `=`; without one, the type that most nodes need."""
    kind, separator, value = text.partition("=")
    if not separator:
        kind, value = _MAIN[target], text
    if kind not in list(CredentialType):
        raise BadUsage(f"{option}: {kind!r} isn't a type of credential; there are {', '.join(CredentialType)}")
    if not value or value.startswith("="):
        raise BadUsage(f"{option} is {text!r}; it must look like {_MAIN[target]}=VALUE")
    return CredentialType(kind), value

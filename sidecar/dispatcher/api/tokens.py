"""Who may call: two tokens, each good for its scope."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from dispatcher.api.routes import Scope
from dispatcher.errors import Forbidden, SettingsError, Unauthorized

_CHARS_MIN = 20


@dataclass(frozen=True, slots=True)
class Tokens:
    """The SHA-256 digests of the tokens; None where no tokens are asked for (loopback only)."""

    admin_digest: bytes
    dispatch_digest: bytes

    def check(self, authorization: str | None, scope: Scope) -> Scope:
        """Let a caller through and say whose token it has, or say why not.

        Takes the same time whatever is wrong with a token.

        Raises: Unauthorized, Forbidden.
        """
        kind, _, token = (authorization or "").partition(" ")
        digest = _digest(token.strip()) if kind.lower() == "bearer" else b""
        is_admin = hmac.compare_digest(digest, self.admin_digest)
        is_dispatch = hmac.compare_digest(digest, self.dispatch_digest)
        if not (is_admin or is_dispatch):
            raise Unauthorized(
                "Authorization: a token is missing or wrong; send 'Bearer TOKEN' with the token of dispatch.token "
                "(or admin.token) in the sidecar's data folder"
            )
        if scope is Scope.ADMIN and not is_admin:
            raise Forbidden("Authorization: this route needs the admin token, and this is the dispatch token")
        return Scope.ADMIN if is_admin else Scope.DISPATCH


def load_tokens(admin_path: Path, dispatch_path: Path) -> Tokens:
    """Read the tokens; a file that isn't there is made, readable by this user only.

    Raises: SettingsError when a file can't be read or made, or holds no proper token.
    """
    return Tokens(_digest(_token(admin_path)), _digest(_token(dispatch_path)))


def _token(path: Path) -> str:
    try:
        if not path.exists():
            _make(path)
        token = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the token file {path} can't be read or made: {error}") from error
    if len(token) < _CHARS_MIN:
        raise SettingsError(
            f"the token file {path} holds fewer than {_CHARS_MIN} characters; remove it to get a new one"
        )
    return token


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"aid_{secrets.token_urlsafe(32)}\n")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()

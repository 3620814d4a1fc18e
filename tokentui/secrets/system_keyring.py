"""Keeps one random key in the system's keyring (Secret Service, KWallet, macOS), never longer than 5 s.

A keyring may not be there, be locked, or not answer at all: a Secret Service that hangs would block
for ever. So it is asked by a child process that is killed at the limit.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from tokentui.secrets import child
from tokentui.secrets.environment import for_keyring
from tokentui.secrets.errors import KeyringFailed
from tokentui.secrets.secret import Secret

SERVICE = "tokentui vault"
"""How the entry is named in the keyring's own window."""

LIMIT_SECONDS = 5.0

_CHILD = os.path.join(os.path.dirname(__file__), "keyring_child.py")

_REASONS = {
    "NoKeyringError": "this session has none",
    "KeyringLocked": "it is locked",
    "InitError": "it has no collection yet, or its window was dismissed",
    "PasswordDeleteError": "it has no such entry",
    "NotAllowed": "it is none of the keyrings that encrypt what they keep",
    "NotKept": "it did not keep what was put in",
    "ModuleNotFoundError": "the Python package keyring is not installed",
}

_HINT = "unlock it, or use the passphrase"


class SystemKeyring:
    """The keyring of this login session, as `environ` leads to it."""

    def __init__(self, environ: Mapping[str, str], *, seconds: float = LIMIT_SECONDS) -> None:
        self._environ = for_keyring(environ)
        self._seconds = seconds

    def keep(self, user: str, secret: Secret) -> str:
        """Keep a secret in the best keyring here and return that keyring's name. Raises `KeyringFailed`."""
        reply = self._ask({"do": "set", "user": user}, secret)
        return str(reply.get("backend", ""))

    def get(self, backend: str, user: str) -> Secret:
        """Return what was kept. Raises `KeyringFailed`, also when there is nothing."""
        value = self._ask({"do": "get", "user": user, "backend": backend}).get("value")
        if isinstance(value, Secret):
            return value
        raise KeyringFailed(f"the keyring ({backend}) has no entry “{SERVICE}” for this vault", _HINT)

    def forget(self, backend: str, user: str) -> None:
        """Remove what was kept. Raises `KeyringFailed`."""
        self._ask({"do": "delete", "user": user, "backend": backend})

    def _ask(self, request: Mapping[str, str], secret: Secret | None = None) -> dict[str, Any]:
        # -P: nothing is imported from the folder of the script; -E: PYTHON* variables do not count.
        argv = (sys.executable, "-P", "-E", "-W", "ignore", _CHILD)
        outcome = child.run(
            argv, self._environ, seconds=self._seconds, given=_request(request, secret)
        )
        if outcome.ending == "too slow":
            raise KeyringFailed(f"the keyring did not answer within {self._seconds:g} s", _HINT)
        reply = _reply(outcome.output)
        if reply is None:
            raise KeyringFailed(f"the keyring could not be asked: {outcome.reason or 'no answer'}", _HINT)
        if error := reply.get("error"):
            reason = _REASONS.get(error, f"it failed with {error}")
            raise KeyringFailed(f"the keyring cannot be used: {reason}", _HINT)
        return reply


def _request(request: Mapping[str, str], secret: Secret | None) -> bytes:
    more = {"value": secret.reveal()} if secret else {}
    return json.dumps({**request, "service": SERVICE, **more}).encode()


def _reply(output: bytes) -> dict[str, Any] | None:
    """Return the child's answer, with its value already a secret; None when it is none."""
    try:
        reply = json.loads(output)
    except (ValueError, RecursionError):
        return None
    if not isinstance(reply, dict):
        return None
    if "error" in reply:
        name = str(reply["error"])[:60]
        reply["error"] = name if name.isidentifier() else "an error"  # only the name of an exception's type
    if isinstance(reply.get("value"), str):
        reply["value"] = Secret(reply["value"])
    return reply

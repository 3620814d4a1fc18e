"""The process that talks to the system's keyring, so that a keyring that hangs can be killed.

Started by its path with a request on standard input, answers on standard output, both JSON. It imports
only the backends named here and never asks `keyring` which one to use: that would load every plugin
that is installed, among them such as keep keys in plain text or ask for a password on the terminal.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from typing import Any

BACKENDS = {
    "SecretService": ("keyring.backends.SecretService", "Keyring"),
    "KWallet": ("keyring.backends.kwallet", "DBusKeyring"),
    "macOS": ("keyring.backends.macOS", "Keyring"),
    "Windows": ("keyring.backends.Windows", "WinVaultKeyring"),
    "libsecret": ("keyring.backends.libsecret", "Keyring"),
}
"""The keyrings that encrypt what they keep: all come with `keyring` itself. Earlier wins a tie."""


def main() -> None:
    """Answer the one request on standard input."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    request = json.load(sys.stdin)
    try:
        reply = answer(request)
    except Exception as error:  # whatever a backend raises; its text may quote what it was given
        reply = {"error": type(error).__name__}
    json.dump(reply, sys.stdout)
    sys.stdout.flush()


def answer(request: dict[str, str]) -> dict[str, Any]:
    """Do what is asked: `set` in the best keyring, `get` or `delete` in the one that is named."""
    if request.get("backend", "") not in {"", *BACKENDS}:
        return {"error": "NotAllowed"}
    backend = best(request.get("backend", ""))
    if not backend:
        return {"error": "NoKeyringError"}
    keyring = class_of(backend)()
    service, user = request["service"], request["user"]
    if request["do"] == "get":
        return {"backend": backend, "value": keyring.get_password(service, user)}
    if request["do"] == "delete":
        keyring.delete_password(service, user)
        return {"backend": backend}
    keyring.set_password(service, user, request["value"])
    kept = keyring.get_password(service, user) == request["value"]
    return {"backend": backend} if kept else {"error": "NotKept"}


def best(wanted: str = "") -> str:
    """Return the name of the wanted keyring, or of the one with the highest priority; empty without one."""
    found: dict[str, float] = {}
    for name in [wanted] if wanted else BACKENDS:
        try:
            found[name] = float(class_of(name).priority)
        except Exception:  # a backend that does not work here says so by raising anything
            continue
    return max(found, key=found.__getitem__, default="")


def class_of(backend: str) -> Any:
    """Return a backend's class."""
    module, name = BACKENDS[backend]
    return getattr(importlib.import_module(module), name)


if __name__ == "__main__":
    main()

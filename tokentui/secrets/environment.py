"""What a child process gets to know of our environment: never a key."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping

from tokentui.secrets.secret import redacted

FOR_KEYRING = (
    "DBUS_SESSION_BUS_ADDRESS", "HOME", "KDE_FULL_SESSION", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "LOGNAME",
    "PATH", "USER", "XDG_CONFIG_HOME", "XDG_CURRENT_DESKTOP", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
)  # fmt: skip
"""All that the keyring's child gets. No DISPLAY: a window that asks for a password would block it."""

OF_PROGRAMS = {
    "op": ("OP_",), "bw": ("BW_", "BITWARDENCLI_"), "vault": ("VAULT_",), "aws": ("AWS_",),
    "pass": ("PASSWORD_STORE_",), "gopass": ("GOPASS_", "PASSWORD_STORE_"), "doppler": ("DOPPLER_",),
    "infisical": ("INFISICAL_",), "sops": ("SOPS_",),
}  # fmt: skip
"""Password managers and the variables they authenticate by: each gets its own and no other's."""

_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|APIKEY|(?:^|_)(?:KEYS?|PASS|PAT|AUTH|COOKIE)(?:_|$)"
    r"|(?<!DESKTOP)_SESSION$|_DSN$|DATABASE_URL$",
    re.IGNORECASE,
)
_OF_ANY_PROGRAM = tuple(prefix for prefixes in OF_PROGRAMS.values() for prefix in prefixes)
_HARMLESS = frozenset({"SSH_AUTH_SOCK", "GPG_TTY"})
_URL_WITH_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")


class Hidden(Mapping[str, str]):
    """An environment that a crash report with local variables does not print."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)

    def __repr__(self) -> str:
        return f"<{len(self)} variables>"


def for_keyring(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the few variables that finding the system's keyring takes."""
    return {name: environ[name] for name in FOR_KEYRING if name in environ}


def for_command(
    environ: Mapping[str, str], argv: tuple[str, ...], keep: Iterable[str] = ()
) -> dict[str, str]:
    """Return the environment without anything that is or may be a secret.

    A password manager gets its own variables; `keep` names more that the user lets through.
    """
    own = OF_PROGRAMS.get(os.path.basename(argv[0]), ())
    kept = frozenset(keep) | _HARMLESS
    return {
        name: value
        for name, value in environ.items()
        if name in kept or (own and name.startswith(own)) or not may_be_secret(name, value)
    }


def may_be_secret(name: str, value: str) -> bool:
    """Tell whether a variable may hold a secret, by its name or by its value."""
    if _SECRET_NAME.search(name) or name.startswith(_OF_ANY_PROGRAM) or _URL_WITH_PASSWORD.search(value):
        return True
    return name not in ("PATH", "HOME", "PWD") and not value.startswith("/") and redacted(value) != value

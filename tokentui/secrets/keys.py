"""The keys of all accounts: fetched when first needed, from the one place each names, and kept in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from tokentui.secrets import found_key
from tokentui.secrets.environment import Hidden
from tokentui.secrets.errors import SecretsError, VaultLocked
from tokentui.secrets.reference import FromCommand, FromCredential, FromEnvironment, FromFile, Reference
from tokentui.secrets.secret import Secret, forbid_core_dumps, key_of
from tokentui.secrets.vault import Vault


@dataclass(frozen=True, slots=True)
class KeyState:
    """What an account may say of its key."""

    state: Literal["ready", "locked", "failed"]
    reason: str = ""
    """What happened and where; empty when it is ready."""
    hint: str = ""
    fingerprint: str = ""
    """Tells one key from another; empty unless it is ready."""


class Keys:
    """Gives each account its key. Safe in several threads: a slow command delays its own key only."""

    def __init__(self, environ: Mapping[str, str], vault: Vault) -> None:
        self._environ = Hidden(environ)
        self._vault = vault
        self._guard = Lock()
        self._fetching: dict[Reference, Lock] = {}
        self._kept: dict[Reference, Secret] = {}

    def get(self, reference: Reference) -> Secret:
        """Return a key; blocks up to 10 s for a command. Raises `SecretsError`, and asks nowhere else.

        A key of the vault is read each time, so that a locked vault gives none and a rotated key counts.
        """
        with self._guard:
            fetching = self._fetching.setdefault(reference, Lock())
        with fetching:
            if reference in self._kept:
                return self._kept[reference]
            key = key_of(self._found(reference), where_of(reference))
            if isinstance(reference, FromCommand):
                self._kept[reference] = key
            return key

    def state(self, reference: Reference) -> KeyState:
        """Return whether the key can be had, with the reason. Blocks as `get` does."""
        try:
            return KeyState("ready", fingerprint=self.get(reference).fingerprint)
        except VaultLocked as error:
            return KeyState("locked", str(error), error.hint)
        except SecretsError as error:
            return KeyState("failed", str(error), error.hint)

    def forget(self, reference: Reference) -> None:
        """Fetch a key anew when it is needed next: its provider has refused it."""
        self._kept.pop(reference, None)

    def _found(self, reference: Reference) -> Secret:
        forbid_core_dumps()
        if isinstance(reference, FromEnvironment):
            return found_key.of_variable(reference, self._environ)
        if isinstance(reference, FromCommand):
            return found_key.of_command(reference, self._environ)
        if isinstance(reference, FromFile):
            return found_key.of_file(reference, self._environ)
        if isinstance(reference, FromCredential):
            return found_key.of_credential(reference, self._environ)
        return self._vault.get(reference.name)


def where_of(reference: Reference) -> str:
    """Return where a key comes from, for a person; of a command its program only."""
    if isinstance(reference, FromCommand):
        return f"the command {reference.argv[0].rpartition('/')[2]}"
    return str(reference)

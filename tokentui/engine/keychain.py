"""The vault of this process: opened once, for the collector as well as for whoever sets accounts up."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from tokentui import secrets
from tokentui.config import Paths

if TYPE_CHECKING:
    from tokentui.engine.accounts import AccountView
    from tokentui.store.accounts import AuditEntry

TRY_SECONDS = 60.0
"""After slots that asked nobody did not open it: a keyring may take 5 s each time, a command 10."""

MOST_REMOVALS = 10_000
"""Changes among which removed accounts are looked for."""

_tried: dict[str, float] = {}
"""When opening a vault was last tried in vain, by its path; monotonic seconds."""


def vault_of(paths: Paths) -> secrets.Vault:
    """Return the vault that belongs to a data folder: the same object for all who ask."""
    return _vault(str(paths.data_dir / secrets.FILE_NAME))


@cache
def _vault(path: str) -> secrets.Vault:
    return secrets.Vault(path, secrets.Means.of(os.environ))


def opened_silently(paths: Paths) -> secrets.Vault:
    """Return the vault, opened where a slot asks nobody. Blocks up to 5 s for a keyring that hangs.

    Where none does it stays locked, and each account that needs it says so.
    """
    vault = vault_of(paths)
    lately = time.monotonic() - _tried.get(vault.path, float("-inf")) < TRY_SECONDS
    if vault.exists and vault.is_locked and not lately:
        try:
            vault.unlock()
        except secrets.SecretsError:
            _tried[vault.path] = time.monotonic()
    return vault


def state_of(paths: Paths) -> str:
    """Return `none`, `locked` or `open`, after a try of what asks nobody.

    Raises SecretsError for a vault that no passphrase opens: cut short, changed, open to others.
    """
    vault = opened_silently(paths)
    if not vault.exists:
        return "none"
    if not vault.is_locked:
        return "open"
    vault.read()
    return "locked"


def reference_of(key: str) -> str:
    """Return where the key of an account (`service/name`) is kept."""
    return f"vault:{_item(key)}"


def keep(paths: Paths, key: str, secret: secrets.Secret, now: int) -> None:
    """Put the key of an account into the vault; `now` in UTC seconds. Raises SecretsError."""
    opened_silently(paths).put(_item(key), secret, now)


def forget(paths: Paths, key: str) -> None:
    """Take the key of an account out of the vault, if it has one. Raises SecretsError."""
    vault = opened_silently(paths)
    if vault.exists and _item(key) in vault.read().items:
        vault.remove(_item(key))


def drop_removed(paths: Paths, log: Iterable[AuditEntry], there: Iterable[AccountView]) -> None:
    """Take keys out of the open vault whose accounts were removed while it was locked.

    `log` says which were removed; a key that an account which is `there` uses stays. Raises SecretsError.
    """
    vault, used = vault_of(paths), {each.account.secret_reference for each in there}
    names = {_item(entry.subject) for entry in log if entry.action == "remove"}
    for name in names & set(vault.read().items):
        if f"vault:{name}" not in used:
            vault.remove(name)


def _item(key: str) -> str:
    return key.replace("/", ".")

"""The vault of this process: opened once, for the collector as well as for whoever sets accounts up."""

from __future__ import annotations

import os
import time
from functools import cache

from tokentui import secrets
from tokentui.config import Paths

TRY_SECONDS = 60.0
"""After slots that asked nobody did not open it: a keyring may take 5 s each time, a command 10."""

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

"""The vault of this process: opened once, for the collector as well as for whoever sets accounts up."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache

from tokentui import secrets
from tokentui.config import Paths


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
    if vault.exists and vault.is_locked:
        with suppress(secrets.SecretsError):
            vault.unlock()
    return vault

"""What can go wrong with keys, each with what to do next. One family: `SecretsError`.

    SecretsError
      BadReference        where a key comes from is not written rightly
      BadKey              what was found there is no key
      SourceFailed        the place that was named gave none: CommandFailed, Unset, Unreadable
      VaultError
        NoVault           there is none yet
        VaultExists       there is one already
        VaultUnsafe       a link, another user's file, or readable by others
        VaultDamaged      cut short, changed or no vault at all
        VaultNewer        made by a newer tokentui
        VaultUnwritable   no space, no permission
        VaultBusy         another tokentui is changing it
        VaultLocked       no slot could open it; WrongPassphrase when one was tried
        NoSuchSecret, NoSuchSlot, LastSlot, WeakPassphrase
        KeyringFailed     the system's keyring is absent, locked or does not answer

No message of these ever holds a key, a passphrase or the output of a command.
"""

from __future__ import annotations


class SecretsError(Exception):
    """A key could not be had or kept: `str()` says what happened and where, `hint` what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class BadReference(SecretsError):
    """Where a key comes from is not written as one of `env:`, `command:`, `file:`, `systemd:`, `vault:`."""


class BadKey(SecretsError):
    """A key holds what no key can: nothing, blanks, control or non-ASCII characters."""


class SourceFailed(SecretsError):
    """The place that was named for a key gave none; no other place is asked instead."""


class CommandFailed(SourceFailed):
    """The command was not found, took too long, printed too much or ended with an error."""


class Unset(SourceFailed):
    """The environment variable is not set, or empty."""


class Unreadable(SourceFailed):
    """The file is not there, not ours, or others may read it."""


class VaultError(SecretsError):
    """The vault could not do what was asked."""


class NoVault(VaultError):
    """There is no vault yet."""


class VaultExists(VaultError):
    """There is a vault already, and it is not overwritten."""


class VaultUnsafe(VaultError):
    """The vault is not ours to trust: a link, another user's file, or open to others."""


class VaultDamaged(VaultError):
    """The file is cut short, was changed, or is no vault."""


class VaultNewer(VaultError):
    """A newer tokentui made this vault."""


class VaultUnwritable(VaultError):
    """The vault cannot be written; it is unchanged."""


class VaultBusy(VaultError):
    """Another tokentui is changing the vault."""


class VaultLocked(VaultError):
    """The vault is locked: its keys cannot be read until one of its slots opens it."""


class WrongPassphrase(VaultLocked):
    """The passphrase opens none of the slots."""


class WeakPassphrase(VaultError):
    """The passphrase is too short to protect anything."""


class NoSuchSecret(VaultError):
    """The vault holds no key of that name."""


class NoSuchSlot(VaultError):
    """The vault has no slot of that id."""


class LastSlot(VaultError):
    """A vault without a slot could never be opened again."""


class KeyringFailed(VaultError):
    """The system's keyring is absent, locked, refused, or does not answer."""

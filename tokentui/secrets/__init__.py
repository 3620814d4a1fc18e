"""Keys: where each comes from, the vault that keeps them, and the type that shows them nowhere."""

from tokentui.secrets.document import Document, Item, Slot
from tokentui.secrets.errors import (
    BadKey,
    BadReference,
    CommandFailed,
    KeyringFailed,
    LastSlot,
    NoSuchSecret,
    NoSuchSlot,
    NoVault,
    SecretsError,
    SourceFailed,
    Unreadable,
    Unset,
    VaultBusy,
    VaultDamaged,
    VaultError,
    VaultExists,
    VaultLocked,
    VaultNewer,
    VaultUnsafe,
    VaultUnwritable,
    WeakPassphrase,
    WrongPassphrase,
)
from tokentui.secrets.found_key import read_line
from tokentui.secrets.keys import Keys, KeyState
from tokentui.secrets.reference import (
    FromCommand,
    FromCredential,
    FromEnvironment,
    FromFile,
    FromVault,
    Reference,
    choose,
    offered,
    parse,
)
from tokentui.secrets.secret import Secret, key_of, looks_like_key, redacted
from tokentui.secrets.slots import KeyringSlot, Means, NewSlot, PassphraseSlot, SourceSlot, described
from tokentui.secrets.unlocking import Attempt
from tokentui.secrets.vault import FILE_NAME, Vault

__all__ = [
    "FILE_NAME", "Attempt", "BadKey", "BadReference", "CommandFailed", "Document", "FromCommand",
    "FromCredential", "FromEnvironment", "FromFile", "FromVault", "Item", "KeyState", "KeyringFailed",
    "KeyringSlot", "Keys", "LastSlot", "Means", "NewSlot", "NoSuchSecret", "NoSuchSlot", "NoVault",
    "PassphraseSlot", "Reference", "Secret", "SecretsError", "Slot", "SourceFailed", "SourceSlot",
    "Unreadable", "Unset", "Vault", "VaultBusy", "VaultDamaged", "VaultError", "VaultExists", "VaultLocked",
    "VaultNewer", "VaultUnsafe", "VaultUnwritable", "WeakPassphrase", "WrongPassphrase", "choose",
    "described", "key_of", "looks_like_key", "offered", "parse", "read_line", "redacted",
]  # fmt: skip

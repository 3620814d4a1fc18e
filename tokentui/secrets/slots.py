"""The ways to open a vault: each knows how its key is had again, and how it is made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tokentui.secrets import found_key, private_file, sealing
from tokentui.secrets.document import Slot, SlotKind
from tokentui.secrets.environment import Hidden
from tokentui.secrets.errors import KeyringFailed, SecretsError, VaultDamaged, VaultUnwritable, WeakPassphrase
from tokentui.secrets.reference import FromCommand, FromCredential, FromFile, Reference, command, name, parse
from tokentui.secrets.sealing import STRONG, Cost
from tokentui.secrets.secret import Secret
from tokentui.secrets.system_keyring import SystemKeyring

SHORTEST_PASSPHRASE = 8

PASSPHRASE_VARIABLE = "TOKENTUI_VAULT_PASSPHRASE"
"""For a collector that nobody sits at; no child process ever gets it."""


class Keyring(Protocol):
    """A place of the system that keeps a secret."""

    def keep(self, user: str, secret: Secret) -> str:
        """Keep a secret and return the place's name."""
        ...

    def get(self, backend: str, user: str) -> Secret:
        """Return what was kept."""
        ...

    def forget(self, backend: str, user: str) -> None:
        """Remove it."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What opening or making a slot may need of this machine."""

    environ: Mapping[str, str]
    keyring: Keyring
    cost: Cost = STRONG

    def __post_init__(self) -> None:
        object.__setattr__(self, "environ", Hidden(self.environ))

    @staticmethod
    def of(environ: Mapping[str, str], cost: Cost | None = None) -> Means:
        """Return the means of this process."""
        return Means(environ, SystemKeyring(environ), cost or STRONG)


@dataclass(frozen=True, slots=True)
class PassphraseSlot:
    """A passphrase that a person knows."""

    phrase: Secret
    kind: SlotKind = "passphrase"


@dataclass(frozen=True, slots=True)
class KeyringSlot:
    """A random key in the system's keyring."""

    kind: SlotKind = "keyring"


@dataclass(frozen=True, slots=True)
class SourceSlot:
    """What a command prints, a private file or a systemd credential holds."""

    source: FromCommand | FromFile | FromCredential

    @property
    def kind(self) -> SlotKind:
        """The slot's kind."""
        kinds: dict[type, SlotKind] = {FromCommand: "command", FromFile: "keyfile", FromCredential: "systemd"}
        return kinds[type(self.source)]


NewSlot = PassphraseSlot | KeyringSlot | SourceSlot


def made(new: NewSlot, vault: str, data_key: Secret, now: int, means: Means) -> Slot:
    """Return a new slot that opens to the data key. Raises what its way of having a key raises.

    A key file that does not exist is made, with 256 random bits.
    """
    slot_id = os.urandom(4).hex()
    settings: dict[str, Any]
    key: Secret | None
    if isinstance(new, KeyringSlot):
        key = sealing.new_key()
        settings = {"backend": means.keyring.keep(_user(vault, slot_id), key)}
    else:
        settings = sealing.stretch_settings(means.cost)
        if isinstance(new, PassphraseSlot):
            check_passphrase(new.phrase)
            phrase = new.phrase
        else:
            settings |= _written(new.source)
            phrase = _made_phrase(new.source, means)
        key = sealing.stretched(phrase, settings)
    assert key is not None, "the settings were made above"
    return sealing.wrap(Slot(slot_id, new.kind, now, settings), vault, key, data_key)


def asks_nobody(slot: Slot) -> bool:
    """Tell whether a slot can be opened without a person."""
    return slot.kind != "passphrase"


def opened(slot: Slot, vault: str, means: Means) -> Secret | None:
    """Return the data key of a slot that asks nobody; None when what was found there does not open it.

    Raises `SecretsError` when nothing was found.
    """
    if slot.kind == "keyring":
        key: Secret | None = means.keyring.get(str(slot.settings.get("backend", "")), _user(vault, slot.id))
    else:
        key = sealing.stretched(_phrase(source_of(slot), means), slot.settings)
    return sealing.unwrap(slot, vault, key) if key else None


def opened_by(phrase: Secret, slot: Slot, vault: str) -> Secret | None:
    """Return the data key of a passphrase slot; None when it is not this passphrase."""
    key = sealing.stretched(phrase, slot.settings)
    return sealing.unwrap(slot, vault, key) if key else None


def forget(slot: Slot, vault: str, means: Means) -> str:
    """Remove what a slot that was taken out left elsewhere; return why that failed, empty when it did not."""
    if slot.kind == "keyring":
        try:
            means.keyring.forget(str(slot.settings.get("backend", "")), _user(vault, slot.id))
        except KeyringFailed as error:
            return str(error)
    return ""


def again(slot: Slot) -> NewSlot | None:
    """Return how to make a slot like this one anew; None for a passphrase, which only a person knows."""
    if slot.kind == "passphrase":
        return None
    return KeyringSlot() if slot.kind == "keyring" else SourceSlot(source_of(slot))


def described(slot: Slot) -> str:
    """Return where a slot's key is, for a person."""
    if slot.kind == "keyring":
        return str(slot.settings.get("backend", ""))
    return "" if slot.kind == "passphrase" else str(source_of(slot))


def source_of(slot: Slot) -> FromCommand | FromFile | FromCredential:
    """Return what a slot's settings name. Raises `VaultDamaged`."""
    settings = slot.settings
    found: FromCommand | FromFile | FromCredential | None = None
    try:
        match slot.kind:
            case "command":
                found = command(settings.get("argv"), settings.get("keep", []))
            case "keyfile":
                found = _file(parse(f"file:{settings.get('path')}"))
            case "systemd":
                found = FromCredential(name(str(settings.get("name"))))
    except SecretsError:
        found = None
    if found is None:
        hint = f"remove it: tokentui vault slots remove {slot.id}"
        raise VaultDamaged(f"slot {slot.id} of the vault does not say where its key is", hint)
    return found


def check_passphrase(phrase: Secret) -> None:
    """Raise `WeakPassphrase` for one that is too short."""
    if sealing.is_shorter(phrase, SHORTEST_PASSPHRASE):
        hint = "four or five random words are easy to type and hard to guess"
        raise WeakPassphrase(f"a passphrase has at least {SHORTEST_PASSPHRASE} characters", hint)


def _user(vault: str, slot_id: str) -> str:
    """Return the user name of a slot's entry in the keyring."""
    return f"{vault}/{slot_id}"


def _phrase(source: FromCommand | FromFile | FromCredential, means: Means) -> Secret:
    if isinstance(source, FromCommand):
        return found_key.of_command(source, means.environ)
    if isinstance(source, FromFile):
        return found_key.of_file(source, means.environ)
    return found_key.of_credential(source, means.environ)


def _made_phrase(source: FromCommand | FromFile | FromCredential, means: Means) -> Secret:
    if isinstance(source, FromFile):
        path = found_key.path_of(source, means.environ)
        if not os.path.lexists(path):
            _make_key_file(path)
    phrase = _phrase(source, means)
    check_passphrase(phrase)
    return phrase


def _make_key_file(path: str) -> None:
    try:
        private_file.make_folder(os.path.dirname(path))
        private_file.write(path, sealing.new_key_line())
    except OSError as error:
        problem = error.strerror
    else:
        return
    raise VaultUnwritable(f"{path}: the key file cannot be made: {problem}", "choose another place")


def _written(source: FromCommand | FromFile | FromCredential) -> dict[str, Any]:
    if isinstance(source, FromCommand):
        return {"argv": list(source.argv), "keep": list(source.keep)}
    return {"path": source.path} if isinstance(source, FromFile) else {"name": source.name}


def _file(reference: Reference) -> FromFile | None:
    return reference if isinstance(reference, FromFile) else None

"""The vault: keys under one random data key, which every slot opens in its own way."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from tokentui.secrets import sealing, slots, vault_file
from tokentui.secrets.document import LONGEST_KEY, TAG_BYTES, Document, Item, Slot
from tokentui.secrets.errors import (
    BadKey,
    LastSlot,
    NoSuchSecret,
    NoSuchSlot,
    SecretsError,
    VaultBusy,
    VaultDamaged,
    VaultError,
    VaultLocked,
    WrongPassphrase,
)
from tokentui.secrets.reference import name as checked_name
from tokentui.secrets.secret import Secret, forbid_core_dumps
from tokentui.secrets.slots import Means, NewSlot, PassphraseSlot
from tokentui.secrets.unlocking import REFUSED, Attempt, try_passphrase, try_slots

FILE_NAME = "vault.json"

UNLOCK_HINT = "give its passphrase; where nobody can type it, set TOKENTUI_VAULT_PASSPHRASE"

Change = Callable[[Document, Secret], Document]


class Vault:
    """One vault file. Locked until `unlock`; safe to use from several threads and processes.

    Every call reads the file anew, so that what another process changed is seen; it takes a
    millisecond, and `unlock` up to 5 s for a keyring that hangs, so none of it belongs on a screen's loop.
    """

    def __init__(self, path: str | os.PathLike[str], means: Means) -> None:
        self.path = os.path.abspath(path)
        self._means = means
        self._data_key: Secret | None = None

    @property
    def exists(self) -> bool:
        """True when there is a file, of whatever kind."""
        return vault_file.exists(self.path)

    @property
    def is_locked(self) -> bool:
        """True until a slot has opened it."""
        return self._data_key is None

    def read(self) -> Document:
        """Return what the file says without opening it: slots, names and dates. Raises `VaultError`."""
        return vault_file.read(self.path)

    def create(self, new: Sequence[NewSlot], now: int) -> None:
        """Make the vault with these slots, open. Raises `VaultError` and what a slot's key raises."""
        if not new:
            raise LastSlot("a vault needs at least one slot", "add a passphrase")
        with vault_file.changing(self.path, new=True):
            vault, data_key = os.urandom(16).hex(), sealing.new_key()
            made = self._made(new, vault, data_key, now)
            document = Document(vault, now, tuple(made), {})
            self._write_or_forget(sealing.seal(document, data_key), made, forget=False)
            self._data_key = data_key
        forbid_core_dumps()

    def unlock(self, passphrase: Secret | None = None) -> list[Attempt]:
        """Open the vault and return the slots that were tried, the last of which opened.

        With a passphrase only that is tried. Without, all slots that ask nobody are, in the order of
        `KINDS`, then TOKENTUI_VAULT_PASSPHRASE. Raises `WrongPassphrase`, `VaultLocked` or `VaultError`.
        """
        document = self.read()
        forbid_core_dumps()
        if passphrase is None:
            data_key, attempts = try_slots(document, self._means)
        else:
            data_key, attempts = try_passphrase(document, passphrase)
        if data_key is None:
            raise self._refused(attempts, passphrase is not None)
        if not sealing.is_sealed(document, data_key):
            raise self._changed("a slot, a name or a date in it")
        self._data_key = data_key
        return attempts

    def lock(self) -> None:
        """Forget the data key."""
        self._data_key = None

    def get(self, name: str) -> Secret:
        """Return a key. Raises `VaultLocked`, `NoSuchSecret` or `VaultError`."""
        document, data_key = self._open_document()
        item = document.items.get(name)
        if item is None:
            raise NoSuchSecret(f"the vault holds no key named {name}", "add the key to its account again")
        secret = sealing.open_item(item, data_key)
        if secret is None:
            raise self._changed(f"the key {name} in it")
        return secret

    def put(self, name: str, secret: Secret, now: int, rotate_days: int | None = None) -> Item:
        """Keep a key, or rotate the one of this name, and return what stands beside it.

        Of a key that is replaced nothing is left, in the copy neither. Raises `VaultError`, `BadReference`.
        """
        checked_name(name)
        if sealing.size_of(secret) not in range(1, LONGEST_KEY - TAG_BYTES + 1):
            raise BadKey("a key is 1 to 8,192 bytes long", "copy the key again, as one line")
        document, _ = self._open_document()
        replaced = name in document.items

        def changed(document: Document, data_key: Secret) -> Document:
            old = document.items.get(name)
            days = rotate_days if rotate_days is not None else old.rotate_days if old else 0
            item = Item(name, old.version + 1 if old else 1, old.created if old else now, now, days)
            return document.with_item(sealing.seal_item(item, data_key, secret))

        return self._change(changed, forget=replaced).items[name]

    def remove(self, name: str) -> None:
        """Take a key out; nothing is left of it. Raises `VaultError`."""
        document, _ = self._open_document()
        if name not in document.items:
            raise NoSuchSecret(f"the vault holds no key named {name}", "tokentui vault status lists them")
        self._change(lambda document, _: document.without_item(name), forget=True)

    def add_slot(self, new: NewSlot, now: int) -> Slot:
        """Add a way to open the vault. Raises `VaultError` and what a slot's key raises."""
        document, data_key = self._open_document()
        (slot,) = self._made([new], document.id, data_key, now)
        try:
            self._change(lambda document, _: replace(document, slots=(*document.slots, slot)), forget=False)
        except VaultError:
            slots.forget(slot, document.id, self._means)
            raise
        return slot

    def remove_slot(self, slot_id: str) -> str:
        """Take a slot out; return what could not be cleaned up elsewhere, empty when all was.

        Who copied the vault before can still open that copy: `rekey` and new keys help. Raises `VaultError`.
        """

        gone: list[Slot] = []

        def changed(document: Document, _: Secret) -> Document:
            left = tuple(each for each in document.slots if each.id != slot_id)
            gone.extend(each for each in document.slots if each.id == slot_id)
            if not gone:
                raise NoSuchSlot(f"the vault has no slot {slot_id}", "tokentui vault slots list shows them")
            if not left:
                raise LastSlot("without its last slot nobody could open the vault", "add another slot first")
            return replace(document, slots=left)

        document = self._change(changed, forget=True)
        return "; ".join(self._forget(gone, document.id))

    def rekey(self, passphrase: Secret | None, now: int) -> list[str]:
        """Encrypt everything anew under a new data key; return what could not be cleaned up elsewhere.

        All slots are made anew. `passphrase` replaces those there are, or is added; None is right only
        for a vault that has none. Raises `VaultError` and what a slot's key raises; then nothing changed.
        """
        before, old_key = self._open_document()
        wanted: list[NewSlot] = [each for each in map(slots.again, before.slots) if each]
        if passphrase is None and len(wanted) < len(before.slots):
            raise WrongPassphrase("the vault has a passphrase: a new one is needed", "give the new one")
        wanted += [PassphraseSlot(passphrase)] if passphrase else []
        data_key = sealing.new_key()
        made = self._made(wanted, before.id, data_key, now)
        items = {each.name: self._resealed(each, old_key, data_key) for each in before.items.values()}
        document = sealing.seal(replace(before, slots=tuple(made), items=items), data_key)
        with vault_file.changing(self.path):
            if self.read() != before:
                self._forget(made, before.id)
                raise VaultBusy(f"{self.path}: another tokentui changed the vault meanwhile", "do it again")
            self._write_or_forget(document, made, forget=True)
            self._data_key = data_key
        return self._forget(before.slots, before.id)

    def _refused(self, attempts: Sequence[Attempt], typed: bool) -> VaultLocked:
        if typed and all(each.problem == REFUSED for each in attempts):
            return WrongPassphrase(f"{self.path}: the passphrase does not open the vault", "type it again")
        reasons = "; ".join(f"{each.slot.kind}: {each.problem}" for each in attempts)
        return VaultLocked(f"{self.path}: the vault is locked{': ' if reasons else ''}{reasons}", UNLOCK_HINT)

    def _open_document(self) -> tuple[Document, Secret]:
        """Return what the file says, proved to be whole, and the data key. Raises `VaultError`."""
        data_key = self._data_key
        document = self.read()
        if data_key is None:
            raise VaultLocked(f"{self.path}: the vault is locked", UNLOCK_HINT)
        if not sealing.is_sealed(document, data_key):
            self._data_key = None  # rekeyed by another process, or changed: opening it anew tells which
            raise VaultLocked(f"{self.path}: the vault has new keys since it was opened", UNLOCK_HINT)
        return document, data_key

    def _change(self, change: Change, *, forget: bool) -> Document:
        with vault_file.changing(self.path):
            document, data_key = self._open_document()
            document = sealing.seal(change(document, data_key), data_key)
            vault_file.write(self.path, document, forget=forget)
        return document

    def _made(self, new: Sequence[NewSlot], vault: str, data_key: Secret, now: int) -> list[Slot]:
        """Return new slots; those made before one that fails are cleaned up."""
        made: list[Slot] = []
        try:
            for each in new:
                made.append(slots.made(each, vault, data_key, now, self._means))
        except SecretsError:
            self._forget(made, vault)
            raise
        return made

    def _write_or_forget(self, document: Document, made: Sequence[Slot], *, forget: bool) -> None:
        try:
            vault_file.write(self.path, document, forget=forget)
        except VaultError:
            self._forget(made, document.id)
            raise

    def _forget(self, gone: Sequence[Slot], vault: str) -> list[str]:
        return [problem for each in gone if (problem := slots.forget(each, vault, self._means))]

    def _resealed(self, item: Item, old_key: Secret, data_key: Secret) -> Item:
        secret = sealing.open_item(item, old_key)
        if secret is None:
            raise self._changed(f"the key {item.name} in it")
        return sealing.seal_item(item, data_key, secret)

    def _changed(self, what: str) -> VaultDamaged:
        hint = f"the copy beside it may be whole: mv {self.path}.bak {self.path}"
        return VaultDamaged(f"{self.path}: {what} was changed by somebody without the vault's key", hint)


"""The vault's file: what stands in it, how it is written, and every way in which it can be wrong.

One JSON object, written in one way only, so that any other byte in it is noticed:

    {"checksum": SHA-256 of all the rest, against accidents; anybody can compute it
     "created": seconds since 1970, "format": "tokentui-vault", "version": 1, "id": 16 random bytes
     "items": {name: {"changed", "created", "rotate_days", "version", "nonce", "sealed"}}
     "seal": {"nonce", "tag"}: AES-256-GCM of nothing, with all the rest as associated data
     "slots": [{"id", "kind", "created", "settings", "nonce", "wrapped"}]}

Nothing here knows a key; `sealing` does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tokentui.secrets.errors import VaultDamaged, VaultNewer
from tokentui.text import clean

FORMAT, VERSION = "tokentui-vault", 1

MOST_BYTES = 1 << 20
"""A thousand keys take half of it."""

NONCE_BYTES, TAG_BYTES = 12, 16
"""Of AES-GCM: NIST SP 800-38D, 5.2.1."""

WRAPPED_BYTES = 32 + TAG_BYTES

LONGEST_KEY = 8192 + TAG_BYTES

SlotKind = Literal["keyring", "systemd", "keyfile", "command", "passphrase"]

KINDS: tuple[SlotKind, ...] = ("keyring", "systemd", "keyfile", "command", "passphrase")
"""In the order in which they are tried: whatever asks nobody comes first."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One way to open the vault: the data key, wrapped in a key that is had in this way."""

    id: str
    kind: SlotKind
    created: int
    """UTC epoch seconds."""
    settings: Mapping[str, Any]
    """What it takes to have that key again: salt and cost, a command, a path, a keyring's name."""
    nonce: bytes = b""
    wrapped: bytes = field(default=b"", repr=False)

    def public(self) -> dict[str, Any]:
        """Return all but the wrapped key: the associated data it is wrapped with."""
        return {"id": self.id, "kind": self.kind, "created": self.created, "settings": dict(self.settings)}


@dataclass(frozen=True, slots=True)
class Item:
    """One sealed key, and the dates that stand beside it."""

    name: str
    version: int
    """1 for the first key of this name, one more each time it is rotated."""
    created: int
    """UTC epoch seconds; when the name was first used."""
    changed: int
    """UTC epoch seconds; when this key was put in."""
    rotate_days: int
    """After how many days it should be replaced; 0 when nobody said."""
    nonce: bytes = b""
    sealed: bytes = field(default=b"", repr=False)

    def age_days(self, now: float) -> int:
        """Return how old this key is, in whole days."""
        return max(0, int(now - self.changed) // 86_400)

    def is_due(self, now: float) -> bool:
        """Tell whether it should have been replaced by now."""
        return 0 < self.rotate_days <= self.age_days(now)


@dataclass(frozen=True, slots=True)
class Document:
    """All that stands in the file."""

    id: str
    created: int
    slots: tuple[Slot, ...]
    items: Mapping[str, Item]
    nonce: bytes = b""
    tag: bytes = b""

    def without_seal(self) -> bytes:
        """Return the bytes that the seal vouches for."""
        table = _table(self)
        del table["seal"]
        return canonical(table)

    def with_item(self, item: Item) -> Document:
        """Return the document with this item in place of any of its name."""
        return replace(self, items={**self.items, item.name: item})

    def without_item(self, name: str) -> Document:
        """Return the document without the item of this name."""
        return replace(self, items={key: item for key, item in self.items.items() if key != name})


def canonical(value: object) -> bytes:
    """Return a JSON value as the one sequence of bytes that stands for it."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def dump(document: Document) -> bytes:
    """Return the file's bytes."""
    return _file_of(_table(document))


def load(data: bytes, path: str) -> Document:
    """Return what a file says. Raises `VaultDamaged` or `VaultNewer`; nothing is believed that is odd."""
    if len(data) > MOST_BYTES:
        raise VaultDamaged(f"{path}: larger than 1 MiB, so this is no vault", _restore(path))
    if not data.strip():
        raise VaultDamaged(f"{path}: the vault is empty", _restore(path))
    table = _json(data)
    if table is None:
        whole = data.rstrip().endswith(b"}")
        raise VaultDamaged(
            f"{path}: {'the vault is damaged' if whole else 'the vault is cut short'}: it is not JSON",
            _restore(path),
        )
    version = table.get("version")
    if table.get("format") == FORMAT and isinstance(version, int) and version > VERSION:
        raise VaultNewer(f"{path}: a newer tokentui made this vault (version {version})", "update tokentui")
    checksum = table.pop("checksum", None)
    if checksum != _checksum(table) or _file_of(table) != data:
        raise VaultDamaged(f"{path}: the vault was changed after it was written", _restore(path))
    try:
        return _document(table)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        what = f"a field is wrong ({type(error).__name__}: {clean(error, 60)})"
    raise VaultDamaged(f"{path}: this is no vault of tokentui: {what}", _restore(path))


def backup_of(path: str) -> str:
    """Return where the copy of a vault lies."""
    return f"{path}.bak"


def _restore(path: str) -> str:
    return f"the copy beside it may be whole: mv {backup_of(path)} {path}; then tokentui vault unlock-test"


def _file_of(table: Mapping[str, Any]) -> bytes:
    whole = {**table, "checksum": _checksum(table)}
    return (json.dumps(whole, sort_keys=True, ensure_ascii=True, indent=1) + "\n").encode()


def _checksum(table: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(table)).hexdigest()


def _json(data: bytes) -> dict[str, Any] | None:
    try:
        table = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return table if isinstance(table, dict) else None


def _table(document: Document) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": document.id,
        "created": document.created,
        "slots": [
            {**slot.public(), "nonce": _text(slot.nonce), "wrapped": _text(slot.wrapped)}
            for slot in document.slots
        ],
        "items": {
            item.name: {
                "version": item.version,
                "created": item.created,
                "changed": item.changed,
                "rotate_days": item.rotate_days,
                "nonce": _text(item.nonce),
                "sealed": _text(item.sealed),
            }
            for item in document.items.values()
        },
        "seal": {"nonce": _text(document.nonce), "tag": _text(document.tag)},
    }


def _document(table: Mapping[str, Any]) -> Document:
    if table["format"] != FORMAT or table["version"] != VERSION:
        raise ValueError("format")
    slots = tuple(_slot(each) for each in _list(table["slots"]))
    if not slots or len({slot.id for slot in slots}) != len(slots):
        raise ValueError("slots")
    return Document(
        id=_word(table["id"]),
        created=_count(table["created"]),
        slots=slots,
        items={_word(name): _item(name, each) for name, each in _dict(table["items"]).items()},
        nonce=_bytes(_dict(table["seal"])["nonce"], NONCE_BYTES, NONCE_BYTES),
        tag=_bytes(table["seal"]["tag"], TAG_BYTES, TAG_BYTES),
    )


def _slot(value: object) -> Slot:
    table = _dict(value)
    kind = table["kind"]
    if kind not in KINDS:
        raise ValueError("kind")
    return Slot(
        id=_word(table["id"]),
        kind=kind,
        created=_count(table["created"]),
        settings=_dict(table["settings"]),
        nonce=_bytes(table["nonce"], NONCE_BYTES, NONCE_BYTES),
        wrapped=_bytes(table["wrapped"], WRAPPED_BYTES, WRAPPED_BYTES),
    )


def _item(name: str, value: object) -> Item:
    table = _dict(value)
    return Item(
        name=name,
        version=_count(table["version"]),
        created=_count(table["created"]),
        changed=_count(table["changed"]),
        rotate_days=_count(table["rotate_days"]),
        nonce=_bytes(table["nonce"], NONCE_BYTES, NONCE_BYTES),
        sealed=_bytes(table["sealed"], TAG_BYTES + 1, LONGEST_KEY),
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(value: object, least: int, most: int) -> bytes:
    if not isinstance(value, str):
        raise TypeError("not a text")
    data = base64.b64decode(value, validate=True)
    if not least <= len(data) <= most:
        raise ValueError("length")
    return data


def _word(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 64 or not value.isprintable():
        raise ValueError("not a short text")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise ValueError("not a count")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _dict(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not a table")
    return value

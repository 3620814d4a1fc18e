"""The cryptography: AES-256-GCM for every key, scrypt for what a person can remember.

`cryptography` costs 25 ms to import, so only the first key that is sealed or opened does. No key is
ever a local variable of a function that raises: what failed comes back as None, and who asked raises.
"""

from __future__ import annotations

import base64
import hashlib
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tokentui.secrets.document import NONCE_BYTES, Document, Item, Slot, canonical
from tokentui.secrets.errors import VaultLocked
from tokentui.secrets.secret import Secret

DOMAIN = "tokentui-vault-1"

KEY_BYTES = 32
"""AES-256."""


@dataclass(frozen=True, slots=True)
class Cost:
    """How dear one guess of a passphrase is (RFC 7914): 128·n·r bytes of memory, 0.5 s on one core."""

    n: int = 1 << 17
    r: int = 8
    p: int = 1

    @property
    def is_sane(self) -> bool:
        """True for what one machine can compute: at most 1 GiB, and n a power of two."""
        powers = 2 <= self.n <= 1 << 20 and self.n & (self.n - 1) == 0
        return powers and 1 <= self.r <= 16 and 1 <= self.p <= 4 and 128 * self.n * self.r <= 1 << 30


STRONG = Cost()


def new_key() -> Secret:
    """Return 256 random bits, as text."""
    return Secret(base64.b64encode(os.urandom(KEY_BYTES)).decode())


def new_key_line() -> bytes:
    """Return 256 random bits, as the line of a key file."""
    return base64.b64encode(os.urandom(KEY_BYTES)) + b"\n"


def is_shorter(phrase: Secret, characters: int) -> bool:
    """Tell whether a passphrase has fewer characters."""
    return len(phrase.reveal()) < characters


def size_of(secret: Secret) -> int:
    """Return how many bytes a secret takes when it is sealed."""
    return len(secret.reveal().encode("utf-8", "replace"))


def stretch_settings(cost: Cost) -> dict[str, Any]:
    """Return what a slot notes to stretch the same passphrase to the same key again."""
    return {"salt": os.urandom(16).hex(), "n": cost.n, "r": cost.r, "p": cost.p}


def stretched(phrase: Secret, settings: Mapping[str, Any]) -> Secret | None:
    """Return the key that a passphrase stands for; None when the slot's settings make no sense.

    Raises `VaultLocked` when there is not enough memory to compute it.
    """
    try:
        cost = Cost(int(settings["n"]), int(settings["r"]), int(settings["p"]))
        salt = bytes.fromhex(settings["salt"])
    except (KeyError, TypeError, ValueError):
        return None
    if not cost.is_sane or len(salt) < 16:
        return None
    key = _scrypt(phrase, salt, cost)
    if key is None:
        needed = f"{128 * cost.n * cost.r >> 20} MiB"
        raise VaultLocked(f"there is not enough memory to try a passphrase: it takes {needed}", "make room")
    return key


def _scrypt(phrase: Secret, salt: bytes, cost: Cost) -> Secret | None:
    # The same letters from two keyboards may be other code points (RFC 8265, 4.2.2: NFC).
    text = unicodedata.normalize("NFC", phrase.reveal()).encode("utf-8", "surrogatepass")
    memory = 128 * cost.r * (cost.n + cost.p + 2) + (1 << 20)  # what OpenSSL counts, and some to spare
    try:
        key = hashlib.scrypt(text, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=memory, dklen=KEY_BYTES)
    except (ValueError, MemoryError):
        return None
    return Secret(base64.b64encode(key).decode())


def wrap(slot: Slot, vault: str, key: Secret, data_key: Secret) -> Slot:
    """Return the slot with the data key in it, to be opened by `key`."""
    nonce = os.urandom(NONCE_BYTES)
    data = _aad("slot", vault, slot.public())
    return replace(slot, nonce=nonce, wrapped=_cipher(key).encrypt(nonce, _raw(data_key), data))


def unwrap(slot: Slot, vault: str, key: Secret) -> Secret | None:
    """Return the data key; None when `key` is not the slot's, or the slot was changed."""
    plain = _opened(key, slot.nonce, slot.wrapped, _aad("slot", vault, slot.public()))
    return Secret(base64.b64encode(plain).decode()) if plain is not None else None


def seal_item(item: Item, data_key: Secret, secret: Secret) -> Item:
    """Return the item with this secret in it."""
    nonce = os.urandom(NONCE_BYTES)
    data = _aad("item", item.name, item.version)
    sealed = _cipher(data_key).encrypt(nonce, secret.reveal().encode("utf-8", "replace"), data)
    return replace(item, nonce=nonce, sealed=sealed)


def open_item(item: Item, data_key: Secret) -> Secret | None:
    """Return the item's secret; None when it was changed or exchanged for another."""
    plain = _opened(data_key, item.nonce, item.sealed, _aad("item", item.name, item.version))
    return Secret(plain.decode("utf-8", "replace")) if plain is not None else None


def seal(document: Document, data_key: Secret) -> Document:
    """Return the document with a seal over everything in it that is not encrypted itself."""
    nonce = os.urandom(NONCE_BYTES)
    tag = _cipher(data_key).encrypt(nonce, b"", _aad("document", document.without_seal().decode()))
    return replace(document, nonce=nonce, tag=tag)


def is_sealed(document: Document, data_key: Secret) -> bool:
    """Tell whether nobody without the data key changed anything."""
    data = _aad("document", document.without_seal().decode())
    return _opened(data_key, document.nonce, document.tag, data) is not None


def _aad(*parts: object) -> bytes:
    return canonical([DOMAIN, *parts])


def _opened(key: Secret, nonce: bytes, sealed: bytes, data: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag

    try:
        return bytes(_cipher(key).decrypt(nonce, sealed, data))
    except (InvalidTag, ValueError):
        return None


def _cipher(key: Secret) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(_raw(key))


def _raw(key: Secret) -> bytes:
    return base64.b64decode(key.reveal())

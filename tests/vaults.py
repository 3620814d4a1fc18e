"""Vaults for tests: cheap to open, with a keyring in memory."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from tokentui.secrets import KeyringFailed, Means, PassphraseSlot, Secret, Vault
from tokentui.secrets.sealing import Cost

CHEAP = Cost(n=2, r=1, p=1)

CANARY = "sk-canary-0123456789abcdefCANARY"
"""A key that must turn up nowhere."""

PASSPHRASE = "correct horse battery"


class MemoryKeyring:
    """A keyring of this process; `broken` says why it does not work."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Secret] = {}
        self.broken = ""

    def keep(self, user: str, secret: Secret) -> str:
        self._check()
        self.kept["memory", user] = secret
        return "memory"

    def get(self, backend: str, user: str) -> Secret:
        self._check()
        if (backend, user) not in self.kept:
            raise KeyringFailed("the keyring has no such entry")
        return self.kept[backend, user]

    def forget(self, backend: str, user: str) -> None:
        self._check()
        self.kept.pop((backend, user), None)

    def _check(self) -> None:
        if self.broken:
            raise KeyringFailed(self.broken)


def means(environ: Mapping[str, str] | None = None, keyring: MemoryKeyring | None = None) -> Means:
    return Means(environ or {}, keyring or MemoryKeyring(), CHEAP)


def made(folder: Path, with_means: Means | None = None, **keys: str) -> Vault:
    """Return an open vault in a folder of its own, opened by `PASSPHRASE`."""
    vault = Vault(folder / "data" / "vault.json", with_means or means())
    vault.create([PassphraseSlot(Secret(PASSPHRASE))], now=1_000)
    for name, text in keys.items():
        vault.put(name, Secret(text), now=1_000)
    return vault


def again(vault: Vault, with_means: Means | None = None) -> Vault:
    """Return the same vault as another process sees it: locked."""
    return Vault(vault.path, with_means or means())


def shown_by(error: BaseException) -> str:
    """Return all that a crash report with local variables could print of an error and of those behind it.

    Of the frames only those of the package: a test knows the key that it looks for.
    """
    texts: list[str] = []
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        waiting += [each.__cause__, each.__context__]
        texts += [repr(each), str(each), repr(vars(each))]
        for frame, line in traceback.walk_tb(each.__traceback__):
            texts.append(f"{frame.f_code.co_filename}:{line} {_locals(frame)}")
    return "\n".join(texts)


def _locals(frame: FrameType) -> str:
    if "/tokentui/" not in frame.f_code.co_filename or "/tests/" in frame.f_code.co_filename:
        return ""
    return "".join(f"{name}={value!r} " for name, value in frame.f_locals.items())

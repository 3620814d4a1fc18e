"""A process killed anywhere in a change of the vault leaves the old vault or the new one, whole."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from tests.vaults import PASSPHRASE, again, made
from tokentui.secrets import Secret, Vault, WrongPassphrase, private_file

STEPS = frozenset({"open", "write", "flush", "fsync", "fchmod", "replace", "close", "flock", "unlink"})
"""Calls that change what is on the disk, or come between two that do."""


def killed_at(step: int, change: Callable[[], object]) -> bool:
    """Run a change in a child that is killed before its call number `step`; False when it ended earlier."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(_: FrameType, event: str, function: object) -> None:
            nonlocal seen
            if event == "c_call" and getattr(function, "__name__", "") in STEPS:
                seen += 1
                if seen > step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        try:
            change()
        finally:
            sys.setprofile(None)
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def opened(vault: Vault) -> dict[str, Secret]:
    """Return all keys that another process finds, by either passphrase."""
    other = again(vault)
    try:
        other.unlock(Secret(PASSPHRASE))
    except WrongPassphrase:
        other.unlock(Secret("another passphrase"))
    return {name: other.get(name) for name in other.read().items}


CHANGES: dict[str, tuple[Callable[[Vault], object], dict[str, str]]] = {
    "put": (lambda vault: vault.put("second", Secret("2"), 9), {"first": "1", "second": "2"}),
    "rotate": (lambda vault: vault.put("first", Secret("new"), 9), {"first": "new"}),
    "remove": (lambda vault: vault.remove("first"), {}),
    "rekey": (lambda vault: vault.rekey(Secret("another passphrase"), 9), {"first": "1"}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_kill_at_any_step_leaves_the_old_or_the_new_vault(tmp_path: Path, what: str) -> None:
    change, texts = CHANGES[what]
    old, new = {"first": Secret("1")}, {name: Secret(text) for name, text in texts.items()}
    found: list[dict[str, Secret]] = []
    ended = False
    while not ended:
        vault = made(tmp_path / str(len(found)), first="1")
        ended = not killed_at(len(found), lambda vault=vault: change(vault))  # type: ignore[misc]
        found.append(opened(vault))
        os.replace(vault.path + ".bak", vault.path)
        assert opened(vault) in ({}, old, new)
    assert all(each in (old, new) for each in found)
    assert (old in found, new in found, len(found) > 10) == (True, True, True)


def test_the_next_change_needs_no_repair_and_drafts_go_after_an_hour(tmp_path: Path) -> None:
    vault = made(tmp_path, first="1")
    step = 0
    while not list((tmp_path / "data").glob(".vault.*")):
        assert killed_at(step, lambda: vault.put("second", Secret("2"), 9))
        step += 1
    vault.put("third", Secret("3"), 9)
    assert list((tmp_path / "data").glob(".vault.*"))
    private_file.sweep(str(tmp_path / "data"), time.time() + 3601)
    assert not list((tmp_path / "data").glob(".vault.*"))
    assert vault.get("third") == Secret("3")

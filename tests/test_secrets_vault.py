"""The vault keeps keys, opens by any of its slots, and forgets what is taken out."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vaults import CANARY, CHEAP, PASSPHRASE, MemoryKeyring, again, made, means, shown_by
from tokentui.secrets import (
    BadKey,
    BadReference,
    FromCommand,
    FromCredential,
    FromFile,
    KeyringFailed,
    KeyringSlot,
    LastSlot,
    Means,
    NewSlot,
    NoSuchSecret,
    NoSuchSlot,
    NoVault,
    PassphraseSlot,
    Secret,
    SourceSlot,
    Vault,
    VaultBusy,
    VaultError,
    VaultExists,
    VaultLocked,
    VaultUnwritable,
    WeakPassphrase,
    WrongPassphrase,
    described,
    vault_file,
)
from tokentui.secrets.sealing import STRONG

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,20}", fullmatch=True)
TEXTS = st.text(min_size=1, max_size=200)


@given(st.dictionaries(NAMES, TEXTS, max_size=2), st.text(min_size=8, max_size=40))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_key_comes_back_as_it_was_put_in(tmp_path: Path, keys: dict[str, str], phrase: str) -> None:
    path = tmp_path / os.urandom(8).hex() / "vault.json"
    vault = Vault(path, means())
    vault.create([PassphraseSlot(Secret(phrase))], now=1)
    for name, text in keys.items():
        try:
            vault.put(name, Secret(text), now=2)
        except BadReference:  # a name that looks like a key
            continue
        other = again(vault)
        other.unlock(Secret(phrase))
        assert other.get(name) == Secret(text.encode("utf-8", "replace").decode())


def test_nothing_of_a_key_or_a_passphrase_is_on_the_disk(tmp_path: Path) -> None:
    made(tmp_path, openai=CANARY).put("openai", Secret(CANARY + "2"), now=5)
    for path in (tmp_path / "data").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        for text in (CANARY, PASSPHRASE):
            assert text.encode() not in path.read_bytes()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_passphrase_is_the_same_from_two_keyboards(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault.json", means())
    vault.create([PassphraseSlot(Secret("Ärger im Café"))], now=1)
    again(vault).unlock(Secret("A\u0308rger im Cafe\u0301"))


def test_a_guess_costs_what_the_reference_says() -> None:
    assert (STRONG.n, STRONG.r, STRONG.p) == (2**17, 8, 1)
    assert Means.of({}).cost == STRONG


def test_a_wrong_passphrase_is_told_apart_from_a_locked_vault(tmp_path: Path) -> None:
    vault = again(made(tmp_path, openai=CANARY))
    with pytest.raises(WrongPassphrase, match="does not open") as caught:
        vault.unlock(Secret(PASSPHRASE + "!"))
    assert PASSPHRASE not in shown_by(caught.value)
    with pytest.raises(VaultLocked, match="the vault is locked"):
        vault.unlock()
    calls = (
        lambda: vault.get("openai"), lambda: vault.put("x", Secret("y"), 1), lambda: vault.rekey(None, 1),
    )  # fmt: skip
    for call in calls:
        with pytest.raises(VaultLocked):
            call()
    assert vault.is_locked


def test_too_little_memory_is_no_wrong_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = again(made(tmp_path))

    def full(*_: object, **__: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(hashlib, "scrypt", full)
    with pytest.raises(VaultLocked, match="not enough memory") as caught:
        vault.unlock(Secret(PASSPHRASE))
    assert not isinstance(caught.value, WrongPassphrase)
    assert PASSPHRASE not in shown_by(caught.value)


def test_the_collectors_passphrase_may_stand_in_its_environment(tmp_path: Path) -> None:
    vault = made(tmp_path, openai=CANARY)
    collector = again(vault, means({"TOKENTUI_VAULT_PASSPHRASE": PASSPHRASE}))
    assert [each.slot.kind for each in collector.unlock()] == ["passphrase"]
    assert collector.get("openai") == Secret(CANARY)
    with pytest.raises(VaultLocked) as caught:
        again(vault, means({"TOKENTUI_VAULT_PASSPHRASE": CANARY})).unlock()
    assert CANARY not in shown_by(caught.value)


def slots_of(folder: Path) -> dict[str, NewSlot]:
    return {
        "keyring": KeyringSlot(),
        "systemd": SourceSlot(FromCredential("vault")),
        "keyfile": SourceSlot(FromFile(str(folder / "keys" / "vault"))),
        "command": SourceSlot(FromCommand(("echo", "four random words here"))),
    }


@pytest.mark.parametrize("kind", ["keyring", "systemd", "keyfile", "command"])
def test_each_slot_opens_the_vault_alone_and_asks_nobody(tmp_path: Path, kind: str) -> None:
    (tmp_path / "vault").write_text("sixteen characters\n")
    (tmp_path / "vault").chmod(0o600)
    with_means = means({"CREDENTIALS_DIRECTORY": str(tmp_path), "PATH": os.environ["PATH"]})
    vault = made(tmp_path, with_means, openai=CANARY)
    slot = vault.add_slot(slots_of(tmp_path)[kind], now=2)
    other = again(vault, with_means)
    (attempt,) = other.unlock()
    assert (attempt.slot.id, attempt.problem) == (slot.id, "")
    assert other.get("openai") == Secret(CANARY)
    assert other.rekey(Secret("another passphrase"), now=3) == []
    assert [each.slot.kind for each in again(vault, with_means).unlock()] == [kind]
    other.remove_slot(next(each.id for each in other.read().slots if each.kind == kind))
    with pytest.raises(VaultLocked):
        again(vault, with_means).unlock()


def test_slots_are_tried_in_order_and_each_failure_is_told(tmp_path: Path) -> None:
    keyring = MemoryKeyring()
    with_means = means({"PATH": os.environ["PATH"]}, keyring)
    vault = made(tmp_path, with_means)
    for kind in ("command", "keyfile", "keyring"):
        vault.add_slot(slots_of(tmp_path)[kind], now=2)
    keyring.broken = "the keyring is locked"
    (tmp_path / "keys" / "vault").write_text("something else\n")
    attempts = again(vault, with_means).unlock()
    assert [(each.slot.kind, each.problem) for each in attempts] == [
        ("keyring", "the keyring is locked"), ("keyfile", "what was found there does not open it"),
        ("command", ""),
    ]  # fmt: skip


def test_a_key_file_that_is_not_there_is_made_for_its_owner_only(tmp_path: Path) -> None:
    vault = made(tmp_path)
    vault.add_slot(slots_of(tmp_path)["keyfile"], now=2)
    path = tmp_path / "keys" / "vault"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text().strip()) == 44
    assert described(vault.read().slots[1]) == f"file:{path}"


def test_rotating_a_key_counts_its_versions_and_starts_its_age_anew(tmp_path: Path) -> None:
    day = 86_400
    vault = made(tmp_path)
    first = vault.put("openai", Secret("one"), now=10 * day, rotate_days=90)
    assert (first.version, first.created, first.changed, first.rotate_days) == (1, 10 * day, 10 * day, 90)
    assert (first.age_days(99 * day), first.is_due(99 * day)) == (89, False)
    assert (first.age_days(153 * day), first.is_due(153 * day)) == (143, True)
    second = vault.put("openai", Secret("two"), now=153 * day)
    assert (second.version, second.created, second.changed) == (2, 10 * day, 153 * day)
    assert second.rotate_days == 90
    assert not second.is_due(153 * day)
    assert vault.get("openai") == Secret("two")
    assert vault.put("openai", Secret("two"), 154 * day, rotate_days=0).is_due(9999 * day) is False


def backup(vault: Vault) -> Vault:
    """Return the copy beside a vault, opened as a thief of it would with the first passphrase."""
    copy = Vault(Path(vault.path).with_name("stolen.json"), means())
    Path(copy.path).write_bytes(Path(vault.path + ".bak").read_bytes())
    Path(copy.path).chmod(0o600)
    copy.unlock(Secret(PASSPHRASE))
    return copy


def test_the_copy_beside_it_is_the_vault_before(tmp_path: Path) -> None:
    vault = made(tmp_path, first="1")
    vault.put("second", Secret("2"), now=2)
    assert list(backup(vault).read().items) == ["first"]


def test_a_key_that_was_replaced_or_removed_is_not_in_the_copy(tmp_path: Path) -> None:
    vault = made(tmp_path, openai="old", other="1")
    vault.put("openai", Secret("new"), now=2)
    assert backup(vault).get("openai") == Secret("new")
    vault.remove("openai")
    assert list(backup(vault).read().items) == ["other"]
    with pytest.raises(NoSuchSecret, match="openai"):
        vault.get("openai")
    with pytest.raises(NoSuchSecret, match="openai"):
        vault.remove("openai")


def test_after_rekey_the_old_passphrase_opens_neither_the_vault_nor_its_copy(tmp_path: Path) -> None:
    vault = made(tmp_path, openai=CANARY)
    before = vault.read()
    assert vault.rekey(Secret("another passphrase"), now=3) == []
    with pytest.raises(WrongPassphrase):
        again(vault).unlock(Secret(PASSPHRASE))
    with pytest.raises(WrongPassphrase):
        backup(vault)
    other = again(vault)
    other.unlock(Secret("another passphrase"))
    assert other.get("openai") == vault.get("openai") == Secret(CANARY)
    after = other.read()
    assert after.items["openai"].version == before.items["openai"].version
    assert after.items["openai"].sealed != before.items["openai"].sealed
    assert {each.id for each in after.slots}.isdisjoint(each.id for each in before.slots)


def test_rekey_needs_the_new_passphrase_of_a_vault_that_has_one(tmp_path: Path) -> None:
    vault = made(tmp_path, openai=CANARY)
    with pytest.raises(WrongPassphrase, match="a new one is needed"):
        vault.rekey(None, now=3)
    again(vault).unlock(Secret(PASSPHRASE))


def test_a_rekey_whose_keyring_fails_changes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    keyring = MemoryKeyring()
    vault = made(tmp_path, means(keyring=keyring), openai=CANARY)
    vault.add_slot(KeyringSlot(), now=2)
    before, kept = Path(vault.path).read_bytes(), dict(keyring.kept)
    with pytest.raises(WeakPassphrase):
        vault.rekey(Secret("short"), now=3)
    assert (Path(vault.path).read_bytes(), keyring.kept) == (before, kept)
    keyring.broken = "the keyring is locked"
    with pytest.raises(KeyringFailed, match="locked"):
        vault.rekey(Secret("another passphrase"), now=3)
    assert Path(vault.path).read_bytes() == before
    keyring.broken = ""
    again(vault, means(keyring=keyring)).unlock()


def test_the_keyring_forgets_the_key_of_a_slot_that_is_gone(tmp_path: Path) -> None:
    keyring = MemoryKeyring()
    vault = made(tmp_path, means(keyring=keyring))
    slot = vault.add_slot(KeyringSlot(), now=2)
    vault.rekey(Secret("another passphrase"), now=3)
    assert len(keyring.kept) == 1
    slot = next(each for each in vault.read().slots if each.kind == "keyring")
    keyring.broken = "the keyring is locked"
    assert vault.remove_slot(slot.id) == "the keyring is locked"
    assert [each.kind for each in vault.read().slots] == ["passphrase"]


def test_the_last_slot_stays(tmp_path: Path) -> None:
    vault = made(tmp_path)
    with pytest.raises(LastSlot):
        vault.remove_slot(vault.read().slots[0].id)
    with pytest.raises(NoSuchSlot, match="nowhere"):
        vault.remove_slot("nowhere")
    with pytest.raises(LastSlot):
        Vault(tmp_path / "other.json", means()).create([], now=1)


def test_a_vault_is_never_made_over_another(tmp_path: Path) -> None:
    vault = made(tmp_path, openai=CANARY)
    before = Path(vault.path).read_bytes()
    with pytest.raises(VaultExists):
        again(vault).create([PassphraseSlot(Secret(PASSPHRASE))], now=1)
    assert Path(vault.path).read_bytes() == before


def test_where_there_is_no_vault_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "none" / "vault.json", means())
    assert not vault.exists
    for call in (vault.read, vault.unlock, lambda: vault.get("x")):
        with pytest.raises(NoVault) as caught:
            call()
        assert "tokentui vault init" in caught.value.hint


@pytest.mark.parametrize("name", ["", "../x", "a b", "a/b", "x" * 65, "é", CANARY])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadReference):
        made(tmp_path).put(name, Secret("x"), now=1)


def test_a_key_of_no_or_too_many_bytes_is_refused(tmp_path: Path) -> None:
    vault = made(tmp_path)
    for text in ("", "x" * 8193):
        with pytest.raises(BadKey):
            vault.put("openai", Secret(text), now=1)
    vault.put("openai", Secret("x" * 8192), now=1)


def test_a_short_passphrase_makes_no_vault(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault.json", means())
    with pytest.raises(WeakPassphrase):
        vault.create([PassphraseSlot(Secret("1234567"))], now=1)
    assert not vault.exists


def test_another_process_sees_a_change_and_a_rekey_locks_it_out(tmp_path: Path) -> None:
    vault = made(tmp_path, openai="1")
    other = again(vault)
    other.unlock(Secret(PASSPHRASE))
    vault.put("openai", Secret("2"), now=2)
    assert other.get("openai") == Secret("2")
    vault.rekey(Secret("another passphrase"), now=3)
    with pytest.raises(VaultLocked, match="new keys"):
        other.get("openai")
    assert other.is_locked


def test_a_change_during_a_rekey_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = made(tmp_path, openai="1")
    other = again(vault)
    other.unlock(Secret(PASSPHRASE))
    changing = vault_file.changing

    def late(path: str) -> object:
        monkeypatch.setattr(vault_file, "changing", changing)
        other.put("second", Secret("2"), now=2)
        return changing(path)

    monkeypatch.setattr(vault_file, "changing", late)
    with pytest.raises(VaultBusy, match="changed the vault meanwhile"):
        vault.rekey(Secret("another passphrase"), now=3)
    assert vault.get("second") == Secret("2")


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    vault = made(tmp_path)

    def put_five(number: int) -> None:
        own = again(vault)
        own.unlock(Secret(PASSPHRASE))
        for index in range(5):
            own.put(f"key-{number}-{index}", Secret(f"{number}/{index}"), now=1)

    threads = [threading.Thread(target=put_five, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(vault.read().items) == 30
    assert vault.get("key-3-4") == Secret("3/4")


def test_a_vault_that_another_process_holds_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = made(tmp_path)
    monkeypatch.setattr(vault_file, "LOCK_SECONDS", 0.05)
    with vault_file.changing(vault.path), pytest.raises(VaultBusy):
        vault.put("openai", Secret("1"), now=1)


@pytest.mark.parametrize("step", ["fchmod", "fsync", "replace"])
def test_a_disk_that_fills_up_leaves_the_vault_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    vault = made(tmp_path, openai=CANARY)
    before = Path(vault.path).read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(VaultUnwritable, match="No space left") as caught:
        vault.put("second", Secret(CANARY), now=2)
    monkeypatch.undo()
    assert CANARY not in shown_by(caught.value)
    assert Path(vault.path).read_bytes() == before
    assert not list((tmp_path / "data").glob(".vault.*"))
    assert vault.get("openai") == Secret(CANARY)


def test_an_error_of_the_family_says_what_to_do(tmp_path: Path) -> None:
    vault = again(made(tmp_path))
    wrong = Secret("wrong words")
    calls = (vault.unlock, lambda: vault.unlock(wrong), lambda: vault.create([KeyringSlot()], 1))
    for call in calls:
        with pytest.raises(VaultError) as caught:
            call()
        assert vault.path in str(caught.value)
        assert caught.value.hint
    assert CHEAP.is_sane

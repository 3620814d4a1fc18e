"""A vault that is damaged, changed, cut short or not ours is refused, with what to do."""

from __future__ import annotations

import base64
import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vaults import CANARY, PASSPHRASE, again, made, means, shown_by
from tokentui.secrets import (
    KeyringSlot,
    Secret,
    SecretsError,
    Vault,
    VaultDamaged,
    VaultError,
    VaultLocked,
    VaultNewer,
    VaultUnsafe,
    WrongPassphrase,
    document,
    sealing,
)
from tokentui.secrets.errors import NoSuchSlot

MANY = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a vault with two slots and two keys."""
    vault = made(tmp_path_factory.mktemp("whole"), openai=CANARY, anthropic="sk-other")
    vault.add_slot(KeyringSlot(), now=2)
    return Path(vault.path).read_bytes()


def load(data: bytes) -> document.Document:
    return document.load(data, "/home/ada/vault.json")


def opened(folder: Path, data: bytes) -> Vault:
    path = folder / "vault.json"
    path.write_bytes(data)
    path.chmod(0o600)
    vault = Vault(path, means())
    vault.unlock(Secret(PASSPHRASE))
    return vault


def test_what_was_written_is_read(tmp_path: Path, whole: bytes) -> None:
    assert document.dump(load(whole)) == whole
    assert opened(tmp_path, whole).get("openai") == Secret(CANARY)


@given(st.randoms(use_true_random=False))
@MANY
def test_any_flipped_bit_is_refused(whole: bytes, chance: random.Random) -> None:
    data = bytearray(whole)
    place = chance.randrange(len(data) * 8)
    data[place // 8] ^= 1 << place % 8
    with pytest.raises((VaultDamaged, VaultNewer)) as caught:
        load(bytes(data))
    assert "/home/ada/vault.json" in str(caught.value)
    assert caught.value.hint


def test_any_truncation_is_refused_and_called_so(whole: bytes) -> None:
    for length in range(len(whole)):
        with pytest.raises(VaultDamaged) as caught:
            load(whole[:length])
        assert "mv /home/ada/vault.json.bak /home/ada/vault.json" in caught.value.hint
        if 0 < length < len(whole) - 2:
            assert "cut short" in str(caught.value) or "}" in whole[:length].decode()[-8:]
    with pytest.raises(VaultDamaged, match="the vault is empty"):
        load(b"")


@pytest.mark.parametrize("extra", [b" ", b"\n", b"{}", b"\0", b"x"])
def test_anything_added_is_refused(whole: bytes, extra: bytes) -> None:
    for data in (whole + extra, extra + whole, whole.replace(b"{\n", b"{" + extra + b"\n", 1)):
        with pytest.raises(VaultDamaged):
            load(data)


@given(st.binary(max_size=300))
@MANY
def test_no_file_is_taken_for_a_vault(data: bytes) -> None:
    with pytest.raises(VaultDamaged):
        load(data)


@pytest.mark.parametrize(
    "data",
    [
        b"[]", b"1", b"null", b"[" * 100_000, b'{"a":' * 50_000, b"x" * (document.MOST_BYTES + 1), b"{}",
        b'{"version": 1e400}', b'{"format": "tokentui-vault", "version": true}', b"\xff\xfe{}",
    ],
)  # fmt: skip
def test_hostile_json_is_refused(data: bytes) -> None:
    with pytest.raises(VaultDamaged):
        load(data)


def forged(whole: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the vault as somebody would change it who can compute the checksum but has no key."""
    table = json.loads(whole)
    change(table)
    table.pop("checksum")
    return document._file_of(table)


def swap_items(table: dict[str, Any]) -> None:
    items = table["items"]
    items["openai"], items["anthropic"] = items["anthropic"], items["openai"]


FORGERIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "two keys exchanged": swap_items,
    "a key renamed": lambda table: table["items"].update(work=table["items"].pop("openai")),
    "a key removed": lambda table: table["items"].pop("openai"),
    "a date": lambda table: table["items"]["openai"].update(changed=9_000_000_000),
    "a rotation": lambda table: table["items"]["openai"].update(rotate_days=1),
    "a version": lambda table: table["items"]["openai"].update(version=7),
    "a slot's date": lambda table: table["slots"][1].update(created=7),
    "a slot's keyring": lambda table: table["slots"][1]["settings"].update(backend="other"),
    "a slot added": lambda table: table["slots"].append({**table["slots"][1], "id": "more"}),
    "a slot removed": lambda table: table["slots"].pop(1),
    "the vault's date": lambda table: table.update(created=7),
    "the seal": lambda table: table["seal"].update(tag=base64.b64encode(b"x" * 16).decode()),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_change_by_somebody_without_the_key_is_found(tmp_path: Path, whole: bytes, what: str) -> None:
    with pytest.raises(VaultDamaged, match="without the vault's key") as caught:
        opened(tmp_path, forged(whole, FORGERIES[what]))
    assert "vault.json.bak" in caught.value.hint


@pytest.mark.parametrize("change", [{"name": "anthropic"}, {"version": 2}, {"sealed": b"x" * 40}])
def test_a_sealed_key_opens_only_as_the_name_and_version_it_was_sealed_for(change: dict[str, Any]) -> None:
    key = sealing.new_key()
    item = sealing.seal_item(document.Item("openai", 1, 1, 1, 0), key, Secret(CANARY))
    assert sealing.open_item(item, key) == Secret(CANARY)
    assert sealing.open_item(item, sealing.new_key()) is None
    assert sealing.open_item(replace(item, **change), key) is None
    assert sealing.seal_item(item, key, Secret(CANARY)).nonce != item.nonce


@pytest.mark.parametrize("what", FORGERIES)
def test_a_vault_that_is_open_notices_a_change(tmp_path: Path, whole: bytes, what: str) -> None:
    vault = opened(tmp_path, whole)
    Path(vault.path).write_bytes(forged(whole, FORGERIES[what]))
    with pytest.raises(VaultError):
        vault.get("openai")
    assert vault.is_locked


@pytest.mark.parametrize(
    "change",
    [
        lambda slot: slot.update(id="other"), lambda slot: slot["settings"].update(n=4),
        lambda slot: slot["settings"].update(salt="00" * 16), lambda slot: slot.update(created=7),
        lambda slot: slot.update(wrapped=base64.b64encode(b"x" * 48).decode()),
    ],
)  # fmt: skip
def test_a_changed_passphrase_slot_does_not_open(
    tmp_path: Path, whole: bytes, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(WrongPassphrase):
        opened(tmp_path, forged(whole, lambda table: change(table["slots"][0])))


@pytest.mark.parametrize(
    "settings",
    [
        {"n": 2**40, "r": 8, "p": 1}, {"n": 2**20, "r": 16, "p": 1}, {"n": 3, "r": 8, "p": 1},
        {"n": 2, "r": 1},
        {"n": 2, "r": 1, "p": 10**9}, {"n": "x", "r": 1, "p": 1}, {"n": 2, "r": 1, "p": 1, "salt": "zz"}, {},
        {"n": 0, "r": 0, "p": 0}, {"n": 2, "r": 1, "p": 1, "salt": "00"}, {"n": 2, "r": 1, "p": 1, "salt": 5},
    ],
)  # fmt: skip
def test_a_slot_that_would_take_all_memory_or_makes_no_sense_is_not_tried(
    tmp_path: Path, whole: bytes, settings: dict[str, Any]
) -> None:
    salted = {"salt": "00" * 16} | settings
    with pytest.raises(WrongPassphrase):
        opened(tmp_path, forged(whole, lambda table: table["slots"][0].update(settings=salted)))


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.update(slots=[]), lambda table: table.update(slots={}),
        lambda table: table.pop("id"),
        lambda table: table.update(items=[]), lambda table: table["items"].update({"": {}}),
        lambda table: table["slots"][0].update(kind="open sesame"),
        lambda table: table["seal"].update(nonce="AA=="),
        lambda table: table["slots"][1].update(id=table["slots"][0]["id"]),
        lambda table: table.update(created=-1),
        lambda table: table["items"]["openai"].update(version=True), lambda table: table.update(version=0),
        lambda table: table["items"]["openai"].update(sealed="!"), lambda table: table.update(format="other"),
        lambda table: table["items"]["openai"].update(changed=10**30), lambda table: table.update(id="a\nb"),
    ],
)  # fmt: skip
def test_a_file_of_another_shape_is_no_vault(
    whole: bytes, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(VaultDamaged, match="no vault of tokentui"):
        load(forged(whole, change))


def test_a_newer_vault_asks_for_a_newer_tokentui(whole: bytes) -> None:
    with pytest.raises(VaultNewer, match="version 2") as caught:
        load(forged(whole, lambda table: table.update(version=2)))
    assert caught.value.hint == "update tokentui"


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("command", {}), ("command", {"argv": "rm -rf /"}), ("command", {"argv": ["./x"]}), ("keyfile", {}),
        ("keyfile", {"path": "relative"}), ("systemd", {"name": "../../etc/passwd"}), ("keyring", {}),
    ],
)  # fmt: skip
def test_a_slot_with_senseless_settings_is_told_and_the_next_is_tried(
    tmp_path: Path, whole: bytes, kind: str, settings: dict[str, Any]
) -> None:
    path = tmp_path / "vault.json"
    path.write_bytes(forged(whole, lambda table: table["slots"][1].update(kind=kind, settings=settings)))
    path.chmod(0o600)
    with pytest.raises(VaultLocked, match=kind):
        Vault(path, means()).unlock()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_a_vault_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    vault = made(tmp_path, openai=CANARY)
    os.chmod(vault.path, mode)
    for call in (vault.read, lambda: vault.get("openai"), lambda: vault.put("x", Secret(CANARY), 1)):
        refuses(call, f"mode {mode:04o}", "chmod 600")


def test_a_vault_behind_a_link_in_an_open_folder_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    vault = made(tmp_path)
    real = Path(vault.path).rename(tmp_path / "real.json")
    Path(vault.path).symlink_to(real)
    refuses(again(vault).read, "symbolic link", "the file itself")
    Path(vault.path).unlink()
    os.mkfifo(vault.path, 0o600)
    refuses(again(vault).read, "not a regular file", "name a file")
    Path(vault.path).unlink()
    real.rename(vault.path)
    os.chmod(tmp_path / "data", 0o770)
    refuses(again(vault).read, "others may write into its folder", "chmod 700")
    refuses(lambda: vault.put("x", Secret("y"), 1), "others may write into its folder", "chmod 700")


def test_another_users_vault_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = made(tmp_path)
    if os.geteuid() == 0:
        os.chown(vault.path, 1234, -1)
        refuses(again(vault).read, "belongs to another user", "chown 0")
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4321)
        refuses(again(vault).read, "another user", "chown 4321")


def refuses(call: Callable[[], object], reason: str, hint: str) -> None:
    with pytest.raises(VaultUnsafe) as caught:
        call()
    assert reason in str(caught.value)
    assert "vault.json" in str(caught.value)
    assert hint in caught.value.hint
    assert CANARY not in shown_by(caught.value)


def test_a_damaged_vault_is_whole_again_as_its_hint_says(tmp_path: Path) -> None:
    vault = made(tmp_path, first="1", second="2")
    Path(vault.path).write_bytes(Path(vault.path).read_bytes()[:-40])
    with pytest.raises(VaultDamaged) as caught:
        vault.get("first")
    move = caught.value.hint.partition(": ")[2].partition(";")[0].split()
    os.replace(move[1], move[2])
    assert vault.get("first") == Secret("1")


def test_no_error_of_an_open_vault_holds_a_key_in_its_frames(tmp_path: Path, whole: bytes) -> None:
    vault = opened(tmp_path, whole)
    calls: list[Callable[[], object]] = [
        lambda: vault.get("absent"), lambda: vault.put("a b", Secret(CANARY), 1),
        lambda: vault.put("x", Secret(CANARY * 900), 1), lambda: vault.remove_slot("none"),
        lambda: vault.rekey(Secret("1234567"), 1), lambda: vault.unlock(Secret(CANARY)),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(SecretsError) as caught:
            call()
        shown = shown_by(caught.value)
        assert "Secret(***)" in shown or isinstance(caught.value, NoSuchSlot)
        for text in (CANARY, PASSPHRASE, "1234567"):
            assert text not in shown


def test_the_search_through_frames_sees_a_local_variable(tmp_path: Path) -> None:
    with pytest.raises(VaultError) as caught:
        Vault(tmp_path / CANARY, means()).read()
    assert CANARY in shown_by(caught.value)

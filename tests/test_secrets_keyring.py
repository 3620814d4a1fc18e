"""The system's keyring opens the vault where there is one, and can neither hang nor be exchanged."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests import secret_service
from tests.processes import is_gone
from tests.vaults import CANARY, PASSPHRASE, made, means, shown_by
from tokentui.secrets import (
    KeyringFailed,
    KeyringSlot,
    Means,
    Secret,
    Vault,
    VaultLocked,
    keyring_child,
    system_keyring,
)
from tokentui.secrets.system_keyring import LIMIT_SECONDS, SystemKeyring

real = pytest.mark.skipif(bool(secret_service.MISSING), reason=secret_service.REASON)


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a script in the place of the keyring's child."""
    path = folder / "child.py"
    path.write_text(textwrap.dedent(text))
    monkeypatch.setattr(system_keyring, "_CHILD", str(path))


def test_the_limit_is_five_seconds() -> None:
    assert LIMIT_SECONDS == 5
    assert SystemKeyring({})._seconds == LIMIT_SECONDS


def test_a_keyring_that_hangs_is_killed_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pids = tmp_path / "pids"
    text = f"""
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.fork()
        open({str(pids)!r}, "a").write(f"{{os.getpid()}}\\n")
        time.sleep(600)
    """
    stand_in(tmp_path, monkeypatch, text)
    start = time.monotonic()
    with pytest.raises(KeyringFailed, match=r"did not answer within 1\.5 s") as caught:
        SystemKeyring({}, seconds=1.5).keep("user", Secret(CANARY))
    assert 1.5 <= time.monotonic() - start < 6
    assert CANARY not in shown_by(caught.value)
    started = [int(line) for line in pids.read_text().split()]
    assert started
    assert all(map(is_gone, started))


@pytest.mark.parametrize(
    "text",
    [
        "", "print('not json')", f"import sys; print('{CANARY}'); sys.exit(1)", "print('[]')",
        "print('[' * 60000)",
        f"raise ValueError('{CANARY}')", "import os; os.kill(os.getpid(), 9)",
        f"print('{{\"error\": \"{CANARY}\"}}')",
        "while True: print('x' * 9999)", "print('{\"value\": null}')",
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_an_error_without_what_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    stand_in(tmp_path, monkeypatch, text)
    with pytest.raises(KeyringFailed) as caught:
        SystemKeyring({}).get("SecretService", "user")
    assert caught.value.hint
    assert CANARY not in shown_by(caught.value)


def test_only_keyrings_that_encrypt_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(keyring_child.BACKENDS) == {"SecretService", "KWallet", "macOS", "Windows", "libsecret"}
    for module, _ in keyring_child.BACKENDS.values():
        assert module.startswith("keyring.backends.")
    for name in ("keyrings.alt.file", "null", "chainer"):
        asked = {"do": "get", "service": "s", "user": "u", "backend": name}
        assert keyring_child.answer(asked) == {"error": "NotAllowed"}
    monkeypatch.setattr(keyring_child, "best", lambda _: "")
    assert keyring_child.answer({"do": "set"}) == {"error": "NoKeyringError"}


@pytest.mark.parametrize("backend", ["SecretService", "KWallet"])
def test_every_keyring_of_the_list_is_where_the_package_has_it(backend: str) -> None:
    module, name = keyring_child.BACKENDS[backend]
    assert hasattr(importlib.import_module(module), name)


def test_a_plugin_of_keyring_is_never_loaded(tmp_path: Path) -> None:
    """A plugin that keeps keys in plain text takes part in `keyring.get_keyring`; the child never sees it."""
    package = tmp_path / "site" / "evil_keyring"
    package.mkdir(parents=True)
    loaded = tmp_path / "loaded"
    (package / "__init__.py").write_text(f"open({str(loaded)!r}, 'w').write('x')\n")
    info = tmp_path / "site" / "evil_keyring-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil-keyring\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[keyring.backends]\nevil = evil_keyring\n")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path / "site")}
    subprocess.run(
        [sys.executable, "-c", "import keyring; keyring.get_keyring()"], env=environ, check=True, timeout=60
    )
    assert loaded.exists()
    loaded.unlink()
    request = json.dumps({"do": "set", "service": "s", "user": "u", "value": CANARY})
    done = subprocess.run(
        [sys.executable, "-P", keyring_child.__file__],
        env=environ, input=request, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "error" in json.loads(done.stdout)
    assert not loaded.exists()


def test_without_a_keyring_the_vault_says_so_and_the_passphrase_opens_it(tmp_path: Path) -> None:
    vault = made(tmp_path, openai=CANARY)
    vault._means = Means({"HOME": str(tmp_path)}, SystemKeyring({"HOME": str(tmp_path)}))
    with pytest.raises(KeyringFailed, match="this session has none") as caught:
        vault.add_slot(KeyringSlot(), now=2)
    assert "passphrase" in caught.value.hint
    assert vault.get("openai") == Secret(CANARY)


INNER = """
import json, os, sys, time
from tokentui.secrets import *
from tests.vaults import CHEAP, PASSPHRASE
vault = Vault(os.environ["HOME"] + "/vault.json", Means.of(os.environ, CHEAP))
found = {}
"""

MAKE = INNER + """
vault.create([PassphraseSlot(Secret(PASSPHRASE)), KeyringSlot()], 1)
vault.put("openai", Secret("sk-real"), 2)
other = Vault(vault.path, Means.of(os.environ, CHEAP))
start = time.monotonic()
found["opened by"] = [each.slot.kind for each in other.unlock()]
found["seconds"] = time.monotonic() - start
found["key"] = other.get("openai") == Secret("sk-real")
found["backend"] = described(other.read().slots[1])
found["rekey"] = other.rekey(Secret("another passphrase"), 3)
found["again"] = [each.slot.kind for each in Vault(vault.path, Means.of(os.environ, CHEAP)).unlock()]
old = next(each for each in other.read().slots if each.kind == "keyring")
found["removed"] = other.remove_slot(old.id)
other.add_slot(KeyringSlot(), 4)
print(json.dumps(found))
"""

OPEN = INNER + """
start = time.monotonic()
try:
    vault.unlock()
except VaultLocked as error:
    found["error"] = str(error)
found["seconds"] = time.monotonic() - start
vault.unlock(Secret("another passphrase"))
found["key"] = vault.get("openai") == Secret("sk-real")
print(json.dumps(found))
"""


@real
def test_a_real_secret_service_opens_the_vault_and_a_locked_one_leaves_the_passphrase(tmp_path: Path) -> None:
    home = tmp_path / "desktop"
    found = secret_service.run(home, "unlocked", MAKE)
    assert found["opened by"] == found["again"] == ["keyring"]
    assert (found["key"], found["backend"]) == (True, "SecretService")
    assert (found["rekey"], found["removed"]) == ([], "")
    assert found["seconds"] < LIMIT_SECONDS
    locked = secret_service.run(home, "locked", OPEN)
    assert "it is locked" in locked["error"]
    assert (locked["key"], locked["seconds"] < LIMIT_SECONDS) == (True, True)
    none = secret_service.run(home, "none", "import os; del os.environ['DBUS_SESSION_BUS_ADDRESS']" + OPEN)
    assert "this session has none" in none["error"]
    assert none["key"]


@real
def test_a_real_service_that_never_answers_costs_the_limit_and_no_more(tmp_path: Path) -> None:
    inner = """
import json, os, time
from tokentui.secrets.system_keyring import SystemKeyring
from tokentui.secrets import KeyringFailed
start = time.monotonic()
try:
    SystemKeyring(os.environ, seconds=1.5).get("SecretService", "user")
    problem = ""
except KeyringFailed as error:
    problem = str(error)
print(json.dumps({"problem": problem, "seconds": time.monotonic() - start}))
"""
    found = secret_service.run(tmp_path / "desktop", "hangs", inner)
    assert found["problem"] == "the keyring did not answer within 1.5 s"
    assert 1.5 <= found["seconds"] < 6


def test_a_slow_keyring_delays_only_what_needs_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "import time; time.sleep(600)")
    vault = made(tmp_path, means())
    vault.add_slot(KeyringSlot(), now=2)
    start = time.monotonic()
    waiting = Vault(vault.path, Means({}, SystemKeyring({}, seconds=60)))
    assert [each.kind for each in waiting.read().slots] == ["passphrase", "keyring"]
    waiting.unlock(Secret(PASSPHRASE))
    assert time.monotonic() - start < 30
    other = Vault(vault.path, Means({}, SystemKeyring({}, seconds=0.3)))
    with pytest.raises(VaultLocked, match=r"keyring: the keyring did not answer within 0\.3 s"):
        other.unlock()

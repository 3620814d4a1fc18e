"""`tokentui vault`, as typed: passphrases without echo or from files, and a clear word for each failure."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ui_terminal import Terminal
from tests.vaults import CANARY, PASSPHRASE, means
from tokentui.cli import run
from tokentui.secrets import Secret, Vault, slots
from tokentui.secrets.sealing import Cost

VAULT = ".local/share/tokentui/vault.json"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "STRONG", Cost(n=2, r=1, p=1))


def typed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str, given: str = ""
) -> tuple[int, str, str]:
    """Run a command with `given` as its standard input; return its code, output and errors."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    code = run(["vault", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.fixture
def vault(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Vault:
    """A vault made by the command, with a passphrase and a key file."""
    arguments = ("init", "--passphrase-file", "-", "--key-file", str(home / "keys" / "vault"))
    code, out, err = typed(capsys, monkeypatch, *arguments, given=f"{PASSPHRASE}\n")
    assert (code, err) == (0, "")
    assert out == "made ~/.local/share/tokentui/vault.json, opened by: passphrase, keyfile\n"
    return Vault(home / VAULT, means())


def test_a_vault_is_made_by_the_options_and_opens_by_each(
    vault: Vault, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stat.S_IMODE(os.stat(vault.path).st_mode) == 0o600
    vault.unlock(Secret(PASSPHRASE))
    code, out, _ = typed(capsys, monkeypatch, "unlock-test")
    assert code == 0
    assert "keyfile: opens it (0." in out
    code, out, _ = typed(capsys, monkeypatch, "unlock-test", "--passphrase-file", "-", given=PASSPHRASE)
    assert (code, "passphrase: opens it" in out) == (0, True)


def test_status_shows_slots_keys_and_ages_without_opening_anything(
    vault: Vault, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = typed(capsys, monkeypatch, "status")
    assert (code, "No key is in it yet." in out, "keyfile" in out) == (0, True, True)
    vault.unlock(Secret(PASSPHRASE))
    vault.put("openai-work", Secret(CANARY), now=1_700_000_000, rotate_days=90)
    vault.put("anthropic", Secret(CANARY), now=1_700_000_000)
    code, out, _ = typed(capsys, monkeypatch, "status")
    (line,) = (line for line in out.splitlines() if "openai-work" in line)
    assert [word for word in line.split() if "," not in word] == ["openai-work", "2023-11-14", "1", "now"]
    code, out, _ = typed(capsys, monkeypatch, "status", "--json")
    table = json.loads(out)
    assert [each["kind"] for each in table["slots"]] == ["passphrase", "keyfile"]
    assert {each["name"]: (each["due"], each["version"], each["rotate_days"]) for each in table["keys"]} == {
        "openai-work": (True, 1, 90), "anthropic": (False, 1, None),
    }  # fmt: skip
    assert table["keys"][0]["changed"] == "2023-11-14T22:13:20Z"
    assert CANARY not in out


def test_rekey_takes_the_old_and_the_new_passphrase_from_two_lines(
    vault: Vault, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = f"{PASSPHRASE}\nanother passphrase\n"
    arguments = ("rekey", "--passphrase-file", "-", "--new-passphrase-file", "-")
    code, out, _ = typed(capsys, monkeypatch, *arguments, given=given)
    assert (code, "has a new data key" in out) == (0, True)
    vault.unlock(Secret("another passphrase"))
    code, _, err = typed(capsys, monkeypatch, "unlock-test", "--passphrase-file", "-", given=PASSPHRASE)
    assert (code, "does not open the vault" in err, PASSPHRASE in err) == (1, True, False)


def test_slots_are_listed_added_and_removed(
    vault: Vault, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = typed(capsys, monkeypatch, "slots", "add", "--command", "echo some words here")
    assert code == 0
    slot = out.split()[2].rstrip(":")
    assert out == f"added slot {slot}: command command:echo some words here\n"
    _, out, _ = typed(capsys, monkeypatch, "slots", "list")
    assert len(out.splitlines()) == 4
    code, out, _ = typed(capsys, monkeypatch, "slots", "remove", slot)
    assert (code, out.startswith(f"removed slot {slot};")) == (0, True)
    new = ("--new-passphrase-file", "-")
    assert typed(capsys, monkeypatch, "slots", "add", *new, given="another passphrase\n")[0] == 0
    assert [each.kind for each in vault.read().slots] == ["passphrase", "keyfile", "passphrase"]
    vault.unlock(Secret("another passphrase"))


def test_a_private_file_may_hold_the_passphrase_and_an_open_one_may_not(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / "passphrase"
    path.write_text(f"{PASSPHRASE}\n")
    path.chmod(0o644)
    code, _, err = typed(capsys, monkeypatch, "init", "--passphrase-file", str(path))
    assert (code, "mode 0644" in err, "chmod 600" in err) == (1, True, True)
    path.chmod(0o600)
    assert typed(capsys, monkeypatch, "init", "--passphrase-file", str(path))[0] == 0
    Vault(home / VAULT, means()).unlock(Secret(PASSPHRASE))


@pytest.mark.parametrize(
    ("arguments", "given", "code", "told"),
    [
        (["init"], "", 1, "no terminal to ask"),
        (["init", "--passphrase-file", "-"], "", 1, "standard input holds no passphrase"),
        (["init", "--passphrase-file", "-"], "short\n", 1, "at least 8 characters"),
        (["init", "--passphrase-file", "/nowhere/at/all"], "", 1, "No such file"),
        (["init", "--no-passphrase"], "", 2, "leaves no way to open it"),
        (["init", "--no-passphrase", "--keyring"], "", 1, "this session has none"),
        (["init", "--no-passphrase", "--command", f"echo {CANARY}"], "", 1, "must not hold a key"),
        (["init", "--no-passphrase", "--credential", "vault"], "", 1, "no systemd credentials"),
        (["status"], "", 1, "there is no vault yet"),
        (["unlock-test"], "", 1, "tokentui vault init"),
        (["rekey"], "", 1, "there is no vault yet"),
        (["slots", "add", "--keyring", "--passphrase"], "", 2, "exactly one"),
        (["slots", "add"], "", 2, "exactly one"),
        (["slots", "remove", "x"], "", 1, "there is no vault yet"),
        (["slots"], "", 2, "Missing command"),
        ([], "", 2, "Missing command"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_in_a_line_with_what_to_do(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], given: str, code: int, told: str,
) -> None:  # fmt: skip
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    found, out, err = typed(capsys, monkeypatch, *arguments, given=given)
    assert (found, out) == (code, "")
    assert told in err
    assert len(err.splitlines()) >= 2
    assert CANARY not in err
    assert not (home / VAULT).exists()


@pytest.mark.usefixtures("vault")
def test_a_vault_is_not_made_twice_and_no_passphrase_is_asked_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = typed(capsys, monkeypatch, "init")
    assert (code, "there is a vault already" in err) == (1, True)


def test_a_damaged_vault_says_how_to_have_the_copy_back(
    vault: Vault, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(vault.path).write_bytes(Path(vault.path).read_bytes()[:200])
    for arguments in (["status"], ["unlock-test"], ["rekey"], ["slots", "list"]):
        code, _, err = typed(capsys, monkeypatch, *arguments)
        assert (code, "cut short" in err, "vault.json.bak" in err) == (1, True, True)


def test_the_passphrase_is_asked_without_echo_and_twice_when_it_is_new(home: Path) -> None:
    with Terminal("tokentui", "vault", "init") as terminal:
        terminal.wait("New passphrase (8 characters or more):")
        terminal.press(f"{PASSPHRASE}\r")
        terminal.wait("The same again:")
        terminal.press(f"{PASSPHRASE}x\r")
        terminal.wait("the two passphrases differ; nothing was changed")
        assert terminal.ended(reading=True) == 1
        assert not (home / VAULT).exists()
        assert PASSPHRASE.encode() not in terminal.raw
    with Terminal("tokentui", "vault", "init") as terminal:
        for question in ("New passphrase (8 characters or more):", "The same again:"):
            terminal.wait(question)
            terminal.press(f"{PASSPHRASE}\r")
        terminal.wait("opened by: passphrase")
        assert terminal.ended(reading=True) == 0
        assert PASSPHRASE.encode() not in terminal.raw
    Vault(home / VAULT, means()).unlock(Secret(PASSPHRASE))
    with Terminal("tokentui", "vault", "unlock-test") as terminal:
        screen = terminal.wait("Passphrase of the vault:")
        assert "the vault is locked" in screen.replace("\n", "")
        terminal.press("\x03")
        assert terminal.ended(reading=True) == 130


def test_no_option_takes_a_passphrase() -> None:
    command = [sys.executable, "-m", "tokentui", "vault", "init", "--passphrase", CANARY]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert CANARY not in done.stdout + done.stderr

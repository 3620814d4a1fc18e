"""Accounts in a real terminal: a key turns up nowhere but, sealed, in the vault; few bytes are written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import account_server
from tests.account_server import GOOD, NEWER, Provider
from tests.test_engine_accounts import everything
from tests.ui_terminal import Terminal
from tests.vaults import PASSPHRASE
from tokentui.cli import run
from tokentui.ui.accounts import LOOK_SECONDS

SECRETS = (GOOD, NEWER, PASSPHRASE)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with account_server.serving() as served:
        yield served


def pasted(text: str) -> str:
    """What a terminal sends for a paste."""
    return f"\x1b[200~{text}\x1b[201~"


def nowhere(terminal: Terminal, home: Path) -> None:
    """Check all that the program has written, and what others can see of it."""
    found = {"the terminal": bytes(terminal.raw), "the files": everything(home)}
    for what in ("cmdline", "environ"):
        if terminal.status is None:
            found[what] = Path(f"/proc/{terminal.pid}/{what}").read_bytes()
    for where, content in found.items():
        for secret in SECRETS:
            assert secret.encode() not in content, f"{secret} is in {where}"


def up_to_the_test(terminal: Terminal) -> None:
    """Add DeepSeek, up to where its key is tested."""
    terminal.wait("a adds an account")
    terminal.press("a")
    terminal.wait("Add an account")
    terminal.press("deep")
    terminal.wait("DeepSeek")
    terminal.press("\r")
    terminal.wait("Where is its key?")
    terminal.press("\r")
    terminal.wait("Paste the key")
    terminal.press(pasted(GOOD))
    terminal.wait(f"{len(GOOD)} characters")
    terminal.press("\r")
    for question in ("A vault is made", "The same again"):
        terminal.wait(question)
        terminal.press(PASSPHRASE)
        terminal.wait("•" * len(PASSPHRASE))
        terminal.press("\r")


def test_a_key_is_in_no_byte_of_the_terminal_and_in_no_file(
    provider: Provider, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Terminal("tests.ui_accounts_program", provider.url) as terminal:
        up_to_the_test(terminal)
        terminal.wait("the key is valid")
        terminal.press("\r")
        terminal.wait("12.34")
        terminal.press("6")
        terminal.wait("vault · now")
        terminal.press("k")
        terminal.wait("Replace the key")
        terminal.press(NEWER)  # typed, character by character
        terminal.wait(f"{len(NEWER)} characters")
        terminal.press("\r")
        terminal.wait("enter replaces the key")
        terminal.press("\r")
        terminal.wait("the key is replaced")
        terminal.press("L")
        terminal.wait("rotate deepseek")
        nowhere(terminal, home)
        terminal.press("\x1b")
        terminal.quiet(0.2)
        terminal.press("q")
        assert terminal.ended(reading=True) == 0
        nowhere(terminal, home)
    assert provider.seen[0] == GOOD
    assert provider.seen[-1] == NEWER
    for command in (["account", "list", "--json"], ["account", "audit", "--json"], ["show", "--json"]):
        assert run(command) == 0
        told = capsys.readouterr()
        assert told.out
        assert not [secret for secret in SECRETS if secret in told.out + told.err]


def test_a_key_is_in_no_report_of_a_crash(provider: Provider, home: Path) -> None:
    with Terminal("tests.ui_accounts_program", provider.url, "crash") as terminal:
        up_to_the_test(terminal)
        terminal.wait("AddAccount failed: RuntimeError: boom ***")
        terminal.quiet()
        nowhere(terminal, home)
        reports = [path for path in home.rglob("*") if "crash" in path.name]
        assert reports, "the report was looked at"
        assert b"boom ***" in reports[0].read_bytes()
        terminal.press("q")
        terminal.ended(reading=True)
    assert not list(home.rglob("vault*"))


def test_opening_the_pane_takes_8_kb_and_looking_again_nothing(home: Path) -> None:
    with Terminal("tests.ui_program", "plain", str(home)) as terminal:
        terminal.wait("What drove it")
        before = terminal.quiet()
        terminal.press("6")
        terminal.wait("adds an account")
        opened = terminal.quiet()
        assert opened - before <= 8_192
        terminal.quiet(LOOK_SECONDS + 0.3)
        assert len(terminal.raw) == opened, "it has looked meanwhile, and nothing has changed"

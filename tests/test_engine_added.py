"""The engine with what the user adds: scripts, the status line's notes, a providers.toml with a mistake."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from tests.engine_watch import engine
from tests.test_statusline import TOLD
from tokentui import config, statusline
from tokentui.billing import Account
from tokentui.config import Settings
from tokentui.engine.accounts import Accounts

LINE = {
    "v": 1, "kind": "request", "id": "r-1", "time": "2026-09-14T10:00:00Z", "provider": "openai",
    "model": "gpt-5", "output_tokens": 340,
}  # fmt: skip


def write(home: Path, text: str) -> Path:
    """Write providers.toml."""
    path = home / ".config/tokentui/providers.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_requests_of_a_script_are_shown_while_the_dashboard_runs(home: Path) -> None:
    program = home / "usage.py"
    program.write_text(f"print({json.dumps(LINE)!r})")
    write(home, f"[mine]\ncommand = {json.dumps([sys.executable, '-S', str(program)])}\n")
    with engine() as (_, watch):
        watch.more_turns()
        Accounts(config.paths(os.environ), Settings()).add(Account("mine"))
        watch.records(1)


def test_the_notes_of_the_status_line_are_shown_while_the_dashboard_runs(home: Path) -> None:
    del home
    limits = statusline.limits_of(TOLD)
    with engine() as (_, watch):
        watch.more_turns()
        statusline.note(statusline.folder(os.environ), limits, time.time())
        watch.wait(lambda: any(len(card.limits) == 2 for card in watch.last.cards))
    card = next(card for card in watch.last.cards if card.limits)
    assert (card.title, {limit.origin for limit in card.limits}) == ("Claude Code", {"status-line"})


def test_a_script_is_asked_again_once_its_block_is_mended(home: Path) -> None:
    program = home / "usage.py"
    program.write_text(f"print({json.dumps(LINE)!r})")
    block = f"[mine]\ncommand = {json.dumps([sys.executable, '-S', str(program)])}\n"
    path = write(home, block)
    Accounts(config.paths(os.environ), Settings()).add(Account("mine"))
    path.write_text("[mine]\n")
    with engine() as (_, watch):
        watch.notice("names neither a url")
        watch.more_turns()
        assert watch.last.record_count == 0
        path.write_text(block)
        watch.records(1)


def test_a_mistake_in_providers_toml_is_a_notice_until_it_is_mended(home: Path) -> None:
    path = write(home, "[acme]\n")
    with engine() as (_, watch):
        assert "providers.toml, line 1: [acme]" in watch.notice("names neither a url")
        path.unlink()
        watch.no_notice()

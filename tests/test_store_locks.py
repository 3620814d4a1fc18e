"""What one process has open stays whole while it and others open and close the same database."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.store_batches import NOW
from tokentui import store
from tokentui.billing import Account, Balance, Fetched
from tokentui.store.place import choose

_OTHER = """
import sys
from tokentui import store
from tokentui.billing import Account
writer = store.open_writer(sys.argv[1], "UTC")
writer.put_account(Account("deepseek"), "DeepSeek", 1)
writer.close()
"""


def test_another_program_leaves_the_log_of_the_one_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    with closing(store.open_writer(path, "UTC")) as writer:
        writer.put_account(Account("moonshot"), "Moonshot", NOW)
        log = os.stat(f"{path}-wal").st_ino
        # As a dashboard does that adds an account: it looks at the place, and a second writer comes and goes.
        choose(str(path))
        store.open_writer(path, "UTC").close()
        subprocess.run([sys.executable, "-c", _OTHER, str(path)], check=True, timeout=30)
        assert os.stat(f"{path}-wal").st_ino == log, "the log was deleted under an open connection"
        writer.put_account(Account("litellm"), "LiteLLM", NOW)
        with closing(store.open_writer(path, "UTC")) as other:
            known = store.Reader(other.connection).configured_accounts()
    assert {each.account.service for each in known} == {"moonshot", "deepseek", "litellm"}


def test_a_service_that_another_connection_added_is_found(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    with closing(store.open_writer(path, "UTC")) as running, closing(store.open_writer(path, "UTC")) as other:
        running.put_account(Account("moonshot"), "Moonshot", NOW)
        other.put_account(Account("deepseek", "work"), "DeepSeek", NOW)
        running.put_fetched(Account("deepseek", "work"), Fetched(balances=(Balance(5),)), NOW)
        found = store.Reader(other.connection).balances()
        assert [(each.service, each.account, each.balance.amount) for each in found] == [
            ("deepseek", "work", 5)
        ]

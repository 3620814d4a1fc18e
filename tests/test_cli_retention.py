"""`tokentui retention` says what would go; collecting removes it, and no sum changes."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.test_cli_show import document, request, tokentui
from tokentui.cli import MISUSED

DAYS = ("service", "day", "model", "project", "branch", "session")


@pytest.fixture
def log(home: Path) -> Path:
    """A log with a request on each of 200 days."""
    path = home / ".claude" / "projects" / "-work-shop" / "5e55.jsonl"
    path.parent.mkdir(parents=True)
    now = datetime.fromtimestamp(time.time(), UTC)
    path.write_text(
        "".join(
            request(number, f"{now - timedelta(days=number):%Y-%m-%dT%H:%M:%S.000Z}") for number in range(200)
        )
    )
    return path


def sums() -> list[object]:
    """Return what `show` says by every dimension."""
    return [document("--no-collect", "--by", name) for name in DAYS]


def test_requests_go_sums_stay_and_a_full_second_reading_changes_nothing(log: Path, home: Path) -> None:
    tokentui("collect", "--once")
    before = sums()
    assert "Would remove 100 requests" in tokentui("retention", "--preview", "--days", "99").stdout
    found = json.loads(tokentui("retention", "--days", "99", "--json").stdout)
    assert (found["requests"], found["bytes"], found["expired"]) == (100, 4_400, 0)
    assert sums() == before

    config = home / ".config" / "tokentui" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("retention_days = 99\n")
    tokentui("collect", "--once")
    said = tokentui("retention").stdout
    assert "No request is old enough to be removed. 100 are sums only already." in said
    assert sums() == before

    # The same requests under another name, and under their own with a new line: all is read again.
    text = log.read_text()
    log.unlink()
    (log.parent / "copy.jsonl").write_text(text)
    log.write_text(text + request(999, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"))
    tokentui("collect", "--once")
    assert document("--no-collect")["totals"]["request_count"] == 201


@pytest.mark.usefixtures("home")
def test_a_retention_that_cannot_be_is_told() -> None:
    assert "at least 60 days" in tokentui("retention", "--days", "5", code=MISUSED).stderr
    assert "for ever" in tokentui("retention", "--days", "0").stdout
    assert "kept for 400 days" in tokentui("retention").stdout

"""When a tool deletes its own logs, as its settings say; then only our database still knows."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.engine_watch import append, log, request
from tests.store_batches import NOW
from tests.test_cli_show import tokentui
from tokentui.config import Settings, paths
from tokentui.engine.discovery import LogFile
from tokentui.engine.health import health
from tokentui.engine.lifetimes import Lifetime, lifetime

DAY = 86_400_000_000


def files(*ages: float) -> list[LogFile]:
    """Return logs that were last written to so many days ago."""
    return [LogFile("s", f"/{age}", 1, round((NOW - age * DAY) * 1_000), 1) for age in ages]


def claude(home: Path, settings: object = None, *ages: float) -> Lifetime:
    """Return what Claude Code does with logs of some ages, with what is in its settings."""
    if settings is not None:
        (home / ".claude").mkdir(exist_ok=True)
        (home / ".claude" / "settings.json").write_text(
            settings if isinstance(settings, str) else json.dumps(settings)
        )
    return lifetime("claude-code", files(*ages), home, {}, NOW)


def test_claude_code_deletes_after_thirty_days_unless_it_is_told_otherwise(home: Path) -> None:
    assert claude(home, None, 3, 25, 10) == (30, NOW + 5 * DAY, 1)
    assert claude(home, {"cleanupPeriodDays": 365}, 3, 25) == (365, NOW + 340 * DAY, 0)
    assert claude(home, {"cleanupPeriodDays": 10}, 25) == (10, NOW - 15 * DAY, 1)
    assert claude(home, {}) == (30, None, 0)


@pytest.mark.parametrize("odd", ['{"cleanupPeriodDays": "x"}', "[]", "{", "", '{"cleanupPeriodDays": true}'])
def test_odd_settings_are_as_none(home: Path, odd: str) -> None:
    assert claude(home, odd, 1).days == 30


def test_a_pipe_in_the_place_of_the_settings_keeps_nobody_waiting(home: Path) -> None:
    (home / ".claude").mkdir()
    os.mkfifo(home / ".claude" / "settings.json")
    assert claude(home, None, 1).days == 30


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        (None, 30), ({"enabled": False}, None), ({"maxAge": "2w"}, 14), ({"maxAge": "48h"}, 2),
        ({"maxAge": ""}, 30),
    ],
)
def test_gemini_cli_deletes_as_its_settings_say(home: Path, rule: object, days: float | None) -> None:
    (home / ".gemini").mkdir()
    (home / ".gemini" / "settings.json").write_text(json.dumps({"general": {"sessionRetention": rule}}))
    assert lifetime("gemini-cli", files(1), home, {}, NOW).days == days
    elsewhere = home / "elsewhere"
    (elsewhere / ".gemini").mkdir(parents=True)
    assert lifetime("gemini-cli", files(1), home, {"GEMINI_CLI_HOME": str(elsewhere)}, NOW).days == 30


def test_codex_deletes_none(home: Path) -> None:
    assert lifetime("codex", files(900), home, {}, NOW) == (None, None, 0)


def test_doctor_tells_it_with_retention_and_prices(home: Path) -> None:
    append(log(home), request("1"))
    os.utime(log(home), (NOW / 1e6, NOW / 1e6))
    tokentui("collect", "--once")
    found = health(paths(os.environ), Settings(retention_days=60), NOW + 28 * DAY)
    source = found.sources[0]
    assert (source.deleted_after_days, source.next_deleted_at, source.deleted_soon) == (30, NOW + 30 * DAY, 1)
    assert (found.database.retention_days, found.database.expired) == (60, 0)
    assert "2024" < found.newest_price < "2027"
    said = tokentui("doctor").stdout
    assert "the tool deletes a log after 30 days, the oldest" in said
    assert "single requests kept for 400 days, sums for ever" in said
    assert "prices of genai-prices" in said

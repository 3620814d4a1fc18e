"""What commands say to a person: progress, findings, the plain report."""

from __future__ import annotations

import io
from datetime import date

import pytest

from tokentui.cli import dashboard, doctor, progress
from tokentui.cli.collect import summary, verification
from tokentui.cli.output import cell_width
from tokentui.cli.progress import ProgressBar, bar_line
from tokentui.engine.collect import Collected
from tokentui.engine.collector import SourceResult
from tokentui.engine.health import BadLineAt, DatabaseHealth, Health, SourceHealth
from tokentui.store.snapshot import Card, ImportProgress, Limit, Snapshot, Usage

NOW = 1_795_258_800_000_000
HOUR = 3_600_000_000
DOLLAR = 1_000_000_000


def collected(tokens: int, cost: int | None, found: tuple[int, ...], unpriced: int = 0) -> Collected:
    """A collection that found so many files for each source."""
    sources = tuple(SourceResult(f"s{n}", f"S{n}", files_found=files) for n, files in enumerate(found))
    return Collected(sources, 5, 7, tokens, cost, unpriced, 0.1)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (collected(15_420, DOLLAR * 52 // 100, (1, 2, 3)),
         "Collected usage from 3 sources. Total tokens: 15,420. Cost: $0.52"),
        (collected(0, 0, (0, 1)), "Collected usage from 1 source. Total tokens: 0. Cost: $0.00"),
        (collected(9, None, (1,), 1),
         "Collected usage from 1 source. Total tokens: 9. Cost: — (1 request has no known price)"),
    ],
)  # fmt: skip
def test_a_collection_ends_with_one_sentence(what: Collected, said: str) -> None:
    assert summary(what) == said


def test_verification_is_four_lines() -> None:
    assert verification(collected(1, 1, (1,))) == (
        "File valid: yes", "Record count: increased from 5 to 7", "Recent record: none",
        "Duplicate timestamps: none",
    )  # fmt: skip


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


HALF = ImportProgress(1_234, 7_500, 250_000_000, 500_000_000, 120_000)


def test_progress_tells_files_requests_rate_and_what_is_left() -> None:
    assert bar_line(HALF, 2.0) == (
        "██████████░░░░░░░░░░  50%  1,234 of 7,500 files  120,000 requests  125 MB/s, 2 s left"
    )
    assert bar_line(ImportProgress(0, 0, 0, 0, 0), 0.0).startswith("█" * 20 + " 100%")


def test_progress_is_for_terminals_and_wiped_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    monkeypatch.setenv("COLUMNS", "40")
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        with ProgressBar(stream) as bar:
            bar(HALF)
            bar(HALF)
    assert pipe.getvalue() == ""
    shown = terminal.getvalue()
    assert shown.endswith(progress.ERASE)
    assert shown.count("50%") == 1
    assert max(cell_width(line) for line in shown.split(progress.ERASE)) < 40


def test_short_work_shows_no_progress() -> None:
    terminal = Terminal()
    with ProgressBar(terminal) as bar:
        bar(HALF)
    assert terminal.getvalue() == ""


def source(**what: object) -> SourceHealth:
    """A source that is well but for what is named."""
    well: dict[str, object] = {
        "name": "codex", "title": "Codex", "state": "ok", "roots": ("/r",), "files": 3, "files_gone": 0,
        "records": 1_200, "bad_line_count": 0, "bad_lines": (), "anomalies": 0, "lag_seconds": 0.0,
        "unread_bytes": 0, "unfinished_bytes": 0, "last_read_at": NOW - 2 * HOUR, "errors": (),
    }  # fmt: skip
    return SourceHealth(**{**well, **what})  # type: ignore[arg-type]


def database(**what: object) -> DatabaseHealth:
    """A database that is well but for what is named."""
    well: dict[str, object] = {
        "path": "/d/tokentui.db", "size_bytes": 1_000_000, "records": 10_000, "bytes_per_record": 100.0,
        "integrity": "ok", "sqlite_version": "3.50.7", "sqlite_note": "", "schema_version": 1,
        "journal_mode": "wal", "writable": True, "backups": 2, "last_backup_at": NOW,
        "unpriced_models": (), "notices": (),
    }  # fmt: skip
    return DatabaseHealth(**{**well, **what})  # type: ignore[arg-type]


def test_doctor_tells_a_healthy_story() -> None:
    assert doctor.described(Health((source(),), database()), NOW, colour=False) == (
        "Codex: ok\n"
        "  looked in /r\n"
        "  3 logs, 1,200 requests\n"
        "  last read 2 h ago\n"
        "\n"
        "Database: ok\n"
        "  /d/tokentui.db\n"
        "  1.0 MB, 10,000 requests, 100 bytes each\n"
        "  schema 1, wal journal, writable\n"
        "  2 backups, the newest of 2026-11-21 11:00 UTC\n"
        "  single requests kept for ever, sums for ever\n"
        "  SQLite 3.50.7\n"
    )


def test_doctor_counts_one_as_one_and_names_a_model_once() -> None:
    one = source(files=1, records=1, files_gone=1, unread_bytes=1, anomalies=1, bad_line_count=1)
    said = doctor.described(Health((one,), database(unpriced_models=("m", "m", "n"))), NOW, colour=False)
    for text in ("1 log, 1 request\n", "1 more log deleted", "1 byte not", "1 value repaired", "1 bad line,"):
        assert text in said
    assert "price: m, n\n" in said


def test_doctor_tells_everything_that_is_wrong() -> None:
    bad = tuple(BadLineAt("/r/\x1b[31mx.jsonl", line, "not valid JSON") for line in range(1, 31))
    sick = source(
        state="error", files_gone=4, bad_line_count=40, bad_lines=bad, anomalies=2, unread_bytes=512,
        lag_seconds=7_300.0, errors=("/r/y.jsonl: Permission denied\x07",),
    )  # fmt: skip
    unpriced = tuple(f"m{n}" for n in range(12))
    worn = database(integrity="row 5 missing", unpriced_models=unpriced, writable=False)
    said = doctor.described(Health((sick,), worn), NOW, colour=False)
    for line in (
        "Codex: error",
        "4 more logs deleted since; their requests are kept",
        "512 bytes not read yet, the oldest 2 h ago",
        "2 values repaired",
        "/r/y.jsonl: Permission denied\n",
        "40 bad lines",
        "/r/x.jsonl, line 1: not valid JSON",
        "and 30 more\n",
        "Database: row 5 missing",
        "read-only",
        "m9 and 2 more",
    ):
        assert line in said
    assert not set(said) & set("\x1b\x07")
    assert "\x1b[31merror" in doctor.described(Health((sick,), worn), NOW, colour=True)


def test_the_plain_report_has_days_months_and_limits() -> None:
    used = Usage(request_count=3, uncached_input_tokens=1_000_000, output_tokens=500, cost=2 * DOLLAR)
    partly = Usage(request_count=3, output_tokens=500, cost=DOLLAR, unpriced_request_count=1)
    limits = (
        Limit("codex", "codex", 300, 92.4, NOW + HOUR, NOW),
        Limit("codex", "codex", 10_080, None, None, NOW),
        Limit("other", "by name", 0, 5.0, NOW - 1, NOW),
    )
    cards = (
        Card("codex", "Codex", "", "pro", used, used, (), (), limits, NOW - 2 * HOUR),
        Card("claude-code", "Claude Code", "wo\x1b[1mrk", "", Usage(), partly, (), (), (), None),
        Card("gemini-cli", "Gemini CLI", "", "", Usage(), used, (), (), (), None, "floor"),
    )
    snapshot = Snapshot(
        date(2026, 11, 21), "UTC", used, totals_month=used, cards=cards, notices=("read-only\x07",)
    )
    said = dashboard.status(snapshot, NOW, width=200, colour=False)
    head, titles, codex, claude, gemini, _, total, notice = said.splitlines()
    assert head == "2026-11-21 (UTC)"
    assert titles.split() == ["Service", "Today", "Tokens", "Month", "Tokens", "Last", "used", "Limits"]
    assert codex.split("  ")[0] == "Codex"
    assert codex.endswith("2 h  5 h 92 % (1h00 left), week —, by name 5 %")
    assert claude.startswith("Claude Code · work")
    assert "≥$1.00" in claude
    assert gemini.split()[2:6] == ["$0.00", "0", "≥$2.00", "≥1.0M"], "not of nothing"
    assert total.split() == ["Total", "$2.00", "1.0M", "≥$2.00", "≥1.0M"]
    assert notice == "read-only"
    for width in (45, 80, 120):
        lines = dashboard.status(snapshot, NOW, width=width, colour=False).splitlines()
        assert max(map(cell_width, lines)) <= width
        assert "$2.00" in lines[2]

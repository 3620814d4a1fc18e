"""From a log on disk to a report: the whole way."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest
from jsonschema import Draft202012Validator

from tokentui.cli import FAILED, MISUSED, OK, run
from tokentui.cli.show import schema_text
from tokentui.sources.logs import compiled
from tokentui.store.place import Place


class Said(NamedTuple):
    """What the program wrote."""

    stdout: str
    stderr: str


def tokentui(*arguments: str, code: int = OK, **environ: str) -> Said:
    """Run one command line in the test's home, in this process, and check how it ended."""
    out, err = io.StringIO(), io.StringIO()
    with mock.patch.dict(os.environ, environ), redirect_stdout(out), redirect_stderr(err):
        ended = run(arguments)
    said = Said(out.getvalue(), err.getvalue())
    assert ended == code, said.stderr
    assert "this is a bug" not in said.stderr
    return said


def document(*arguments: str, **environ: str) -> Any:
    """What `show --json` says, held against its schema."""
    read = json.loads(tokentui("show", "--json", *arguments, **environ).stdout)
    Draft202012Validator(json.loads(schema_text())).validate(read)
    return read


def request(
    number: int, time: str, model: str = "claude-opus-4-8", cwd: str = "/work/shop", **usage: int
) -> str:
    """One line of a Claude Code log."""
    counts = {"input_tokens": 10, "output_tokens": 100, **usage}
    message = {"id": f"msg_{number}", "role": "assistant", "model": model, "usage": counts}
    line = {
        "type": "assistant", "requestId": f"req_{number}", "sessionId": "5e55", "cwd": cwd, "timestamp": time,
        "gitBranch": "main", "version": "2.3.41", "message": message,
    }  # fmt: skip
    return json.dumps(line) + "\n"


@pytest.fixture
def log(home: Path) -> Path:
    """A Claude Code log with four requests on two days."""
    path = home / ".claude" / "projects" / "-work-shop" / "5e55.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(
        request(1, "2026-11-20T22:30:00.000Z", cache_read_input_tokens=1_000_000)
        + request(2, "2026-11-20T23:30:00.000Z", "claude-haiku-4-5-20251001")
        + request(3, "2026-11-21T10:00:00.000Z", cwd="/work/infra")
        + request(4, "2026-11-21T11:00:00.000Z", "made-up-model-9")
    )
    return path


def test_a_new_line_is_in_the_next_report(log: Path) -> None:
    assert document()["totals"]["request_count"] == 4
    with log.open("a") as more:
        more.write(request(5, "2026-11-21T12:00:00.000Z"))
    assert document("--no-collect")["totals"]["request_count"] == 4
    assert document()["totals"]["request_count"] == 5


@pytest.mark.usefixtures("log")
def test_days_begin_in_the_set_zone(home: Path) -> None:
    def days(*arguments: str, **environ: str) -> dict[str, int]:
        found = document("--by", "day", *arguments, **environ)
        return {group["key"]["day"]: group["request_count"] for group in found["groups"]}

    assert days() == {"2026-11-20": 2, "2026-11-21": 2}
    assert days("--tz", "Europe/Berlin") == {"2026-11-20": 1, "2026-11-21": 3}
    assert days(TZ="Europe/Berlin") == {"2026-11-20": 1, "2026-11-21": 3}
    (home / ".config" / "tokentui").mkdir(parents=True)
    (home / ".config" / "tokentui" / "config.toml").write_text('time_zone = "America/New_York"\n')
    assert days(TZ="Europe/Berlin") == {"2026-11-20": 2, "2026-11-21": 2}
    assert document()["timezone"] == "America/New_York"


@pytest.mark.usefixtures("log")
def test_the_range_is_what_was_asked_for_or_what_there_is() -> None:
    tokentui("collect", "--once")
    assert [document("--no-collect")[end] for end in ("from", "to")] == ["2026-11-20", "2026-11-21"]
    one = document("--no-collect", "--from", "2026-11-21", "--to", "2026-11-30")
    assert (one["from"], one["to"], one["totals"]["request_count"]) == ("2026-11-21", "2026-11-30", 2)
    none = document("--no-collect", "--filter", "model:nothing")
    assert (none["from"], none["to"], none["groups"]) == (None, None, [])


@pytest.mark.usefixtures("log")
def test_filters_choose_what_is_counted() -> None:
    tokentui("collect", "--once")

    def count(*arguments: str) -> int:
        return int(document("--no-collect", *arguments)["totals"]["request_count"])

    assert count("--filter", "model:opus*") == 2
    assert count("--filter", "model:opus*,haiku*") == 3
    assert count("--filter", "-model:opus*") == 2
    assert count("--filter", "provider:anthropic project:shop since:2026-11-20 until:2026-11-20") == 2
    assert count("--project", "infra") == 1
    assert count("--project", "/work/shop", "--filter", "branch:main", "--filter", "since:2026-11-21") == 1
    assert count("--by", "model", "--filter", "tokens:>1M") == 2
    assert count("--by", "model", "--filter", "cost:>1000") == 0


@pytest.mark.usefixtures("log")
def test_detailed_is_by_model_and_has_every_token() -> None:
    assert document("--detailed")["group_by"] == ["model"]
    assert document("--no-collect", "-d", "--by", "day")["group_by"] == ["day", "model"]
    assert document("--no-collect", "-d", "--by", "day,project")["group_by"] == ["day", "project"]
    head, *rows = tokentui("show", "--no-collect", "-d", "--cost").stdout.splitlines()[1:]
    assert head.split()[:4] == ["Model", "Requests", "Uncached", "Cache"]
    assert rows[0].split()[:4] == ["claude-opus-4-8", "2", "20", "1,000,000"]


@pytest.mark.usefixtures("log")
def test_an_unknown_model_has_no_cost_and_is_named() -> None:
    groups = {group["key"]["model"]: group for group in document("--by", "model")["groups"]}
    assert groups["made-up-model-9"]["cost"] is None
    assert groups["made-up-model-9"]["unpriced_request_count"] == 1
    assert float(groups["claude-opus-4-8"]["cost"]) > 0
    said = tokentui("show", "--no-collect").stdout
    assert "≥$" in said
    assert said.endswith("1 request has no known price, not in the cost: made-up-model-9\n")


@pytest.mark.usefixtures("log")
def test_only_the_models_of_the_report_are_named_as_unpriced(log: Path) -> None:
    with log.open("a") as more:
        more.write(request(5, "2026-11-19T11:00:00.000Z", "another-made-up-model"))
        more.write(request(6, "2026-11-19T11:00:00.000Z", "another-made-up-model", cwd="/work/infra"))
    said = tokentui("show", "--from", "2026-11-20", "--filter", "tokens:>1").stdout
    assert said.endswith("not in the cost: made-up-model-9\n")
    said = tokentui("show", "--project", "infra").stdout
    assert said.endswith("not in the cost: another-made-up-model\n")


@pytest.mark.usefixtures("log")
def test_nothing_found_is_told_as_what_it_is() -> None:
    assert tokentui("show", "--filter", "model:none").stdout == "No usage that matches.\n"
    assert tokentui("show", "--project", "none").stdout == "No usage that matches.\n"
    said = tokentui("show", "--from", "2030-01-01", "--filter", "model:*").stdout
    assert said == "No usage from 2030-01-01 to today (UTC) that matches.\n"
    assert tokentui("show", "--to", "9999-12-31", "--tz", "Etc/GMT+12").stdout.endswith("made-up-model-9\n")
    said = tokentui("show", "--to", "2001-01-01").stdout
    assert said == "No usage from the beginning to 2001-01-01 (UTC).\n"


def test_a_hostile_home_commands_no_terminal(tmp_path: Path) -> None:
    home = tmp_path / "\x1b]0;PWNED\x07\u202e"
    said = tokentui("show", HOME=str(home)).stdout
    assert "No usage is recorded in" in said
    assert not set(said) & set("\x1b\x07\u202e")


@pytest.mark.usefixtures("log")
def test_csv_has_the_same_figures() -> None:
    rows = list(csv.DictReader(io.StringIO(tokentui("show", "--by", "project", "--csv").stdout)))
    groups = document("--no-collect", "--by", "project")["groups"]
    assert [row["project"] for row in rows] == [group["key"]["project"] for group in groups]
    assert [int(row["total_tokens"]) for row in rows] == [group["total_tokens"] for group in groups]


def test_a_hostile_log_commands_no_terminal(log: Path) -> None:
    evil = "\x1b]52;c;aGk=\x07\x9b31m=cmd|' /C calc'!A0\u202e[/bold]\r\n"
    log.write_text(request(9, "2026-11-21T10:00:00.000Z", model=f"m{evil}", cwd=f"/work/{evil}"))
    for form in ((), ("--json",), ("--csv",), ("-d",)):
        for by in ("model", "project"):
            shown = tokentui("show", "--by", by, *form).stdout
            assert not set(shown) & set("\x1b\x07\x9b\u202e")
            assert shown.count("\n") < 10


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2026-11-21", "--to", "2026-11-20"), "--from 2026-11-20 --to 2026-11-21"),
        (("--from", "2026-11-31"), "2026-11-30"),
        (("--to", "someday"), "last month"),
        (("--by", "planet"), "project"),
        (("--by", "day", "--by", "week", "--by", "model"), "two at most"),
        (("--sort", "colour"), "cost:asc"),
        (("--filter", "colour:red"), "^"),
        (("--json", "--csv"), "choose one"),
        (("--historical", "--no-collect"), "choose one"),
        (("--to", "2026-11-10", "--filter", "since:2026-11-15"), "--from 2026-11-10 --to 2026-11-15"),
    ],
)
def test_a_mistake_ends_with_2_and_shows_what_is_right(arguments: tuple[str, ...], said: str) -> None:
    assert said in tokentui("show", *arguments, code=MISUSED).stderr


def test_nothing_at_all_is_said_and_is_no_failure() -> None:
    assert "No usage is recorded" in tokentui("show").stdout
    assert document("--no-collect")["totals"]["request_count"] == 0


def test_a_broken_price_file_stops_no_report(log: Path, home: Path) -> None:
    tokentui("collect", "--once")
    with log.open("a") as more:
        more.write(request(5, "2026-11-21T12:00:00.000Z"))
    (home / ".config" / "tokentui").mkdir(parents=True)
    (home / ".config" / "tokentui" / "prices.toml").write_text("[[price]\n")
    assert document()["totals"]["request_count"] == 5
    assert "prices.toml" in tokentui("doctor").stdout
    assert "prices.toml" in json.loads(tokentui("doctor", "--json").stdout)["prices"]["problem"]


@pytest.mark.usefixtures("log")
def test_collect_says_what_it_found_and_verifies_in_four_lines() -> None:
    first = tokentui("collect", "--once", "--verify").stdout.splitlines()
    assert first[0].startswith("Collected usage from 1 source. Total tokens: 1,000,440. Cost: $")
    assert first[0].endswith("(1 request has no known price)")
    assert first[1:3] == ["File valid: yes", "Record count: increased from 0 to 4"]
    assert first[3].startswith("Recent record: 2026-11-21")
    assert first[4:] == ["Duplicate timestamps: none"]
    again = tokentui("collect", "claude", "--verify").stdout.splitlines()
    assert again[2] == "Record count: unchanged at 4"


def test_collect_without_logs_asks_for_a_source() -> None:
    said = tokentui("collect", "--once", code=FAILED).stderr
    assert said.startswith("tokentui: No configuration found. Run configure-source first\n")
    assert "tokentui detect" in said


@pytest.mark.usefixtures("log")
def test_a_database_that_takes_no_writes_is_still_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokentui("collect", "--once")
    database = home / ".local" / "share" / "tokentui" / "tokentui.db"
    notice = "the database is read-only"
    here = Place(str(database), {}, (notice,), writable=False)
    monkeypatch.setattr("tokentui.engine.database.choose", lambda *_: here)
    done = tokentui("show", "--json")
    assert json.loads(done.stdout)["totals"]["request_count"] == 4
    assert notice in done.stderr
    assert notice in tokentui("collect", "--once", code=FAILED).stderr


def test_collect_knows_its_sources() -> None:
    said = tokentui("collect", "clod", code=MISUSED).stderr
    assert "claude-code, codex, gemini-cli" in said


@pytest.mark.usefixtures("log")
def test_while_another_one_collects_everything_can_be_read() -> None:
    command = [sys.executable, "-m", "tokentui", "collect"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert "collecting" in other.stdout.readline()
        assert "4 new" in other.stdout.readline()
        assert "collecting already" in tokentui("collect", "--once").stdout
        assert document()["totals"]["request_count"] == 4
        other.terminate()


@pytest.mark.usefixtures("log")
def test_a_status_without_a_terminal_shows_the_month() -> None:
    tokentui("collect", "--once")
    done = tokentui(code=MISUSED)
    assert "Claude Code" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_doctor_names_the_bad_line(log: Path) -> None:
    log.write_text(log.read_text() + '{"type":"assistant","message":{"usage":{"input_tokens":1\n')
    tokentui("collect", "--once")
    found = json.loads(tokentui("doctor", "--json").stdout)
    claude = found["sources"][0]
    assert (claude["state"], claude["files"], claude["records"]) == ("ok", 1, 4)
    assert [(bad["path"], bad["line"]) for bad in claude["bad_lines"]] == [(str(log), 5)]
    assert found["database"]["integrity"] == "ok"
    assert "line 5" in tokentui("doctor").stdout


def test_doctor_tells_which_parsers_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "Transcript", None)
    assert json.loads(tokentui("doctor", "--json").stdout)["parsers"] == "plain"
    assert "Parsers: plain" in tokentui("doctor").stdout
    monkeypatch.setattr(compiled, "Transcript", object)
    assert json.loads(tokentui("doctor", "--json").stdout)["parsers"] == "compiled"
    assert "Parsers: plain" not in tokentui("doctor").stdout


@pytest.mark.usefixtures("log")
def test_detect_tells_what_it_found_and_why_there(home: Path) -> None:
    [claude, *others] = json.loads(tokentui("detect", "--json").stdout)["sources"]
    assert (claude["found"], claude["files"], claude["version"]) == (True, 1, "2.3.41")
    assert not any(other["found"] for other in others)
    moved = tokentui("detect", CLAUDE_CONFIG_DIR=str(home / "elsewhere")).stdout
    assert "Claude Code: not found" in moved
    assert f"because CLAUDE_CONFIG_DIR={home}/elsewhere" in moved


@pytest.mark.usefixtures("log")
def test_the_demo_shows_its_own_history_and_leaves_nothing(home: Path, tmp_path: Path) -> None:
    before = sorted(home.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-m", "tokentui", "demo", "--days", "5"],
        env={**os.environ, "TMPDIR": str(tmp_path), "CODEX_HOME": "/nowhere"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for tool in ("claude-code", "codex", "gemini-cli"):
        assert tool in done.stdout
    assert sorted(home.rglob("*")) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]

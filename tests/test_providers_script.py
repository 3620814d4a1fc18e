"""A script of the user's: what it prints is counted once, and whatever it does the engine goes on."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.provider_fixtures import SPAN
from tests.store_batches import NOW, at
from tokentui import config
from tokentui.billing import FEATURES, Account, Balance, Feature, Fetched
from tokentui.config import Settings
from tokentui.engine.accounts import Accounts
from tokentui.engine.collect import collect_once
from tokentui.engine.health import health
from tokentui.sources import programs, providers
from tokentui.sources.logs import script_lines
from tokentui.sources.providers import script
from tokentui.sources.providers.errors import Refused, Unavailable
from tokentui.sources.providers.http import Client, Hosts
from tokentui.store import open_writer

REQUEST = {
    "v": 1, "kind": "request", "id": "r-1", "time": "2026-11-20T10:00:00Z", "provider": "openai",
    "model": "gpt-5", "uncached_input_tokens": 1200, "output_tokens": 340, "cost": "0.0123", "session": "s1",
    "provenance": "manual",
}  # fmt: skip
LIMIT = {"v": 1, "kind": "limit", "id": "monthly", "used_percent": 41.5, "resets_at": "2026-12-01T00:00:00Z"}
BALANCE = {"v": 1, "kind": "balance", "amount": "12.50", "currency": "EUR", "name": "credits"}
BUCKET = {"v": 1, "kind": "bucket", "day": "2026-11-20", "model": "gpt-5", "requests": 3, "cost": "1.25"}
ALL = [REQUEST, LIMIT, BALANCE, BUCKET]

Write = Callable[..., None]


@pytest.fixture
def write(home: Path) -> Write:
    """Writes providers.toml with a script that runs Python."""

    def put(program: str, **more: str) -> None:
        folder = home / ".config" / "tokentui"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "usage.py").write_text(program)
        command = json.dumps([sys.executable, "-S", str(folder / "usage.py")])
        block = f'[mine]\ncommand = {command}\nprovides = ["balance", "cost", "history"]\n'
        block += "".join(f"{name} = {value}\n" for name, value in more.items())
        (folder / "providers.toml").write_text(block)

    return put


def printing(*lines: object) -> str:
    """A program that prints these lines."""
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    return f"import sys; sys.stdout.write({text!r})"


async def fetched(feature: Feature, now: int = NOW) -> Fetched:
    """What the script says of one feature."""
    row, account = providers.rows()["mine"], Account("mine")
    asking = Client(Hosts(), row, account, lambda: "", now)
    found: Fetched = await row.load().FETCHES[feature](asking, account, SPAN)
    return found


def requests() -> list[tuple[Any, ...]]:
    """Collect; return what is stored."""
    paths = config.paths(os.environ)
    collect_once(paths, Settings())
    writer = open_writer(paths.database, "UTC")
    try:
        return writer.connection.execute(
            "SELECT r.time, r.uncached_input_tokens, r.output_tokens, r.recorded_cost, c.provenance"
            " FROM usage_records AS r JOIN usage_contexts AS c ON c.id = r.context_id ORDER BY r.time"
        ).fetchall()
    finally:
        writer.close()


async def test_what_it_prints_becomes_requests_limits_balances_and_days(write: Write) -> None:
    write(printing(*ALL))
    limits = await fetched("limits")
    (limit,) = limits.limits
    assert (limit.limit_id, limit.used_percent, limit.resets_at) == ("monthly", 41.5, at("2026-12-01"))
    assert limit.origin == "script"
    assert (await fetched("balance")).balances == (Balance(12_500_000_000, "EUR", "credits"),)
    (spent,) = (await fetched("cost")).buckets
    assert (spent.start, spent.cost) == (at("2026-11-20"), 1_250_000_000)
    (used,) = (await fetched("history")).buckets
    assert (used.model, used.request_count) == ("gpt-5", 3)
    assert "1 request, 1 limit" in limits.notes[0]


async def test_each_request_counts_once_however_often_it_is_printed(write: Write) -> None:
    write(printing(REQUEST, REQUEST, {**REQUEST, "id": "r-2", "time": 1_795_219_199}))
    await fetched("limits")
    expected = [
        (at("2026-11-20T10:00:00"), 1200, 340, 12_300_000, "manual"),
        (NOW - 1_000_000, 1200, 340, 12_300_000, "manual"),
    ]
    assert await asyncio.to_thread(requests) == expected
    write(printing({**REQUEST, "id": "r-2", "time": 1_795_219_199}, {**REQUEST, "id": "r-3"}))
    await fetched("limits")
    assert len(await asyncio.to_thread(requests)) == 3, "what is printed no longer stays"


async def test_one_run_answers_all_questions(write: Write, home: Path) -> None:
    runs = home / "runs"
    write(f"open({str(runs)!r}, 'a').write('x')\n{printing(*ALL)}")
    for feature in FEATURES:
        await fetched(feature)
    assert runs.read_text() == "x"


async def test_lines_that_cannot_be_read_cost_themselves_and_are_told(write: Write) -> None:
    write(printing("oops", {**REQUEST, "output_tokens": -1}, REQUEST, {"v": 2, "kind": "request"}, [1]))
    found = await fetched("limits")
    assert "4 lines cannot be read, the first: line 1, no JSON" in found.notes[1]
    assert len(await asyncio.to_thread(requests)) == 1
    writer = open_writer(config.paths(os.environ).database, "UTC")
    bad = writer.connection.execute("SELECT line, reason FROM bad_lines ORDER BY line").fetchall()
    writer.close()
    assert bad == [(1, "no JSON"), (2, "`output_tokens` is no count"), (4, "`v` is not 1"), (5, "no object")]


WRONG_LINES = [
    ({**REQUEST, "id": None}, "`id` is missing"),
    ({**REQUEST, "time": "soon"}, "`time` is no time"),
    ({**REQUEST, "output_tokens": 1e30}, "`output_tokens` is no count"),
    ({**REQUEST, "output_tokens": True}, "`output_tokens` is no count"),
    ({**REQUEST, "reasoning_output_tokens": 999}, "`reasoning_output_tokens` is more"),
    ({**REQUEST, "provenance": "billed"}, "`provenance` is neither"),
    ({**REQUEST, "quality": "best"}, "`quality` is none of"),
    ({**REQUEST, "cost": "NaN"}, "`cost` is no amount"),
    ({**REQUEST, "kind": "song"}, "`kind` is none of"),
    ({**LIMIT, "used_percent": -1}, "`used_percent` is no share"),
    ({**BALANCE, "currency": "euros"}, "`currency` is none such as USD"),
    ({**BUCKET, "day": "today"}, "`day` is no date"),
    ({"v": 1, "kind": "bucket", "day": "2026-11-20"}, "neither use nor cost"),
]


@pytest.mark.parametrize(("line", "reason"), WRONG_LINES, ids=range(len(WRONG_LINES)))
def test_a_wrong_line_says_what_is_wrong_with_it(line: dict[str, object], reason: str) -> None:
    said = script.understood(json.dumps(line).encode(), Account("mine"), NOW)
    assert said.bad_lines == 1
    assert reason in said.first_bad


async def test_it_gets_no_key_no_terminal_and_no_shell(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-canary")
    monkeypatch.setenv("INNOCENT_NAME", "sk-canary")
    monkeypatch.setenv("ACME_PROFILE", "work")
    write(
        "import json, os, sys\n"
        "names = sorted(name for name, value in os.environ.items() if 'canary' in value)\n"
        "print(json.dumps({'v': 1, 'kind': 'balance', 'amount': len(names),"
        " 'name': os.environ['ACME_PROFILE'] + str(sys.stdin.isatty()) + os.getcwd()}))",
        environment='["ACME_PROFILE"]',
    )
    assert (await fetched("balance")).balances == (Balance(0, "USD", "workFalse/"),)


@pytest.mark.parametrize(
    ("program", "more", "told"),
    [
        ("raise SystemExit(3)", {}, "it ended with 3"),
        ("import os; os.kill(os.getpid(), 9)", {}, "it was ended by signal 9"),
        ("import time; time.sleep(60)", {"timeout": "1"}, "did not answer in time and was killed"),
        ("import os, time; os.close(1); time.sleep(60)", {"timeout": "1"}, "did not end in time"),
        ("print('x' * (5 << 20))", {}, "printed more than 4 MiB"),
    ],
    ids=["fails", "dies", "hangs", "closes and hangs", "floods"],
)  # fmt: skip
async def test_a_script_that_misbehaves_is_an_account_in_trouble(
    write: Write, program: str, more: dict[str, str], told: str
) -> None:
    write(program, **more)
    with pytest.raises(Unavailable) as caught:
        await fetched("limits")
    assert told in str(caught.value)
    assert "providers.toml" in caught.value.hint


async def test_a_script_that_is_not_there_is_told(write: Write, home: Path) -> None:
    write("")
    (home / ".config/tokentui/providers.toml").write_text('[mine]\ncommand = ["/no/such/program"]\n')
    with pytest.raises(Refused, match="there is no program program"):
        await fetched("limits")


async def test_all_that_a_script_started_is_killed_with_it(write: Write, home: Path) -> None:
    pid = home / "pid"
    write(
        "import subprocess, time\n"
        f"child = subprocess.Popen(['sleep', '60']); open({str(pid)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)",
        timeout="3",
    )
    with pytest.raises(Unavailable):
        await fetched("limits")
    assert gone(int(pid.read_text()))


async def test_a_script_that_is_broken_off_is_killed_at_once(write: Write, home: Path) -> None:
    pid = home / "pid"
    program = f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    write(program)
    task = asyncio.create_task(fetched("limits"))
    while not pid.exists() or not pid.read_text():
        await asyncio.sleep(0.01)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < 1.5
    assert gone(int(pid.read_text()))


def gone(pid: int) -> bool:
    """Whether a process has ended, or does within two seconds."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        threading.Event().wait(0.01)
    return False


async def test_what_it_printed_is_kept_for_its_owner_and_stays_when_it_is_the_same(write: Write) -> None:
    write(printing(REQUEST))
    await fetched("limits")
    path = Path(script_lines.folder(os.environ)) / "mine@.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    before = path.stat()
    script.keep(path.read_bytes(), Account("mine"), os.environ)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert os.listdir(path.parent) == ["mine@.jsonl"]


async def test_a_full_disk_is_told_and_leaves_no_half_file(write: Write, home: Path) -> None:
    write(printing(REQUEST))
    (home / ".local/state/tokentui").mkdir(parents=True)
    (home / ".local/state/tokentui/scripts").write_text("in the way")
    with pytest.raises(Unavailable, match="cannot be kept"):
        await fetched("limits")


def test_the_account_of_a_script_needs_no_key_and_is_tested_by_running_it(write: Write) -> None:
    write(printing(*ALL, "oops"))
    accounts = Accounts(config.paths(os.environ), Settings())
    report = accounts.test(Account("mine"))
    assert report.summary == "it printed 1 request, 1 limit, 1 balance, 2 buckets"
    assert report.warnings == ("a line cannot be read: line 5, no JSON",)
    assert accounts.add(Account("mine")).title == "mine"
    assert not Path(script_lines.folder(os.environ)).exists(), "a test stores nothing"


def test_an_error_quotes_nothing_that_was_printed() -> None:
    said = script.understood(b'{"v":1,"kind":"sk-canary"}\nsk-canary\n', Account("mine"), NOW)
    assert "canary" not in said.first_bad


async def test_collect_runs_the_script_of_an_account_and_counts_its_requests(write: Write) -> None:
    write(printing(*ALL))
    paths = config.paths(os.environ)
    await asyncio.to_thread(Accounts(paths, Settings()).add, Account("mine"))
    await asyncio.to_thread(lambda: collect_once(paths, Settings(), poll=True))
    assert len(await asyncio.to_thread(requests)) == 1


def test_the_environment_of_programs_names_no_secret() -> None:
    from tokentui.secrets.environment import may_be_secret

    assert not [name for name in programs.PASSED_ON if may_be_secret(name, "x")]


async def test_health_tells_the_lines_that_cannot_be_read_and_names_no_empty_spool(write: Write) -> None:
    write(printing(REQUEST, "oops"))
    paths = config.paths(os.environ)
    before = await asyncio.to_thread(lambda: health(paths, Settings(), NOW))
    assert {source.name for source in before.sources} == {"claude-code", "codex", "gemini-cli"}
    await fetched("limits")
    await asyncio.to_thread(requests)
    after = await asyncio.to_thread(lambda: health(paths, Settings(), NOW))
    scripts = after.sources[-1]
    assert (scripts.title, scripts.bad_line_count) == ("Your scripts", 1)
    assert (scripts.bad_lines[0].line, scripts.bad_lines[0].reason) == (2, "no JSON")

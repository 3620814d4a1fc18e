"""The command line as a whole: what starts fast, how it ends, what it says when it cannot go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tokentui import __version__
from tokentui.cli import COMMANDS, FAILED, INTERRUPTED, MISUSED, OK, PIPE_CLOSED, Failure, cli, run

HEAVY = (
    "textual", "rich", "plotext", "genai_prices", "pydantic", "httpx", "keyring", "peewee", "asyncio",
    "importlib.metadata", "jsonschema", "tomllib", "tomli_w",
)
"""Modules that a report must not wait for."""


def tokentui(*arguments: str, code: int = OK) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own and check how it ended."""
    done = subprocess.run(
        [sys.executable, "-m", "tokentui", *arguments], capture_output=True, text=True, input="", check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_the_version_is_told_without_importing_anything_else() -> None:
    program = (
        "import sys; before = set(sys.modules); sys.argv = ['tokentui', '--version']\n"
        "from tokentui.__main__ import main; code = main()\n"
        "print(code, sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"tokentui {__version__}\n0 ['tokentui', 'tokentui.__main__']\n"
    assert tokentui("-V").stdout == tokentui("--version").stdout


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (["show", "--json"], ["_hashlib"]), (["collect", "--once"], ["_hashlib"]), (["show", "--help"], []),
        (["--help"], []),
    ],
)  # fmt: skip
def test_reports_wait_for_no_heavy_module(arguments: list[str], more: list[str], home: Path) -> None:
    log = home / ".claude" / "projects" / "-work" / "s.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text("")
    tokentui("collect", "--once")  # the first time makes the database, which takes its schema from Peewee
    program = (
        f"import sys; sys.argv = ['tokentui', *{arguments!r}]\n"
        "from tokentui.__main__ import main; code = main()\n"
        f"print('loaded:', [name for name in {(*HEAVY, *more)!r} if name in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: [] 0"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str) -> None:
    done = tokentui(name, "--help")
    assert done.stdout.startswith(f"Usage: tokentui {name}")
    assert name in tokentui("--help").stdout


def test_what_cannot_be_understood_ends_with_2_and_says_where_help_is() -> None:
    assert "tokentui --help" in tokentui("shwo", code=MISUSED).stderr
    said = tokentui("show", "--jsno", code=MISUSED).stderr
    assert said.startswith("tokentui show: ")
    assert "tokentui show --help" in said


def test_usage_show_is_show() -> None:
    assert tokentui("usage", "show", "--schema").stdout == tokentui("show", "--schema").stdout


def test_a_reader_who_has_seen_enough_ends_it_quietly() -> None:
    program = [sys.executable, "-m", "tokentui", "show", "--schema"]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run(program, stdout=closed, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (PIPE_CLOSED, "")


@pytest.mark.parametrize("arguments", [["show", "--schema"], ["--version"]])
def test_a_full_disk_behind_the_output_is_told(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tokentui", *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )
    assert done.returncode == FAILED
    assert done.stderr == "tokentui: No space left on device\n"


@pytest.mark.parametrize("arguments", ["show --schema", "--version", "doctor"])
def test_no_output_at_all_is_no_trouble(arguments: str) -> None:
    done = subprocess.run(f"{sys.executable} -m tokentui {arguments} >&- 2>&-", shell=True, check=False)
    assert done.returncode == OK


def test_a_command_is_told_in_one_whole_line() -> None:
    listed = tokentui("--help").stdout.partition("Commands:\n")[2].splitlines()
    assert len(listed) == len(COMMANDS)
    assert not any(line.endswith("...") for line in listed)


def test_usage_alone_asks_for_a_command() -> None:
    said = tokentui("usage", code=MISUSED).stderr
    assert said.splitlines() == [
        "tokentui usage: Missing command.", "tokentui usage --help shows what it takes"
    ]  # fmt: skip


def test_a_source_in_the_settings_that_there_is_not_is_told(home: Path) -> None:
    folder = home / ".config" / "tokentui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('sources_off = ["gemini", "codex"]\n[extra_roots]\nclaude = ["/a"]\n')
    first, second = tokentui("detect").stderr.splitlines()
    assert "sources_off names no source: “gemini” (known: claude-code, codex, gemini-cli)" in first
    assert "extra_roots names no source: “claude”" in second


def test_ctrl_c_ends_it_quietly(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "invoke", interrupted)
    assert run(["detect"]) == INTERRUPTED
    assert capfd.readouterr() == ("", "")


def test_a_failure_names_what_happened_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise Failure("the disk \x1b[31mis on fire\x07", hint="put it out")

    monkeypatch.setattr(cli, "invoke", fail)
    assert run(["detect"]) == FAILED
    assert capfd.readouterr().err == "tokentui: the disk is on fire\nput it out\n"


def test_a_bug_tells_its_place_and_no_values(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> None:
        raise ValueError("sk-secret")

    monkeypatch.setattr(cli, "invoke", broken)
    assert run(["detect"]) == FAILED
    said = capfd.readouterr().err
    assert "ValueError at test_cli_main.py:" in said
    assert "sk-secret" not in said


def test_broken_settings_are_named_by_file_and_line(home: Path) -> None:
    folder = home / ".config" / "tokentui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('\nweek_start = "someday"\n')
    said = tokentui("show", code=FAILED).stderr
    assert "config.toml, line 2: week_start" in said
    (folder / "config.toml").write_text("colour = 1\n")
    assert "unknown setting" in tokentui("show", "--no-collect").stderr


def test_a_wrong_time_zone_ends_with_2() -> None:
    assert "Europe/Berlin" in tokentui("show", "--tz", "Mars/Base", code=MISUSED).stderr


def test_without_a_terminal_there_is_a_plain_report_and_a_hint() -> None:
    done = tokentui(code=MISUSED)
    assert "No usage is recorded yet" in done.stdout
    assert "not a terminal" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_collector_ends_when_it_is_told_to(number: signal.Signals, home: Path) -> None:
    (home / ".codex" / "sessions").mkdir(parents=True)
    command = [sys.executable, "-m", "tokentui", "collect"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as collector:
        assert collector.stdout is not None
        assert "collecting" in collector.stdout.readline()
        collector.send_signal(number)
        _, said = collector.communicate(timeout=10)
    assert collector.returncode == 128 + number
    assert said == ""


def test_doctor_and_detect_speak_json() -> None:
    health = json.loads(tokentui("doctor", "--json").stdout)
    assert [source["name"] for source in health["sources"]] == ["claude-code", "codex", "gemini-cli"]
    assert health["database"]["integrity"] == "missing"
    found = json.loads(tokentui("detect", "--json").stdout)
    assert all(source["roots"] and not source["found"] for source in found["sources"])

"""The log file can be sent to anybody who asks: what is in it is readable, small and harmless."""

from __future__ import annotations

import json
import logging
import os
import stat
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mounting import fill, small_disk
from tokentui.engine import journal
from tokentui.secrets import Secret

HOSTILE = "a\x1b]52;c;aGFja2Vk\x07b\x9b31m\u202ec\nd\x00\ud800"

Opened = Callable[[Path], logging.Handler]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens journals that are gone after the test, and the way logging was before it."""
    root, ours = logging.getLogger(), logging.getLogger("tokentui")
    level, made = ours.level, []

    def open_one(path: Path) -> logging.Handler:
        made.append(journal.open_journal(path))
        return made[-1]

    yield open_one
    for handler in made:
        root.removeHandler(handler)
        handler.close()
    ours.setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log file lies."""
    return tmp_path / "state" / "tokentui" / "tokentui.log"


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a log file; each must be one JSON object without anything but ASCII."""
    content = path.read_bytes()
    assert content.isascii()
    assert not any(byte < 32 and byte != 10 for byte in content)
    return [json.loads(line) for line in content.decode().splitlines()]


def mode(path: Path) -> int:
    """Who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_line_says_when_what_and_where(path: Path, opened: Opened) -> None:
    opened(path)
    logging.getLogger("tokentui.engine").warning("%d of %s", 3, "four")
    logging.getLogger("tokentui.engine").debug("too much")
    (line,) = lines(path)
    assert line.pop("time").startswith("20")
    assert line == {"level": "warning", "logger": "tokentui.engine", "message": "3 of four"}


def test_only_the_owner_can_read_it(path: Path, opened: Opened) -> None:
    before = os.umask(0)
    try:
        opened(path)
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_rights_of_others_are_taken_back(path: Path, opened: Opened) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("")
    path.chmod(0o644)
    opened(path)
    assert mode(path) == 0o600


def test_hostile_text_is_written_harmless(path: Path, opened: Opened) -> None:
    log = logging.Logger("tokentui.engine")  # one of its own: the tests' own log would choke on it
    log.addHandler(opened(path))
    log.info("read %s", HOSTILE)
    log.info("x" * 100_000)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        log.exception("failed")
    first, long, failed = lines(path)
    assert first["message"] == "read abc d"
    assert len(long["message"]) == journal.LONGEST
    assert failed["trace"][-2:] == ["ValueError: abc", "d"]


def test_a_trace_shows_no_local_variables(path: Path, opened: Opened) -> None:
    opened(path)

    def call() -> None:
        key = "sk-" + "canary"
        raise RuntimeError(f"{len(key)} characters")

    try:
        call()
    except RuntimeError:
        logging.getLogger("tokentui.engine").exception("failed")
    assert "RuntimeError: 9 characters" in lines(path)[0]["trace"]
    assert "sk-canary" not in path.read_text()


def test_a_key_is_struck_out_whoever_logs_it(path: Path, opened: Opened) -> None:
    opened(path)
    held = Secret("held-canary-1f2e3d4c")
    log = logging.getLogger("tokentui.test")
    log.warning("asked with %s, and %s", held.reveal(), "sk-other-99887766aabb")
    try:
        raise ValueError(held.reveal())
    except ValueError:
        log.exception("it failed")
    written = path.read_text()
    assert "canary" not in written
    assert "99887766" not in written
    assert "it failed" in written


def test_a_message_whose_arguments_do_not_fit_is_kept(path: Path, opened: Opened) -> None:
    handler = opened(path)
    handler.handle(logging.LogRecord("tokentui.engine", logging.WARNING, "", 1, "%d files", ("many",), None))
    assert lines(path)[0]["message"] == "%d files"


def test_what_libraries_warn_of_is_kept_and_not_printed(
    path: Path, opened: Opened, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        opened(path)
        logging.getLogger("asyncio").error("task was destroyed")
        logging.getLogger("httpx").info("GET /?key=…")
        warnings.warn("old style", DeprecationWarning, stacklevel=1)
    first, second = lines(path)
    assert first["message"] == "task was destroyed"
    assert "old style" in second["message"]
    assert capfd.readouterr() == ("", "")


def test_it_stays_small_and_keeps_one_older_file(
    path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MAX_BYTES", 10_000)
    opened(path)
    for number in range(300):
        logging.getLogger("tokentui.engine").info("line %d %s", number, "x" * 50)
    assert sorted(each.name for each in path.parent.iterdir()) == ["tokentui.log", "tokentui.log.1"]
    both = [line for name in (".1", "") for line in lines(Path(f"{path}{name}"))]
    numbers = [int(line["message"].split()[1]) for line in both]
    assert numbers == list(range(numbers[0], 300))
    for each in path.parent.iterdir():
        assert each.stat().st_size <= 10_000
        assert mode(each) == 0o600


def link(path: Path) -> None:
    """A link to a file of somebody else."""
    path.symlink_to(path.with_name("precious"))


def no_folder(path: Path) -> None:
    """A file where the folder should be."""
    path.parent.rmdir()
    path.parent.touch()


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, link, no_folder])
def test_where_no_file_can_be_there_is_no_log_and_no_trouble(
    path: Path, opened: Opened, make: Callable[[Path], None], capfd: pytest.CaptureFixture[str]
) -> None:
    path.parent.mkdir(parents=True)
    make(path)
    opened(path)
    logging.getLogger("tokentui.engine").warning("unheard")
    assert capfd.readouterr() == ("", "")
    assert not path.with_name("precious").exists()


def test_a_full_disk_costs_lines_of_the_log_and_nothing_else(
    tmp_path: Path, opened: Opened, capfd: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        handler = opened(disk / "tokentui.log")
        ballast = fill(disk)
        logging.getLogger("tokentui.engine").warning("lost %s", "x" * 900)
        ballast.unlink()
        logging.getLogger("tokentui.engine").warning("found")
        assert lines(disk / "tokentui.log")[-1]["message"] == "found"
        handler.close()
    assert capfd.readouterr() == ("", "")

"""Several tokentui at once: one collects, the others follow, and any of them can take over."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engine_watch import Program, append, first_to_say, log, request
from tokentui.config import paths
from tokentui.store import UsageQuery, open_reader
from tokentui.store.lease import holder

TAKEOVER_SECONDS = 3.0
"""What is promised; the test allows a busy machine three times as much."""


@pytest.fixture
def three(home: Path) -> Iterator[list[Program]]:
    """Three collectors on one new home, all of them at work."""
    (home / ".claude" / "projects").mkdir(parents=True)
    with ExitStack() as stack:
        programs = [stack.enter_context(Program("collect")) for _ in range(3)]
        for program in programs:
            program.said("collecting")
        yield programs


def totals() -> tuple[int, int]:
    """How many requests and output tokens are stored."""
    reader = open_reader(paths(os.environ).database)
    found = reader.usage(UsageQuery()).totals
    reader.close()
    return found.request_count, found.output_tokens


def may_write(pid: int) -> bool:
    """Whether a process has the database open for writing (its log and index SQLite always opens so)."""
    database = str(paths(os.environ).database)
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            name = os.readlink(link)
            flags = int(Path(f"/proc/{pid}/fdinfo/{link.name}").read_text().split()[3], 8)
        except OSError:  # closed meanwhile
            continue
        if name == database and flags & os.O_ACCMODE != os.O_RDONLY:
            return True
    return False


def test_a_killed_collector_is_replaced_and_nothing_is_lost_or_doubled(
    home: Path, three: list[Program]
) -> None:
    dice = random.Random(7)
    path, count, total = log(home), 0, 0
    alive = list(three)
    while alive:
        lines = []
        for _ in range(dice.randrange(1, 40)):
            count, output = count + 1, dice.randrange(1, 1000)
            total += output
            lines.append(request(str(count), output=output))
        text = b"".join(lines)
        cut = dice.randrange(len(text))
        append(path, text[:cut])  # the collector may die between the two
        append(path, text[cut:])
        started = time.monotonic()
        leader = first_to_say(" new\n", alive)
        assert time.monotonic() - started < 3 * TAKEOVER_SECONDS
        assert holder(paths(os.environ).lease) == leader.pid
        while totals()[0] < count:
            leader.said(" new\n")  # the rest of a batch that was cut in the middle of a line
        assert totals() == (count, total)
        alive.remove(leader)
        os.kill(leader.pid, signal.SIGKILL)
        leader.process.wait()


def test_followers_cannot_write_the_database(home: Path, three: list[Program]) -> None:
    append(log(home), request("1"))
    leader = first_to_say("1 new\n", three)
    assert may_write(leader.pid)
    for program in three:
        if program is not leader:
            assert not may_write(program.pid)
            assert program.text == "; Ctrl-C ends it\n"


def test_collecting_once_beside_a_collector_says_so(home: Path) -> None:
    append(log(home), request("1"))
    with Program("collect") as leader:
        leader.said("1 new\n")
        append(log(home), request("2"))
        with Program("collect", "--once") as once:
            once.said("Another tokentui is collecting already; it keeps the database up to date.")
            assert once.process.wait(20) == 0
        leader.said("1 new\n")
    assert totals() == (2, 20)


def test_three_starters_on_a_new_home_make_one_database(home: Path) -> None:
    append(log(home), *(request(str(number)) for number in range(500)))
    with ExitStack() as stack:
        programs = [stack.enter_context(Program("collect", "--once")) for _ in range(3)]
        assert [program.process.wait(30) for program in programs] == [0, 0, 0]
        for program in programs:
            while program.read():
                pass
            assert program.text.startswith(("Collected usage", "Another tokentui")), program.text
    with Program("collect", "--once") as last:
        assert last.process.wait(30) == 0
    assert totals() == (500, 5000)


def test_a_dashboard_that_ends_well_leaves_the_lease_to_the_next(home: Path) -> None:
    append(log(home), request("1"))
    with Program("collect") as first:
        first.said("1 new\n")
        with Program("collect") as second:
            second.said("collecting")
            first.process.send_signal(signal.SIGTERM)
            assert first.process.wait(10) == 143
            append(log(home), request("2"))
            second.said("1 new\n")
    assert totals() == (2, 20)

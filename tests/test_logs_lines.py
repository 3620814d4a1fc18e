"""The tail reader: whole lines, exactly once, from any checkpoint, whatever the file is."""

from __future__ import annotations

import os
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tokentui.batch import Batch, Checkpoint
from tokentui.sources.logs import lines, logfile
from tokentui.sources.logs.recovery import recover
from tokentui.usage import UsageContext, UsageRecord

MINUTE = 60 * 10**9


class Numbers:
    """A parser of `{"n": 1}` lines; each record's time is the sum of all numbers so far (its state)."""

    def __init__(self, state: bytes) -> None:
        self.findings = lines.Findings()
        self.total = int(state or b"0")

    def feed(self, lines: bytes, offset: int) -> None:
        assert b"\n" in lines
        for line in lines.split(b"\n")[:-1]:
            found, reason = recover(line)
            if reason:
                self.findings.bad.append((offset, reason))
            for item in found:
                self._take(item.object)
            offset += len(line) + 1

    def _take(self, value: dict[str, object]) -> None:
        number = value.get("n")
        if isinstance(number, int):
            self.total += number
            context = self.findings.context(UsageContext(service="numbers"))
            self.findings.add(
                UsageRecord(key=number, rank=0, time=self.total, context=context, provider_name="", model="")
            )

    def state(self) -> bytes:
        return str(self.total).encode()


def read(path: Path, checkpoint: Checkpoint | None = None, version: int = 1) -> list[Batch]:
    return list(lines.read(str(path), checkpoint, source="numbers", parser_version=version, parser=Numbers))


def numbers(batches: list[Batch]) -> dict[int, int]:
    """Return the numbers and when each was seen first, as the store merges them."""
    found: dict[int, int] = {}
    for batch in batches:
        for record in batch.records:
            found[record.key] = min(record.time, found.get(record.key, record.time))
    return found


def bad(batches: list[Batch]) -> list[tuple[int, int, str]]:
    """Return the bad lines the store keeps: those told before a restart are void."""
    found: list[tuple[int, int, str]] = []
    for batch in batches:
        found = [] if batch.restarted else found
        found += [(line.offset, line.line, line.reason) for line in batch.bad_lines]
    return found


def told(path: Path) -> tuple[dict[int, int], list[tuple[int, int, str]]]:
    batches = read(path)
    return numbers(batches), bad(batches)


def log(*values: int) -> bytes:
    return b"".join(b'{"n": %d}\n' % value for value in values)


def write(path: Path, content: bytes, minutes: int = 0) -> Path:
    """Write a file whose last change lies some minutes after a fixed moment."""
    path.write_bytes(content)
    os.utime(path, ns=(0, 1_700_000_000 * 10**9 + minutes * MINUTE))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def test_a_log_is_read_to_its_end_and_not_again_until_it_changes(path: Path) -> None:
    first = read(write(path, log(1, 2)))
    assert numbers(first) == {1: 1, 2: 3}
    assert read(path, first[-1].checkpoint) == []
    write(path, log(1, 2, 3), minutes=1)
    second = read(path, first[-1].checkpoint)
    assert numbers(second) == {3: 6}
    assert not second[0].restarted
    assert read(path, second[-1].checkpoint) == []


def test_an_empty_log_is_remembered_too(path: Path) -> None:
    first = read(write(path, b""))
    assert len(first) == 1
    assert first[0].checkpoint.offset == 0
    assert read(path, first[0].checkpoint) == []
    assert numbers(read(write(path, log(5), minutes=1), first[0].checkpoint)) == {5: 5}


def test_a_checkpoint_survives_the_way_through_the_database(path: Path) -> None:
    checkpoint = read(write(path, log(1)))[-1].checkpoint
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(checkpoint), type=Checkpoint)
    assert read(path, stored) == []


def test_a_torn_last_line_waits_for_its_end(path: Path) -> None:
    first = read(write(path, log(1) + b'{"n": 2'))
    assert (numbers(first), bad(first)) == ({1: 1}, [])
    assert first[-1].checkpoint.offset == len(log(1))
    assert read(path, first[-1].checkpoint) == []
    write(path, log(1) + b'{"n": 23}\n', minutes=1)
    assert numbers(read(path, first[-1].checkpoint)) == {23: 24}


def test_a_whole_last_line_without_newline_counts_and_is_read_again(path: Path) -> None:
    first = read(write(path, log(1) + b'{"n": 2}'))
    assert numbers(first) == {1: 1, 2: 3}
    assert first[-1].checkpoint.state == b"1"
    second = read(write(path, log(1, 2, 4), minutes=1), first[-1].checkpoint)
    assert numbers(second) == {2: 3, 4: 7}


def test_what_is_appended_while_reading_is_a_change(path: Path) -> None:
    write(path, log(*range(1, 100)))
    reading = lines.read(str(path), None, source="numbers", parser_version=1, parser=Appending(path))
    first = list(reading)
    assert 1_000 not in numbers(first)
    assert numbers(read(path, first[-1].checkpoint)) == {1_000: sum(range(1, 100)) + 1_000}


class Appending:
    """Builds parsers; a line is appended to the file at that moment."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, state: bytes) -> Numbers:
        with self.path.open("ab") as file:
            file.write(log(1_000))
        return Numbers(state)


REWRITES = {
    "shorter": log(1, 7),
    "emptied and grown longer": log(9, 1, 2, 3, 4, 5, 6),
    "middle changed, longer": log(1, 222, 3) + log(4),
    "same length": log(1, 9, 3),
}


@pytest.mark.parametrize("content", REWRITES.values(), ids=REWRITES)
def test_a_rewritten_log_is_read_anew(path: Path, content: bytes) -> None:
    first = read(write(path, log(1, 2, 3)))
    second = read(write(path, content, minutes=1), first[-1].checkpoint)
    assert second[0].restarted
    assert second[0].checkpoint.generation == 1
    assert numbers(second) == told(path)[0]
    third = read(write(path, content + log(50), minutes=2), second[-1].checkpoint)
    assert list(numbers(third)) == [50]
    assert third[0].checkpoint.generation == 1


LONG = tuple(range(1_000, 1_200))
"""Numbers of a log of eight fingerprints' length, so that an edit may lie in one of both or in none."""
EDITS = {
    "first line, and grown": (log(9_999, *LONG[1:], 1_500), True),
    "last line, and grown": (log(*LONG[:-1], 9_999, 1_500), True),
    "a line in the middle": (log(*LONG[:100], 9_999, *LONG[101:]), True),
    "only grown": (log(*LONG, 1_500), False),
}


@pytest.mark.parametrize(("content", "anew"), EDITS.values(), ids=EDITS)
def test_an_edit_at_either_end_or_without_growth_is_noticed(path: Path, content: bytes, anew: bool) -> None:
    first = read(write(path, log(*LONG)))
    second = read(write(path, content, minutes=1), first[-1].checkpoint)
    assert second[0].restarted == anew
    assert len(numbers(second)) == (content.count(b"\n") if anew else 1)


def test_a_log_replaced_by_a_copy_of_itself_is_not_read_again(path: Path, tmp_path: Path) -> None:
    first = read(write(path, log(1, 2)))
    write(tmp_path / "copy", log(1, 2)).rename(path)
    second = read(path, first[-1].checkpoint)
    assert (numbers(second), second[0].restarted) == ({}, False)
    assert second[0].checkpoint.inode != first[0].checkpoint.inode


def test_a_newer_parser_reads_all_again(path: Path) -> None:
    first = read(write(path, log(1, 2)))
    second = read(path, first[-1].checkpoint, version=2)
    assert numbers(second) == {1: 1, 2: 3}
    assert second[0].restarted


PIECES = st.sampled_from(
    [b'{"n": 1}', b'{"n": 22}{"n": 33}', b'{"n": 4, "x": "\xe2\x80\xa8"}', b'{"torn": "{"n": 5}', b"", b"  ",
     b"nonsense", b"\0\0\0\0", b'{"n": 6}\r', b"\xff\xfe", b'{"n": 77}\0\0', b"[1]", b"{}", b'{"n":', b'"']
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(PIECES, min_size=1, max_size=6), bom=st.booleans(), ended=st.booleans(), data=st.data(),
)
def test_a_log_cut_at_any_byte_says_the_same_in_two_readings(
    tmp_path: Path, pieces: list[bytes], bom: bool, ended: bool, data: st.DataObject
) -> None:
    path = tmp_path / "cut.jsonl"
    content = (b"\xef\xbb\xbf" if bom else b"") + b"\n".join(pieces) + (b"\n" if ended else b"")
    cut = data.draw(st.integers(0, len(content)), label="cut")
    expected = told(write(path, content))
    path.unlink()
    first = read(write(path, content[:cut]))
    second = read(write(path, content, minutes=1), first[-1].checkpoint)
    assert (numbers(first + second), bad(first + second)) == expected


DAMAGE = {
    "BOM": (b"\xef\xbb\xbf" + log(1), [1], []),
    "CRLF": (b'{"n": 1}\r\n{"n": 2}\r\n', [1, 2], []),
    "blank lines": (b"\n\n" + log(1) + b" \n", [1], []),
    "zero bytes": (log(1) + b"\0" * 5000 + b"\n" + log(2), [1, 2], [2]),
    "zero bytes before a line": (b"\0" * 50 + log(2), [2], [1]),
    "UTF-16": ('{"n": 1}\n'.encode("utf-16") + b"\n" + log(2), [2], [1, 2]),
    "binary": (bytes(range(256)) + b"\n" + log(2), [2], [1, 2]),
    "line separators inside text": ('{"n": 1, "x": "\u2028\u2029\x85"}\n'.encode(), [1], []),
    "100,000 levels": (b'{"a":' * 100_000 + b"\n" + log(2), [2], [1]),
    "100,000 brackets": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n" + log(2), [2], [1]),
    "10,000 digits": (b'{"n": 1, "x": %s}\n' % (b"9" * 10_000), [1], []),
    "1e400 and NaN": (b'{"n": 1, "x": 1e400, "y": NaN}\n', [1], []),
    "lone surrogates": (b'{"n": 1, "x": "\\ud800"}\n', [1], []),
    "bytes that are no UTF-8": (b'{"n": 1, "x": "\xff\xfe"}\n', [1], []),
    "an array": (b'[{"n": 1}]\n' + log(2), [2], [1]),
    "two lines glued": (b'{"n": 1}{"n": 2}\n', [1, 2], []),
    "a torn line, then a whole one": (b'{"n": 9, "x": "to{"n": 2}\n', [2], [1]),
    "a torn line with whole parts": (b'{"x": {"n": 9}, "y": "to\n' + log(2), [2], [1]),
    "garbage behind a line": (b'{"n": 1} x\n', [1], [1]),
}


@pytest.mark.parametrize(("content", "counted", "bad_lines"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_named_and_everything_else_counts(
    path: Path, content: bytes, counted: list[int], bad_lines: list[int]
) -> None:
    found, wrong = told(write(path, content))
    assert list(found) == counted
    assert [line for _, line, _ in wrong] == bad_lines
    for offset, line, _ in wrong:
        assert content[:offset].count(b"\n") == line - 1


def test_a_bad_line_has_its_number_in_the_file_also_after_a_checkpoint(path: Path) -> None:
    first = read(write(path, log(1, 2, 3)))
    second = read(write(path, log(1, 2, 3) + b"x\n" + log(4) + b"y\n", minutes=1), first[-1].checkpoint)
    assert [line for _, line, _ in bad(second)] == [4, 6]


def test_a_long_log_comes_in_batches_each_with_its_own_checkpoint(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "BLOCK", 100)
    monkeypatch.setattr(lines, "BATCH_FINDINGS", 30)
    write(path, log(*range(1, 311)))
    batches = read(path)
    assert len(batches) == 10
    expected = numbers(batches)
    assert len(expected) == 310
    for index, batch in enumerate(batches):  # a crash after any of them loses nothing
        later = read(path, batch.checkpoint)
        assert numbers(batches[: index + 1] + later) == expected
        assert bool(later) == (index < len(batches) - 1)


def test_a_line_longer_than_what_is_kept_is_read_in_one_piece(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "BLOCK", 100)
    monkeypatch.setattr(lines, "HELD_LINE", 1_000)
    line = b'{"n": 2, "x": "%s"}\n' % (b"y" * 5_000)
    batches = read(write(path, log(1) + line + log(3) + line[:-1]))
    assert list(numbers(batches)) == [1, 2, 3]
    assert batches[-1].checkpoint.offset == len(log(1) + line + log(3))
    assert read(path, batches[-1].checkpoint) == []


def test_a_line_beyond_reason_is_skipped_and_named(path: Path) -> None:
    tracemalloc.start()
    try:
        with path.open("wb") as file:
            file.write(log(1) + b'{"x": "')
            file.truncate(100 << 20)
            file.seek(0, os.SEEK_END)
            file.write(b"\n" + log(2))
        first = read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert list(numbers(first)) == [1, 2]
    assert bad(first) == [(len(log(1)), 2, "longer than 64 MB")]
    assert peak < 32 << 20
    with path.open("ab") as file:
        file.write(log(3))
    second = read(path, first[-1].checkpoint)
    assert (list(numbers(second)), second[0].restarted) == ([3], False)


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _link(path: Path) -> None:
    (path.parent / "target").write_bytes(log(1))
    path.symlink_to(path.parent / "target")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize("make", [_fifo, _link, _socket, Path.mkdir])
def test_what_is_no_regular_file_is_refused_without_waiting(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "x.jsonl")
    with pytest.raises(lines.NotALog):
        read(tmp_path / "x.jsonl")


def test_a_missing_log_is_a_missing_file(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(path)


def _opened(file: BinaryIO) -> BinaryIO:
    return zstandard.ZstdDecompressor().stream_reader(file)


def _read_compressed(path: Path, checkpoint: Checkpoint | None = None) -> Iterator[Batch]:
    return lines.read(
        str(path), checkpoint, source="numbers", parser_version=1, parser=Numbers, decompress=_opened
    )


def test_a_compressed_log_is_read_like_any_other(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "BLOCK", 100)
    monkeypatch.setattr(lines, "BATCH_FINDINGS", 30)
    content = log(*range(1, 101)) + b"x\n" + log(200) + b"y\n"
    write(path, zstandard.ZstdCompressor().compress(content))
    batches = list(_read_compressed(path))
    assert list(numbers(batches)) == [*range(1, 101), 200]
    assert [line for _, line, _ in bad(batches)] == [101, 103]
    assert list(_read_compressed(path, batches[-1].checkpoint)) == []
    again = list(_read_compressed(path, batches[0].checkpoint))  # after a crash in the middle
    assert numbers(again) == numbers(batches)

"""Claude Code: undated, torn, glued and hostile lines, and readings in pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.claude_transcripts import (
    CHANGED,
    START,
    assistant,
    at,
    batches,
    encoded,
    gateway,
    only,
    put,
    requests,
    seen,
    usage,
    user,
    write,
)
from tokentui.sources.logs.claude_parser import Parser
from tokentui.usage import (
    TIME_BORROWED,
    TIME_IN_FUTURE,
    moment,
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "projects" / "-home-ana-shop" / "S1.jsonl"


FIXTURES = Path(__file__).parent / "fixtures" / "claude_code"


def test_a_request_without_a_time_gets_its_neighbours_and_a_flag(log: Path) -> None:
    lines = [assistant(str(number), usage(1, 0, 0, number + 1), number) for number in range(5)]
    lines[2]["timestamp"] = "yesterday"
    first, second = seen(log, *lines), seen(log, *lines)
    assert len(first) == 5
    borrowed = next(request.record for request in first if request.record.output_tokens == 3)
    assert (borrowed.time, borrowed.flags) == (START + 10**6, TIME_BORROWED)
    assert [request.record for request in first] == [request.record for request in second]


def test_requests_before_the_first_known_time_get_that_time(log: Path) -> None:
    lines = [
        assistant("A", usage(1, 0, 0, 2), timestamp=0),
        assistant("B", usage(1, 0, 0, 3), timestamp=None),
        assistant("C", usage(1, 0, 0, 4), 7),
    ]
    whole = seen(log, *lines)
    assert [(request.record.time, request.record.flags) for request in whole] == [
        (START + 7 * 10**6, TIME_BORROWED if request.record.output_tokens < 4 else 0) for request in whole
    ]
    first = batches(write(log, *lines[:2]))
    assert {record.time for batch in first for record in batch.records} == {CHANGED * 10**6}
    second = batches(write(log, *lines, later=1), since=first[-1].checkpoint)
    assert requests(first + second) == whole


def test_a_time_in_the_future_is_kept_and_flagged(log: Path) -> None:
    record = only(seen(log, assistant("A", usage(1, 0, 0, 2), timestamp="2031-01-01T00:00:00.000Z"))).record
    assert (moment(record.time).year, record.flags) == (2031, TIME_IN_FUTURE)


def test_two_lines_on_one_are_two_lines(log: Path) -> None:
    first, second = (assistant(name, usage(1, 0, 0, 2)) for name in "AB")
    glued = (
        encoded([user("a")])[:-1]
        + encoded([first])[:-1]
        + encoded([second])[:-1]
        + encoded([user("b" * 9000)])[:-1]
    )
    found = batches(write(log, glued, assistant("C", usage(1, 0, 0, 2))))
    assert len(requests(found)) == 3
    assert found[0].bad_lines == []


@pytest.mark.parametrize(
    "torn", [user("y" * 5000), assistant("A", usage(9, 9, 9, 9)), assistant("fake", usage(99, 99, 99, 99))]
)
def test_a_line_behind_a_torn_one_counts_and_the_torn_one_is_named(log: Path, torn: dict[str, Any]) -> None:
    half = encoded([torn])
    line = half[: len(half) // 2] + encoded([assistant("B", usage(1, 0, 0, 2))])[:-1]
    found = batches(write(log, user(), line, user()))
    assert [request.counts for request in requests(found)] == [(1, 0, 0, 0, 2)]
    assert [(bad.line, bad.reason) for bad in found[0].bad_lines] == [(2, "not valid JSON")]


@pytest.mark.parametrize(
    "torn", [assistant("A", usage(9, 9, 9, 9)), user([{"content": [{"a": {"b": [1]}}], "type": "x"}])]
)
def test_wherever_a_line_is_torn_the_one_behind_it_counts(torn: dict[str, Any]) -> None:
    half, whole = encoded([torn])[:-1], encoded([assistant("B", usage(1, 0, 0, 2))])[:-1]
    for cut in range(1, len(half)):
        parser = Parser(b"", CHANGED)
        parser.feed(half[:cut] + whole + b"\n", 0)
        counts = [record.output_tokens for record in parser.findings.records.values()]
        assert (counts, len(parser.findings.bad)) == ([2], 1), half[:cut]


def test_a_look_alike_at_the_end_of_a_torn_line_is_not_counted(log: Path) -> None:
    fake = {
        "type": "assistant",
        "message": assistant("fake", usage(9, 9, 9, 9))["message"],
        "timestamp": at(0),
    }
    line = assistant("A", usage(1, 0, 0, 2))
    line["message"]["content"] = [{"input": {"messages": [fake]}}]
    torn = encoded([line]).split(b"]}}]")[0]
    found = batches(write(log, torn))
    assert requests(found) == []
    assert [bad.reason for bad in found[0].bad_lines] == ["not valid JSON"]


def test_damaged_lines_without_usage_are_named_too(log: Path) -> None:
    torn = encoded([assistant("A", usage(1, 0, 0, 2))])[:150] + encoded([user()])[:-1]
    lines = (b"\0" * 64, encoded([user("x")])[:40], b"", b"[]", b"nonsense", user("\u2028"), torn)
    [batch] = batches(write(log, *lines))
    assert [(bad.line, bad.reason) for bad in batch.bad_lines] == [
        (1, "zero bytes"),
        (2, "not valid JSON"),
        (4, "not a JSON object"),
        (5, "not valid JSON"),
        (7, "not valid JSON"),
    ]


def test_bytes_that_are_no_utf_8_harm_nothing(log: Path) -> None:
    line = encoded([assistant("A", usage(1, 0, 0, 2), cwd="/home/ana/shop")])[:-1]
    found = batches(
        write(log, line.replace(b"/shop", b"/\xff\xfe"), encoded([user("q")])[:-1].replace(b'"q"', b'"\xff"'))
    )
    assert only(requests(found)).context.project == "/home/ana/\ufffd\ufffd"
    assert found[0].bad_lines == []


def test_reading_again_in_any_way_says_the_same(log: Path) -> None:
    for path in sorted(FIXTURES.rglob("*.jsonl")):
        content = path.read_bytes()
        whole = batches(put(log, content))
        first = batches(put(log, content[: len(content) // 2]))
        second = batches(put(log, content, later=1), since=first[-1].checkpoint)
        expected = requests(whole)
        assert expected
        assert (
            requests(first + second)
            == requests(whole + first)
            == requests(whole + whole + second)
            == expected
        )


LINES = st.sampled_from(
    [
        encoded([line])[:-1]
        for line in (
            assistant("A", usage(1, 0, 0, 2)),
            assistant("A", usage(1, 0, 0, 9), 5),
            assistant("A", usage(7, 0, 0, 9, speed="fast"), 6, model="claude-opus-4-8"),
            assistant("A", usage(7, 0, 0, 9), 7, costUSD=0.5),
            assistant("A", usage(7, 0, 0, 9), 8, timestamp="?"),
            assistant("B", usage(1, 2, 3, 4), 6),
            assistant("C", usage(1, 0, 0, 5), timestamp="?"),
            assistant("D", usage(1, 0, 0, 6), timestamp=0),
            user(),
            assistant(None, usage(1, 0, 0, 7), 8, requestId=None, uuid=None),
            gateway("S1", 1, 2, uuid="a"),
            gateway("S1", 2, 3, uuid="b", parentUuid="a"),
            assistant("E", usage(1, 0, 0, -6), 9),
            {"type": "progress", "data": {"message": assistant("B", usage(1, 2, 3, 4), 6, isSidechain=True)}},
        )
    ]
    + [b"", b"\0\0", b"nonsense"]
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(LINES, min_size=1, max_size=3), min_size=1, max_size=8), st.booleans(), st.data())
def test_a_transcript_cut_at_any_byte_says_the_same_in_two_readings(
    tmp_path: Path, pieces: list[list[bytes]], ended: bool, data: st.DataObject
) -> None:
    content = b"\n".join(b"".join(glued) for glued in pieces) + (b"\n" if ended else b"")
    cut = data.draw(st.integers(0, max(len(content) - 1, 0)), label="cut")
    path = tmp_path / "cut.jsonl"
    whole = batches(put(path, content))
    first = batches(put(path, content[:cut]))
    second = batches(put(path, content), since=first[-1].checkpoint)
    assert requests(first + second) == requests(whole)
    assert [bad for batch in first + second for bad in batch.bad_lines] == whole[0].bad_lines
    assert sum(batch.anomalies for batch in first + second) == sum(batch.anomalies for batch in whole)

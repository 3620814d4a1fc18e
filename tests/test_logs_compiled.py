"""The compiled parsers say what the plain ones say, to the byte, whatever a line holds."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.claude_transcripts import CHANGED, assistant, at, encoded, usage, user
from tests.codex_rollouts import Rollout, tokens
from tests.corpus.expected import make
from tests.odd_lines import each_wrong, mangled
from tokentui.batch import Batch
from tokentui.engine.discovery import Siblings
from tokentui.sources.logs import claude_code, claude_parser, codex, codex_parser, compiled
from tokentui.sources.logs.claude_parser import Parser
from tokentui.sources.logs.codex_parser import RolloutParser
from tokentui.sources.logs.lines import LineParser
from tokentui.usage import LimitReading, UsageContext, UsageRecord

pytestmark = pytest.mark.skipif(compiled.Transcript is None, reason="built without a C compiler")

T = TypeVar("T")
Said = tuple[
    list[UsageContext], dict[int, UsageRecord], list[LimitReading], list[tuple[int, str]], int, bytes
]

NOW = CHANGED * 1_000_000
FULL = usage(
    7, 2100, 300, 90, service_tier="standard", speed="standard", server_tool_use={"web_search_requests": 2},
    cache_creation={"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
    output_tokens_details={"thinking_tokens": 20}, iterations=[{"type": "message", "input_tokens": 7}],
)  # fmt: skip
LIMITS = {
    "limit_id": "codex", "limit_name": None, "plan_type": "plus", "credits": {"balance": "4.20"},
    "primary": {"used_percent": 12.5, "window_minutes": 300, "resets_at": 1789905600},
    "secondary": {"used_percent": 41, "window_minutes": 10080, "resets_in_seconds": 5000},
}  # fmt: skip


def transcript() -> list[bytes]:
    """Lines of every kind that Claude Code writes often."""
    return encoded([
        user("x" * 300), assistant("A", FULL), assistant("A", {**FULL, "output_tokens": 95}, 1),
        assistant("A", {**FULL, "output_tokens": 95}, 2), user([{"type": "tool_result", "content": "é\n"}]),
        assistant("B", {**FULL, "speed": "fast"}, 30, isSidechain=True), {"type": "summary", "summary": "s"},
        assistant("C", usage(1, 0, 0, 0), 40, gitBranch="größe"), {"type": "system", "cwd": "/x", "n": 1},
        assistant("D", usage(1, 2, 3, 4, service_tier="batch"), 50, sessionId=None, session_id="S2"),
    ]).splitlines()  # fmt: skip


def rollout() -> list[bytes]:
    """Lines of every kind that Codex writes often."""
    made = Rollout().meta().turn().add("response_item", {"type": "message", "content": "x" * 300})
    made.count(tokens(900, 100, 50, 10), tokens(900, 100, 50, 10), limits=LIMITS)
    for step in range(1, 8):  # ten seconds apart; two pools, one of them in one line of three
        total, last = tokens(900 + 70 * step, 100 + 50 * step, 50 + 9 * step, 10 + step), tokens(70, 50, 9, 1)
        limits = {**LIMITS, "limit_id": "spark"} if step % 3 == 0 else LIMITS
        made.count(total, last, limits={**limits, "primary": {"used_percent": 12 + step}})
    made.count(total, last, limits=LIMITS).count(None, None, limits=LIMITS)
    made.turn("gpt-5.6", service_tier="priority").add("event_msg", {"type": "agent_message", "message": "m"})
    made.add("compacted", {"message": ""})
    made.count(tokens(1900, 600, 150, 20, 40), tokens(510, 150, 37, 3, 40), ordinal=9)
    made.count(tokens(2000, 900, 160, 21, 40), tokens(100, 300, 10, 1))  # more cached than sent
    made.count(tokens(2010, 900, 161, 26, 40), tokens(10, 0, 1, 5))  # more thought than said
    made.count(tokens(2010, 904, 161, 26, 40), tokens(0, 4, 0, 0))  # nothing sent, nothing said
    made.count(tokens(2011, 904, 161, 26, 40), tokens(7)).count(tokens(2012, 904, 161, 26, 40), tokens(1))
    made.count(tokens(500, 1, 1, 1), tokens(500, 1, 1, 1)).count(tokens(600, 1, 1, 1), tokens(100))
    made.record(tokens(10, 5, 2, 1), "resp_1").count(tokens(1910, 305, 92, 11), None)
    return made.content().splitlines()


def both(feed: Callable[[], T]) -> tuple[T, T]:
    """What `feed` returns with the compiled parsers and without them."""
    with pytest.MonkeyPatch.context() as patch:
        with_them = feed()
        patch.setattr(compiled, "Transcript", None)
        patch.setattr(compiled, "Rollout", None)
        return with_them, feed()


def said(parser: LineParser, content: bytes) -> Said:
    """Everything a parser makes of whole lines."""
    parser.feed(content, 0)
    found = parser.findings
    return found.contexts, found.records, found.limits, found.bad, found.anomalies, parser.state()


def claude(content: bytes) -> Said:
    return said(Parser(b"", NOW), content)


def openai(content: bytes) -> Said:
    return said(RolloutParser(b"", name=Rollout().name, now=NOW), content)


@settings(max_examples=1500, deadline=None)
@given(seed=st.integers(0, 2**63), ending=st.sampled_from((b"\n", b"\r\n")))
@example(seed=0, ending=b"\n")
def test_whatever_a_line_holds_the_totals_do_not_depend_on_the_build(seed: int, ending: bytes) -> None:
    for lines, parse in ((transcript(), claude), (rollout(), openai)):
        content = ending.join([*mangled(lines, Random(seed)), b""])
        with_them, without = both(partial(parse, content))
        assert with_them == without


@pytest.mark.parametrize(("lines", "parse"), [(transcript(), claude), (rollout(), openai)])
def test_every_value_may_be_odd_every_member_twice_and_every_line_glued(
    lines: list[bytes], parse: Callable[[bytes], Said]
) -> None:
    for odd in each_wrong(lines):
        content = b"".join(line + b"\n" for line in (*lines[:5], odd, lines[5], odd, *lines[6:8]))
        with_them, without = both(partial(parse, content))
        assert with_them == without, odd


def test_a_home_full_of_hazards_is_read_alike_by_either_build(tmp_path: Path) -> None:
    home = make(tmp_path, 77, "--sessions", "60").home
    for reader, pattern in ((claude_code, ".claude/**/*.jsonl"), (codex, ".codex/**/rollout-*.jsonl")):
        paths = sorted(map(str, home.glob(pattern)))
        assert len(paths) > 10

        with_them, without = both(partial(everything, reader, paths))
        assert with_them == without


COUNT = st.sampled_from([0, 1, 2, 5])
BLOCKS = st.lists(
    st.builds(
        dict,
        name=st.sampled_from(["A", "A", "B", "C"]), seconds=st.integers(0, 3), side=st.booleans(),
        counts=st.tuples(COUNT, COUNT, COUNT, st.integers(0, 4)), thought=COUNT, searches=st.integers(0, 1),
        tier=st.sampled_from([None, "standard", "priority"]), speed=st.sampled_from([None, "fast"]),
        hour=st.integers(0, 1), model=st.sampled_from(["claude-opus-4-8", "claude-haiku-4-5", "gpt-5.5"]),
        session=st.sampled_from(["S1", "S1", "S2"]), cloud=st.sampled_from(["", "", "bdrk_", "vrtx_"]),
        dated=st.sampled_from([True, True, True, False]),
    ),
    max_size=12,
)  # fmt: skip


def block(name: str, seconds: int, counts: tuple[int, int, int, int], **more: Any) -> dict[str, Any]:
    """One block of an answer; blocks of one name are of one answer."""
    said = usage(
        *counts, service_tier=more["tier"], speed=more["speed"],
        server_tool_use={"web_search_requests": more["searches"]},
        cache_creation={"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": more["hour"]},
        output_tokens_details={"thinking_tokens": more["thought"]},
    )  # fmt: skip
    line = assistant(name, said, seconds, isSidechain=more["side"], sessionId=more["session"])
    line["message"] |= {"id": f"msg_{more['cloud']}{name}23456789012", "model": more["model"]}
    if not more["dated"]:
        line["timestamp"] = None
    return line


@settings(max_examples=1000, deadline=None)
@given(blocks=BLOCKS, cut=st.integers(0, 12))
def test_blocks_of_answers_in_any_order_come_to_the_same_in_either_build(
    blocks: list[dict[str, Any]], cut: int
) -> None:
    lines = [block(**each) for each in blocks]

    def read() -> Said:
        parser = Parser(b"", NOW)
        if lines[:cut]:
            parser.feed(encoded(lines[:cut]), 0)
        return said(parser, encoded(lines[cut:]) or b"\n")

    with_them, without = both(read)
    assert with_them == without


def test_a_folder_that_is_no_text_is_as_little_one_the_next_time() -> None:
    folders = ["/a", "NO", "NO", "NO", "/a"]
    lines = [assistant(f"F{n}", usage(1, 0, 0, n + 1), n, cwd=each) for n, each in enumerate(folders)]
    content = encoded(lines).replace(b"NO", b"/\xff")
    with_them, without = both(lambda: claude(content))
    assert with_them == without


def test_an_answer_without_tokens_is_no_request_in_either_build() -> None:
    lines = [assistant("A", usage(1, 0, 0, 1)), assistant("Z", usage(0, 0, 0, 0), 1), assistant("B", FULL, 2)]
    with_them, without = both(lambda: claude(encoded(lines)))
    assert with_them == without
    assert len(with_them[1]) == 2


def everything(reader: Any, paths: list[str]) -> list[Batch]:
    """All batches of some files."""
    return [batch for path in paths for batch in reader.read(path, None, siblings=Siblings(paths))]


def months() -> Iterator[str]:
    for year in range(2002, 2100):
        for month in range(1, 13):
            for day in (1, 28, 29, 30, 31):
                yield f"{year}-{month:02}-{day:02}T23:59:58.007Z"


def test_every_month_ends_where_the_calendar_says() -> None:
    lines = [assistant(f"D{time[:10]}", usage(1, 0, 0, 1), timestamp=time) for time in months()]
    with_them, without = both(lambda: said(Parser(b"", 5_000_000_000_000_000), encoded(lines)))
    assert with_them == without
    assert len(with_them[1]) == len(lines)


def test_usual_lines_need_no_other_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(line: bytes) -> Any:
        raise AssertionError(line)

    for module, name in ((claude_parser, "decode"), (codex_parser, "count_line")):
        monkeypatch.setattr(module, name, refuse)
    lines = [assistant("A", FULL), user("hello"), {"type": "summary", "summary": "s"}]
    parser = Parser(b"", NOW)
    parser.feed(encoded(lines), 0)
    # What the first one was taken with, the others are: they are taken where they are found.
    monkeypatch.setattr(parser, "_answered", refuse)
    parser.feed(encoded([assistant("B", FULL, 1), assistant("A", {**FULL, "output_tokens": 95}, 2)]), 0)
    assert [record.output_tokens for record in parser.findings.records.values()] == [95, 90]
    counts = Rollout().meta().turn().count(tokens(900, 100, 50, 10), tokens(900, 100, 50, 10), limits=LIMITS)
    other = RolloutParser(b"", name=counts.name, now=NOW)
    other.feed(counts.content(), 0)
    assert [record.output_tokens for record in other.findings.records.values()] == [50]
    assert [reading.used_percent for reading in other.findings.limits] == [12.5, 41]


@pytest.mark.parametrize("first", ["claude_parser", "codex_parser", "claude_limits", "codex_counter"])
def test_the_compiled_parsers_are_found_whatever_is_imported_first(first: str) -> None:
    program = (
        f"import tokentui.sources.logs.{first}\nfrom tokentui.sources.logs import compiled\n"
        "assert compiled.Transcript and compiled.Rollout"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_build_left_behind_by_an_older_source_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    from tokentui.sources.logs import codex_compiled

    monkeypatch.setattr(codex_compiled, "VERSION", compiled.VERSION - 1)
    try:
        assert importlib.reload(compiled).Transcript is None
        assert compiled.Rollout is None
        assert len(claude(encoded([assistant("A", FULL, timestamp=at(0))]))[1]) == 1
    finally:
        monkeypatch.undo()
        assert importlib.reload(compiled).Transcript is not None

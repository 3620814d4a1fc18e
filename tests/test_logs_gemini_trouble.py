"""Gemini CLI's recordings when they are torn, hostile or misplaced: told, and never fatal."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gemini_logs import DOCUMENT, HEADER, LOG, Known, chats, message, used, write
from tokentui.sources.logs import gemini_cli, gemini_parser
from tokentui.sources.logs.gemini_projects import origin_of
from tokentui.sources.logs.lines import NotALog


def test_broken_lines_are_told_and_cost_nothing_else(home: Path) -> None:
    whole = [json.dumps(message(str(second), second, used(10 * second, 1))) for second in (1, 2, 3, 4)]
    entries = [
        json.dumps(HEADER), whole[0], '{"id":"torn","tokens":{"inp', whole[1] + whole[2], "", "\0" * 30,
        '{"id":"half","con' + whole[3], "[1]",
    ]
    path = write(chats(home) / "session-x.jsonl", entries)
    known = Known()
    known.read(path)
    assert [count[0] for count in known.counts] == [10, 20, 30, 40]
    assert [line for line, _ in known.bad] == [3, 6, 7, 8]


def test_a_torn_document_gives_its_whole_messages_and_is_told(home: Path) -> None:
    messages = [message("a", 1, used(10, 1)), message("b", 2, used(20, 1))]
    text = json.dumps(HEADER | {"messages": messages}, indent=1)
    path = chats(home) / "session-x.json"
    path.write_text(text[:-40])
    known = Known()
    known.read(path)
    assert known.counts == [(10, 0, 1, 0)]
    ((line, reason),) = known.bad
    assert (line, reason[:14]) == (text[:-40].count("\n") + 1, "not valid JSON")
    path.write_text(text)
    known.read(path)
    assert (known.counts, known.bad) == ([(10, 0, 1, 0), (20, 0, 1, 0)], [])


def test_a_document_that_changes_while_it_is_read_is_left_for_the_next_time(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = chats(home) / "session-x.json"
    path.write_text(json.dumps(HEADER | {"messages": [message("a", 1, used(10, 1))]}))
    known, stat = Known(), os.stat
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda *given, **options: path.write_text("{") and stat(*given, **options))
        assert known.read(path) == []
    assert known.checkpoints == {}


def test_a_broken_document_is_read_again_only_while_it_may_be_half_written(home: Path) -> None:
    path = chats(home) / "session-x.json"
    path.write_text("{")
    known = Known()
    assert len(known.read(path)) == len(known.read(path)) == 1
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert len(known.read(path)) == 1
    assert known.read(path) == []
    assert [line for line, _ in known.bad] == [1]


HOSTILE = {
    "list": "[]", "null": "null", "text": '"x"', "deep list": "[" * 100_000, "deep object": '{"a":' * 100_000,
    "long number": "9" * 9_000, "empty": "", "zero bytes": "\0\0",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_documents_are_told_not_fatal(home: Path, content: str) -> None:
    path = chats(home) / "session-x.json"
    path.write_text(content)
    known = Known()
    known.read(path)
    assert known.records == {}
    assert len(known.bad) == 1


def test_a_document_too_large_to_be_real_is_told(home: Path) -> None:
    path = chats(home) / "session-x.json"
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    known = Known()
    known.read(path)
    assert known.bad == [(1, "a document larger than 64 MB")]


def test_unchanged_files_are_not_read_again(home: Path) -> None:
    folder = chats(home)
    paths = [Path(shutil.copy2(source, folder)) for source in (LOG, DOCUMENT)]
    known = Known()
    assert len(known.read(*paths)) == 2
    before = dict(known.records)
    assert known.read(*paths) == []
    for path in paths:
        os.utime(path)
    assert [batch.restarted for batch in known.read(*paths)] == [True, True]
    assert known.records == before


def test_what_is_no_file_is_refused(home: Path) -> None:
    for ending in ("json", "jsonl"):
        link = chats(home) / f"session-x.{ending}"
        link.symlink_to(DOCUMENT)
        with pytest.raises(NotALog):
            list(gemini_cli.read(str(link), None, siblings=None))
        with pytest.raises(FileNotFoundError):
            list(gemini_cli.read(str(link.with_name(f"none.{ending}")), None, siblings=None))


@settings(max_examples=60, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "timestamp", "model", "tokens", "sessionId", "messages", "$set", "input"]),
        inner, max_size=5,
    ),
    max_leaves=12,
))
def test_no_line_is_fatal(value: object) -> None:
    parser = gemini_parser.Parser(origin_of("/home/ana/.gemini/tmp/shop/chats/session-x.jsonl"))
    good = message("z", 1, used(1, 1))
    parser.feed(f"{json.dumps(value)}\n{json.dumps(good)}\n".encode(), 0)
    assert any(record.output_tokens for record in parser.findings.records.values())


def test_hostile_names_are_harmless(home: Path) -> None:
    known = Known()
    entries = [HEADER | {"sessionId": "s\x1b[2J"}, message("a", 1, used(10, 1), model="gem\x1b]0;x\x07ini\n")]
    known.read(write(chats(home, "sh\x1b[31mop") / "session-x.jsonl", entries))
    context = known.contexts[known.only.key]
    assert (known.only.model, context.conversation_id, context.project) == ("gemini ", "s", "shop")


def test_the_folders_follow_the_tools_variables(home: Path, tmp_path: Path) -> None:
    def found(**environ: str) -> list[str]:
        return [str(root) for root in gemini_cli.roots(home, environ)]

    default = [f"{home}/.gemini/tmp", f"{home}/.cache/.gemini/tmp"]
    (tmp_path / "a" / "tmp").mkdir(parents=True)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert found() == found(GEMINI_DATA_DIR=" , ") == default
    assert found(GEMINI_CLI_HOME="/srv/g") == ["/srv/g/.gemini/tmp"]
    assert found(GEMINI_CLI_HOME="~/g") == [f"{home}/g/.gemini/tmp"]
    assert found(GEMINI_DATA_DIR=f"{tmp_path}/a, {tmp_path}/b,{tmp_path}/c/tmp") == [
        f"{tmp_path}/a/tmp", f"{tmp_path}/c/tmp",
    ]


def test_only_recordings_are_wanted() -> None:
    recordings = ("shop/chats/a.json", "shop/chats/s/x.jsonl", "tmp/shop/chats/a.jsonl", "chats/a.json")
    others = ("shop/logs.json", "shop/checkpoint-a.json", "shop/chats/x.txt", "shop/chatsx/a.json", "a.json")
    assert [path for path in (*recordings, *others) if gemini_cli.wanted(path)] == list(recordings)

"""Whatever stands in the fields of a log, what is stored of it can be shown."""

from __future__ import annotations

import json
import os
import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.codex_rollouts import Rollout, tokens
from tests.engine_watch import append, log, request
from tokentui.config import Settings, paths
from tokentui.engine.collect import collect_once
from tokentui.text import clean

HOSTILE = (
    "\x1b]52;c;aGFja2Vk\x07", "\x1b]2;PWNED\x1b\\", "\x9b31m\x9d0;x\x9c", "a\u202eb\u2066c\u200d\ufeff",
    "[/][@click=app.quit]x[/]", "n\u0301\u0302\u0303\u0304\u0305\u0306\u0307", "line\nline\ttab\x00\x7f",
    "\ud800x", "x" * 70_000, "%s{0}\\N{DIGIT ONE}",
)  # fmt: skip


def stored_texts() -> set[str]:
    """Every text of the database but for the names of files, which are bytes and are cleaned when shown."""
    texts: set[str] = set()
    with closing(sqlite3.connect(paths(os.environ).database)) as opened:
        tables = [row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table == "log_files":
                continue
            for row in opened.execute(f"SELECT * FROM {table}"):
                texts.update(field for field in row if isinstance(field, str))
    return texts


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_in_every_field_is_stored_harmless(home: Path, text: str) -> None:
    names = ("cwd", "gitBranch", "version", "sessionId", "userType", "slug", "agentId")
    fields: dict[str, Any] = dict.fromkeys(names, text)
    message = json.loads(request("1"))["message"] | {"model": text, "id": f"msg_{text}"}
    append(log(home), request("1", message=message, requestId=text, **fields))
    append(log(home), request("2", **fields))
    torn = b'{"type": "assistant", "message": "' + text.encode("utf-8", "replace")
    append(log(home, "-x/2.jsonl"), torn, b"\n")
    window = {"used_percent": 42.0, "window_minutes": 300, "resets_at": 2_000_000_000}
    limits = {"primary": window, "limit_id": text, "limit_name": text, "plan_type": text}
    rollout = Rollout().meta(cwd=text, cli_version=text, git={"branch": text}, model_provider=text)
    rollout.turn(text).count(tokens(100, 0, 10), tokens(100, 0, 10), limits=limits)
    rollout.write(home / ".codex" / "sessions")
    chat = {"sessionId": text, "projectHash": text, "startTime": "2026-05-03T10:00:00.000Z"}
    answer = {
        "id": text, "timestamp": "2026-05-03T10:11:12.131Z", "type": "gemini", "model": text,
        "tokens": {"input": 100, "output": 10, "total": 110},
    }  # fmt: skip
    recording = home / ".gemini" / "tmp" / "shop" / "chats" / "session-1.jsonl"
    recording.parent.mkdir(parents=True)
    append(recording, *(json.dumps(line).encode() + b"\n" for line in (chat, answer)))
    assert collect_once(paths(os.environ), Settings()).records_after == 4
    kept = stored_texts()
    assert len(kept) > 10
    for each in kept:
        assert each == clean(each, 10_000), each
        assert len(each) <= 4096
        assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in each)

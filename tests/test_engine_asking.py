"""Questions of the screen are answered beside the engine, one topic at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tokentui import config, demo
from tokentui.engine.asking import Asking
from tokentui.engine.collect import collect_once
from tokentui.store import Reader
from tokentui.store.place import choose

WAIT = 20.0


class Told:
    """What the callbacks were called with."""

    def __init__(self) -> None:
        self.answers: list[object] = []
        self.reasons: list[str] = []
        self.heard = threading.Event()

    def answer(self, answer: object) -> None:
        """The listener."""
        self.answers.append(answer)
        self.heard.set()

    def reason(self, reason: str) -> None:
        """The one that hears of failures."""
        self.reasons.append(reason)
        self.heard.set()


@pytest.fixture
def paths() -> config.Paths:
    """A home with a demo history that is collected."""
    demo.write_history(Path(os.environ["HOME"]), seed=2, now=datetime(2026, 11, 20, tzinfo=UTC), days=2)
    found = config.paths(os.environ)
    collect_once(found, config.Settings())
    return found


@pytest.fixture
def asking(paths: config.Paths) -> Iterator[Asking]:
    """Questions to that database."""
    found = Asking(paths, config.Settings(), lambda: choose(paths.database))
    yield found
    found.stop()


def endless(begun: threading.Event) -> object:
    """A question that is only over when it is broken off."""

    def question(reader: Reader) -> object:
        begun.set()
        return reader.connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        ).fetchone()

    return question


def test_a_question_is_answered(asking: Asking) -> None:
    told = Told()
    asking.ask("explore", lambda reader: reader.record_count(), told.answer, told.reason)
    assert told.heard.wait(WAIT)
    assert told.answers[0] > 0  # type: ignore[operator]
    assert not told.reasons


def test_a_question_that_fails_says_why_and_the_next_is_answered(asking: Asking) -> None:
    told = Told()
    asking.ask("explore", lambda reader: reader.meta("x") or 1 // 0, told.answer, told.reason)
    assert told.heard.wait(WAIT)
    assert "ZeroDivisionError" in told.reasons[0]
    told.heard.clear()
    asking.ask("explore", lambda reader: reader.record_count(), told.answer, told.reason)
    assert told.heard.wait(WAIT)
    assert len(told.answers) == 1


def test_a_newer_question_of_the_same_topic_breaks_off_the_older(asking: Asking) -> None:
    old, new, begun = Told(), Told(), threading.Event()
    asking.ask("explore", endless(begun), old.answer, old.reason)  # type: ignore[arg-type]
    assert begun.wait(WAIT)
    asking.ask("explore", lambda _: "new", new.answer, new.reason)
    assert new.heard.wait(WAIT)
    assert new.answers == ["new"]
    assert not old.heard.is_set(), "an outdated question tells nothing"


def test_stopping_breaks_off_what_is_being_answered(asking: Asking) -> None:
    told, begun = Told(), threading.Event()
    asking.ask("explore", endless(begun), told.answer, told.reason)  # type: ignore[arg-type]
    assert begun.wait(WAIT)
    asking.stop()
    thread = asking._thread
    assert thread is not None
    thread.join(WAIT)
    assert not thread.is_alive()
    assert not told.heard.is_set()


def test_without_a_database_the_answer_is_why_there_is_none(tmp_path: Path) -> None:
    found = config.paths({"HOME": str(tmp_path), "TOKENTUI_HOME": str(tmp_path / "none")})
    asking = Asking(found, config.Settings(), lambda: choose(found.database))
    told = Told()
    asking.ask("explore", lambda reader: reader.record_count(), told.answer, told.reason)
    assert told.heard.wait(WAIT)
    asking.stop()
    assert "nothing is stored yet" in told.reasons[0]

"""Esc and the key typed right after it, over any line."""

from __future__ import annotations

import pytest
from textual import constants, events

from tokentui.ui.escapes import KeyParser


def keys(*reads: str) -> list[str]:
    """What comes out of what a terminal sends in so many pieces, without waiting."""
    parser = KeyParser()
    return [
        message.key if isinstance(message, events.Key) else type(message).__name__
        for read in reads
        for message in parser.feed(read)
    ]


@pytest.mark.parametrize(
    ("reads", "wanted"),
    [
        (("\x1b3",), ["escape", "3"]),
        (("\x1b", "3"), ["escape", "3"]),
        (("\x1b\x10",), ["escape", "ctrl+p"]),
        (("\x1b?",), ["escape", "question_mark"]),
        (("\x1bjjj\x1bq",), ["escape", "j", "j", "j", "escape", "q"]),
        (("\x1b\t",), ["escape", "tab"]),
        (("\x1b\x1b[A",), ["escape", "up"]),
        (("\x1b[A",), ["up"]),
        (("\x1b", "[A"), ["up"]),
        (("\x1bOP",), ["f1"]),
        (("\x1b[27u",), ["escape"]),
        (("\x1bb\x1bf\x1b\x7f",), ["ctrl+left", "ctrl+right", "ctrl+w"]),
        (("\x1b[200~ab", "c\x1b[201~", "\x1be"), ["Paste", "escape", "e"]),
        (("ab",), ["a", "b"]),
    ],
)
def test_esc_before_a_key_is_esc_and_that_key(reads: tuple[str, ...], wanted: list[str]) -> None:
    assert keys(*reads) == wanted


def test_esc_alone_is_esc_once_nothing_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 0.0)
    parser = KeyParser()
    assert not list(parser.feed("\x1b"))
    assert [getattr(message, "key", "") for message in parser.tick()] == ["escape"]
    assert [getattr(message, "key", "") for message in parser.feed("j")] == ["j"]

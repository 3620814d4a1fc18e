"""What sessions are called, as their tools say: the names a user gave, or the tool made up.

No figure depends on them, so they are not read with the requests: a title's reader looks once into the
files that changed, and only at their ends. It never raises for what a file holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

from tokentui.text import clean

Titles = Callable[[Iterable[str]], Mapping[str, str]]
"""Paths of logs to titles by conversation id."""

LONGEST = 80
"""Characters of a title that are kept: a column of the widest screen."""

_READERS = {
    "claude-code": "tokentui.sources.logs.claude_titles",
    "codex": "tokentui.sources.logs.codex_titles",
    "gemini-cli": "tokentui.sources.logs.gemini_titles",
}

SOURCES = tuple(_READERS)
"""The sources whose sessions have titles."""


def of(source: str, paths: Iterable[str]) -> dict[str, str]:
    """Return the titles that logs of a source tell, harmless and cut, by conversation id."""
    read: Titles = import_module(_READERS[source]).titles
    told = {conversation: clean(title, LONGEST).strip() for conversation, title in read(paths).items()}
    return {conversation: title for conversation, title in told.items() if title}

"""The registry of sources: one row a source. A new tool is one file, one fixture, one row here."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import NamedTuple


class Source(NamedTuple):
    """A place that usage comes from."""

    name: str
    """The service it feeds: `claude-code`."""
    title: str
    """What a person calls it: `Claude Code`."""
    kind: str
    """`logs`: session logs on this machine."""
    module: str
    """Where its reader lives; imported when first used."""
    dashboard_url: str | None
    """Where the provider shows the same usage; None where it shows none."""
    aliases: tuple[str, ...] = ()
    """Other names a person may type: `claude`."""

    def load(self) -> ModuleType:
        """Import and return the reader's module."""
        return import_module(self.module)


SOURCES: tuple[Source, ...] = (
    Source(
        "claude-code", "Claude Code", "logs", "tokentui.sources.logs.claude_code",
        "https://claude.ai/settings/usage", ("claude", "anthropic"),
    ),
    Source(
        "codex", "Codex", "logs", "tokentui.sources.logs.codex",
        "https://chatgpt.com/codex/settings/usage", ("openai",),
    ),
    Source(
        "gemini-cli", "Gemini CLI", "logs", "tokentui.sources.logs.gemini_cli",
        "https://aistudio.google.com/usage", ("gemini", "google"),
    ),
)


def find(name: str) -> Source | None:
    """Return the source that a person means by `name`, whatever its case; None when unknown."""
    wanted = name.strip().lower()
    for source in SOURCES:
        if wanted in (source.name, source.title.lower(), *source.aliases):
            return source
    return None

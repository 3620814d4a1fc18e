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
    """`logs`: session logs on this machine; `spool`: what tokentui noted itself, to be read like a log."""
    module: str
    """Where its reader lives; imported when first used."""
    dashboard_url: str | None
    """Where the provider shows the same usage; None where it shows none."""
    aliases: tuple[str, ...] = ()
    """Other names a person may type: `claude`."""
    parser: str = ""
    """What its reader imports for the first line; named where that takes a worker process a while."""

    def load(self) -> ModuleType:
        """Import and return the reader's module."""
        return import_module(self.module)


SOURCES: tuple[Source, ...] = (
    Source(
        "claude-code", "Claude Code", "logs", "tokentui.sources.logs.claude_code",
        "https://claude.ai/settings/usage", ("claude", "anthropic"), "tokentui.sources.logs.claude_parser",
    ),
    Source(
        "codex", "Codex", "logs", "tokentui.sources.logs.codex",
        "https://chatgpt.com/codex/settings/usage", ("openai",), "tokentui.sources.logs.codex_parser",
    ),
    Source(
        "gemini-cli", "Gemini CLI", "logs", "tokentui.sources.logs.gemini_cli",
        "https://aistudio.google.com/usage", ("gemini", "google"),
    ),
)

SPOOLS: tuple[Source, ...] = (
    Source(
        "status-line", "Claude Code's status line", "spool", "tokentui.sources.logs.status_line",
        "https://claude.ai/settings/usage",
    ),
    Source("scripts", "Your scripts", "spool", "tokentui.sources.logs.script_lines", None),
)  # fmt: skip
"""What tokentui writes for itself; no tool of the user's."""


def tools() -> tuple[Source, ...]:
    """Return the tools whose logs are read: those above, and what other packages add."""
    from tokentui.sources import third_party  # looks into every installed package: 2 ms

    return (*SOURCES, *third_party.log_readers())


def everything() -> tuple[Source, ...]:
    """Return all that is read like a log."""
    return (*tools(), *SPOOLS)


def module_of(name: str) -> str:
    """Return the module that reads the logs of a source. Raises KeyError."""
    known = next((each for each in (*SOURCES, *SPOOLS) if each.name == name), None)
    return {each.name: each.module for each in tools()}[name] if known is None else known.module


def find(name: str) -> Source | None:
    """Return the source that a person means by `name`, whatever its case; None when unknown."""
    wanted = name.strip().lower()
    for source in tools():
        if wanted in (source.name, source.title.lower(), *source.aliases):
            return source
    return None

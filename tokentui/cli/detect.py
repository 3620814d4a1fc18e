"""`tokentui detect`: which tools left logs on this machine, and where they were looked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import click

from tokentui import sources as registry
from tokentui.batch import Batch
from tokentui.cli import output
from tokentui.cli.surroundings import Surroundings, look_around
from tokentui.engine.discovery import Discovery, LogFile, Siblings, newest_first
from tokentui.text import clean, tilde
from tokentui.usage import moment

NOTHING = "\nNothing found. `extra_roots` in the settings adds a place; `tokentui demo` shows an example.\n"

FILES_ASKED = 3
"""Newest logs that are asked for the tool's version; older ones may come from an older tool."""


@dataclass(frozen=True, slots=True)
class Detected:
    """One tool, found or not."""

    name: str
    title: str
    found: bool
    roots: tuple[str, ...]
    """Where its logs are looked for, whether there is such a folder or not."""
    environment: dict[str, str]
    """The variables in effect that say where."""
    files: int
    size_bytes: int
    last_written: str | None
    """When the newest log was written, ISO 8601 in UTC."""
    version: str
    """Of the tool, as its newest logs name it; empty when they do not."""
    dashboard_url: str | None


class Asked(Mapping[str, str]):
    """The environment, remembering which of its variables somebody wanted to know."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)

    def in_effect(self) -> dict[str, str]:
        """Return the variables that were asked for and are set; HOME is no news."""
        names = sorted(self.names - {"HOME"})
        return {name: self._environ[name] for name in names if self._environ.get(name)}


@click.command(short_help="Show which AI tools left logs here.")
@click.option("-j", "--json", "as_json", is_flag=True, help="JSON.")
def detect(as_json: bool) -> None:
    """Show which AI tools left logs on this machine, and where they were looked for."""
    here = look_around()
    found = [look_for(source, here) for source in registry.tools()]
    if as_json:
        document = {"schema": 1, "sources": [asdict(each) for each in found]}
        output.write(json.dumps(document, indent=2) + "\n")
        return
    for each in found:
        output.write(_described(each))
    if not any(each.found for each in found):
        output.write(NOTHING)


def look_for(source: registry.Source, here: Surroundings) -> Detected:
    """Look for the logs of one tool; nothing is stored."""
    asked = Asked(here.environ)
    home = Path(here.environ.get("HOME") or Path.home())
    discovery = Discovery([source], home, asked, here.settings.extra_roots)
    roots = discovery.roots(source)
    files = newest_first(list(discovery.walk().values()))
    newest = moment(files[0].mtime_ns // 1000).isoformat(timespec="seconds") if files else None
    return Detected(
        source.name, source.title, bool(files), tuple(roots), asked.in_effect(), len(files),
        sum(file.size for file in files), newest, _version(source, files), source.dashboard_url,
    )


def _version(source: registry.Source, files: list[LogFile]) -> str:
    siblings = Siblings([file.path for file in files])
    for file in files[:FILES_ASKED]:
        try:
            batches: Iterable[Batch] = source.load().read(file.path, None, siblings=siblings)
            contexts = [context for batch in islice(batches, 1) for context in batch.contexts]
        except OSError:
            continue
        named = [context.tool_version for context in contexts if context.tool_version]
        if named:
            return named[-1]
    return ""


def _described(each: Detected) -> str:
    def shown(path: str) -> str:
        return clean(tilde(path), 300) + ("" if os.path.isdir(path) else "  (no such folder)")

    if each.found:
        version = f" {clean(each.version, 40)}" if each.version else ""
        head = f"{each.title}{version}: {each.files:,} logs, {each.size_bytes / 1e6:,.1f} MB"
        head += f", newest {each.last_written}" if each.last_written else ""
    else:
        head = f"{each.title}: not found"
    lines = [head, *(f"  looked in {shown(root)}" for root in each.roots)]
    lines += [f"  because {name}={clean(value, 300)}" for name, value in each.environment.items()]
    return "".join(line + "\n" for line in lines)

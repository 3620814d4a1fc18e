"""`tokentui doctor`: is everything read that should be, and is the database sound?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tokentui.cli import FAILED, OK, output
from tokentui.cli.output import BOLD, GREEN, RED, YELLOW, coloured, styled
from tokentui.cli.surroundings import look_around, tilde
from tokentui.text import ago, clean
from tokentui.usage import moment

if TYPE_CHECKING:
    from tokentui.engine.health import DatabaseHealth, Health, SourceHealth

MOST_BAD_LINES = 10
"""Bad lines of a source that a person is shown; --json has all that are kept."""

COLOURS = {"ok": GREEN, "error": RED}


@click.command()
@click.option("-j", "--json", "as_json", is_flag=True, help="JSON.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check the sources and the database; ends with 1 when the database is damaged.

    Nothing is changed: no log is read anew, nothing is repaired.
    """
    from tokentui.engine.health import health

    here = look_around()
    found = health(here.paths, here.settings, here.now)
    if as_json:
        output.write(json.dumps({"schema": 1, **asdict(found)}, indent=2, default=str) + "\n")
    else:
        output.write(described(found, here.now, colour=coloured(sys.stdout)))
    context.exit(OK if found.database.sound else FAILED)


def described(found: Health, now: int, *, colour: bool) -> str:
    """Return the findings for a person."""
    parts = [_source(source, now, colour=colour) for source in found.sources]
    return "\n".join([*parts, _database(found.database, colour=colour)])


def _source(source: SourceHealth, now: int, *, colour: bool) -> str:
    state = styled(source.state, COLOURS.get(source.state, YELLOW), colour=colour)
    lines = [f"{styled(source.title, BOLD, colour=colour)}: {state}"]
    lines += [f"  looked in {_path(root)}" for root in source.roots]
    bad = source.bad_line_count
    lines.append(f"  {source.files:,} files, {source.records:,} requests, {bad:,} bad lines")
    if source.last_read_at is not None:
        lines.append(f"  last read {ago((now - source.last_read_at) / 1e6)} ago")
    if source.lag_seconds:
        lines.append(f"  {ago(source.lag_seconds)} behind")
    lines += [f"  {clean(error, 400)}" for error in source.errors]
    shown = source.bad_lines[:MOST_BAD_LINES]
    lines += [f"  {_path(bad.path)}, line {bad.line}: {clean(bad.reason)}" for bad in shown]
    if source.bad_line_count > len(shown):
        lines.append(f"  and {source.bad_line_count - len(shown):,} more bad lines")
    return "".join(line + "\n" for line in lines)


def _database(database: DatabaseHealth, *, colour: bool) -> str:
    state = styled(clean(database.integrity), GREEN if database.sound else RED, colour=colour)
    lines = [
        f"{styled('Database', BOLD, colour=colour)}: {state}",
        f"  {_path(database.path)}, {database.size_bytes / 1e6:,.1f} MB, {database.records:,} requests, "
        f"{database.bytes_per_record:.0f} bytes each",
        f"  schema {database.schema_version}, SQLite {database.sqlite_version}, {database.journal_mode}, "
        f"{'writable' if database.writable else 'read-only'}",
    ]
    if database.last_backup_at is None:
        lines.append("  no backup yet")
    else:
        newest = f"{moment(database.last_backup_at):%F %R} UTC"
        lines.append(f"  {database.backups} backups, the newest of {newest}")
    lines += [f"  {clean(note, 400)}" for note in (database.sqlite_note, *database.notices) if note]
    return "".join(line + "\n" for line in lines)


def _path(path: str) -> str:
    return clean(tilde(path), 400)

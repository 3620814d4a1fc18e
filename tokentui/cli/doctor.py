"""`tokentui doctor`: is everything read that should be, and is the database sound?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tokentui import __version__
from tokentui.cli import FAILED, OK, output
from tokentui.cli.output import BOLD, DIM, GREEN, RED, YELLOW, coloured, styled
from tokentui.cli.surroundings import look_around
from tokentui.text import ago, clean, tilde
from tokentui.usage import moment

if TYPE_CHECKING:
    from tokentui.engine.health import DatabaseHealth, Health, SourceHealth

MOST_BAD_LINES = 10
"""Bad lines of a source that a person is shown; --json names a thousand."""
MOST_UNPRICED = 10

COLOURS = {"ok": GREEN, "error": RED, "behind": YELLOW}


@click.command(short_help="Check the sources and the database.")
@click.option("-j", "--json", "as_json", is_flag=True, help="JSON.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check the sources and the database; ends with 1 when the database is damaged.

    Nothing is changed: no log is read anew, nothing is repaired.
    """
    from tokentui.engine.health import health
    from tokentui.pricing import Prices
    from tokentui.sources import providers
    from tokentui.sources.logs import compiled

    here = look_around()
    found = health(here.paths, here.settings, here.now)
    problem = Prices.open(here.paths.price_overlay, here.paths.price_cache).overlay_problem
    added = providers.problems()
    if as_json:
        about = {
            "schema": 1, "version": __version__, "settings_file": str(here.paths.config_file),
            "timezone": here.zone_name, "parsers": "compiled" if compiled.Transcript else "plain",
            "prices": {"file": str(here.paths.price_overlay), "problem": str(problem) if problem else None},
            "added": {"file": str(here.paths.providers_file), "problems": added},
        }
        output.write(json.dumps({**about, **asdict(found)}, indent=2) + "\n")
    else:
        output.write(described(found, here.now, colour=coloured(sys.stdout)))
        output.write(f"\nSettings: {_path(str(here.paths.config_file))}, days in {here.zone_name}\n")
        output.write(f"Own prices: {clean(problem or _path(str(here.paths.price_overlay)), 400)}\n")
        if compiled.Transcript is None:
            output.write("Parsers: plain, slower at a first reading (`pip install -v` tells why)\n")
        output.write("".join(f"Not in use: {clean(each, 500)}\n" for each in added))
    context.exit(OK if found.database.sound else FAILED)


def described(found: Health, now: int, *, colour: bool) -> str:
    """Return the findings for a person; `now` is UTC epoch microseconds."""
    parts = [_source(source, now, colour=colour) for source in found.sources]
    return "\n".join([*parts, _database(found.database, colour=colour) + _prices(found)])


def _prices(found: Health) -> str:
    newest = f", newest change on {clean(found.newest_price, 10)}" if found.newest_price else ""
    lines = [f"  prices of genai-prices {clean(found.price_data, 30)}{newest}"] if found.price_data else []
    lines += [f"  costs shown at {clean(found.exchange_rate, 80)}"] if found.exchange_rate else []
    return "".join(line + "\n" for line in lines)


def _source(source: SourceHealth, now: int, *, colour: bool) -> str:
    state = styled(source.state, COLOURS.get(source.state, DIM), colour=colour)
    lines = [f"{styled(source.title, BOLD, colour=colour)}: {state}"]
    lines += [f"  looked in {_path(root)}" for root in source.roots]
    if source.files or source.records:
        lines.append(f"  {_counted(source.files, 'log')}, {_counted(source.records, 'request')}")
    if source.files_gone:
        gone = _counted(source.files_gone, "more log")
        lines.append(f"  {gone} deleted since; their requests are kept")
    if source.last_read_at is not None:
        lines.append(f"  last read {_since((now - source.last_read_at) / 1e6)}")
    if source.unread_bytes:
        unread = _counted(source.unread_bytes, "byte")
        lines.append(f"  {unread} not read yet, the oldest {_since(source.lag_seconds)}")
    if source.unfinished_bytes:
        lines.append(f"  {_counted(source.unfinished_bytes, 'byte')} of last lines that have not ended yet")
    if source.deleted_after_days is not None and source.next_deleted_at is not None:
        left = max((source.next_deleted_at - now) / 86_400e6, 0.0)
        first = f"in {_counted(int(left), 'day')}" if left >= 1 else "any time now"
        kept = f"the tool deletes a log after {source.deleted_after_days:g} days, the oldest {first}"
        lines.append(f"  {kept}, {_counted(source.deleted_soon, 'log')} within a week; the requests stay")
    if source.anomalies:
        lines.append(f"  {_counted(source.anomalies, 'value')} repaired or borrowed from a neighbour")
    lines += [f"  {clean(error, 400)}" for error in source.errors]
    return "".join(line + "\n" for line in [*lines, *_bad_lines(source)])


def _bad_lines(source: SourceHealth) -> list[str]:
    shown = source.bad_lines[:MOST_BAD_LINES]
    lines = [f"  {_path(bad.path)}, line {bad.line}: {clean(bad.reason)}" for bad in shown]
    if source.bad_line_count:
        bad_lines = _counted(source.bad_line_count, "bad line")
        lines.insert(0, f"  {bad_lines}, everything else in these logs is counted:")
    if source.bad_line_count > len(shown):
        lines.append(f"  and {source.bad_line_count - len(shown):,} more")
    return lines


def _database(database: DatabaseHealth, *, colour: bool) -> str:
    state = styled(clean(database.integrity), GREEN if database.sound else RED, colour=colour)
    lines = [f"{styled('Database', BOLD, colour=colour)}: {state}", f"  {_path(database.path)}"]
    if database.size_bytes:
        lines.append(
            f"  {database.size_bytes / 1e6:,.1f} MB, {_counted(database.records, 'request')}, "
            f"{database.bytes_per_record:.0f} bytes each"
        )
        access = "writable" if database.writable else "read-only"
        lines.append(f"  schema {database.schema_version}, {clean(database.journal_mode)} journal, {access}")
    if database.last_backup_at is not None:
        newest = f"{moment(database.last_backup_at):%Y-%m-%d %H:%M} UTC"
        lines.append(f"  {_counted(database.backups, 'backup')}, the newest of {newest}")
    kept = f"for {database.retention_days:,} days" if database.retention_days else "for ever"
    gone = f", {_counted(database.expired, 'request')} sums only" if database.expired else ""
    lines.append(f"  single requests kept {kept}, sums for ever{gone}")
    lines.append(f"  SQLite {database.sqlite_version}")
    if database.unpriced_models:
        models = list(dict.fromkeys(database.unpriced_models))  # a model may have several providers
        named = models[:MOST_UNPRICED]
        more = len(models) - len(named)
        names = ", ".join(clean(name, 60) or "(no model)" for name in named)
        lines.append(f"  models without a known price: {names}" + (f" and {more} more" if more else ""))
    lines += [f"  {clean(note, 400)}" for note in (database.sqlite_note, *database.notices) if note]
    return "".join(line + "\n" for line in lines)


def _since(seconds: float) -> str:
    age = ago(seconds)
    return "just now" if age == "now" else f"{age} ago"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _path(path: str) -> str:
    return clean(tilde(path), 400)

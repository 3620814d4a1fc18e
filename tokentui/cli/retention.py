"""`tokentui retention`: what keeping single requests for so many days would remove."""

from __future__ import annotations

import json
from dataclasses import replace

import click

from tokentui.cli import Misuse, output
from tokentui.cli.stored import opened
from tokentui.cli.surroundings import look_around
from tokentui.config import documented


@click.command(short_help="What would be removed after retention_days.")
@click.option("--preview", is_flag=True, help="Only say what would go. That is all this command ever does.")
@click.option("--days", type=int, metavar="DAYS", help="As if retention_days were so many; 0 is for ever.")
@click.option("-j", "--json", "as_json", is_flag=True, help="JSON.")
def retention(preview: bool, days: int | None, as_json: bool) -> None:  # noqa: ARG001
    """Say what keeping single requests for retention_days removes; their sums stay for ever.

    Nothing is removed by this command: the dashboard and `tokentui collect` do it, once a day.
    """
    from tokentui.engine.retention import described, horizon
    from tokentui.store.retention import Expiring

    here = look_around()
    settings = here.settings
    if days is not None:
        check = next(each.check for each in documented() if each.name == "retention_days")
        try:
            settings = replace(settings, retention_days=check(days))
        except ValueError as error:
            raise Misuse(f"--days {days}: {error}", hint="such as: --days 400") from None
    kept = settings.retention_days
    with opened(here) as reader:
        newest = reader.newest_at() if reader else None
        before = horizon(kept, here.zone_name, here.now, newest)
        found = reader.expiring(before or 0) if reader else Expiring(0, 0, 0)
    if as_json:
        about = {
            "schema": 1, "retention_days": kept, "before": before, "requests": found.requests,
            "bytes": found.size, "expired": found.expired,
        }  # fmt: skip
        output.write(json.dumps(about) + "\n")
        return
    how_long = f"for {kept:,} days" if kept else "for ever"
    output.write(f"Single requests are kept {how_long}, sums for ever.\n{described(found)}\n")

"""`tokentui explain`: what is behind a figure, down to the requests and the prices put on them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date

import click

from tokentui import periods
from tokentui.cli import Misuse, output
from tokentui.cli import explain_report as reports
from tokentui.cli.explain_json import as_json
from tokentui.cli.stored import bring_up_to_date, opened
from tokentui.cli.surroundings import Surroundings, filter_of, look_around, misused
from tokentui.engine import filters
from tokentui.engine.explain import Explained, explained
from tokentui.pricing import Prices
from tokentui.store.explain import Elsewhere, Explanation
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import NUMBER_FIELDS, UsageQuery

MOST_REQUESTS = 10_000
"""The largest `--top`: an explanation is held in memory as a whole."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed."""

    start: str | None
    end: str | None
    filter_text: str
    project: str | None


@click.command(short_help="Show what is behind a figure of show.")
@click.option("--from", "start", metavar="DAY", help="First day: 2026-11-01, -7d, last month …")
@click.option("--to", "end", metavar="DAY", help="Last day, inclusive; the same words.")
@click.option("--filter", "filter_text", metavar="TERMS", multiple=True, help=f"Such as '{filters.EXAMPLE}'.")
@click.option("--project", metavar="NAME", help="Only one project: its path, or the last part of it.")
@click.option(
    "--top", metavar="N", type=click.IntRange(0, MOST_REQUESTS), default=10, help="How many requests; 10."
)
@click.option("-j", "--json", "wants_json", is_flag=True, help="JSON, as --schema describes it.")
@click.option("--no-collect", is_flag=True, help="Only what the database holds already.")
@click.option("--tz", metavar="ZONE", help="Time zone that days begin in, such as Europe/Berlin.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of --json, and nothing else.")
def explain(
    start: str | None, end: str | None, filter_text: tuple[str, ...], project: str | None, top: int,
    wants_json: bool, no_collect: bool, tz: str | None, schema: bool,
) -> None:  # fmt: skip
    """Explain a figure: the requests behind it, the price put on each, and what is uncertain.

    It is the figure that `tokentui show` has for the same days, filter and project; today's by default.
    """
    if schema:
        output.write(schema_text())
        return
    asked = Asked(start, end, " ".join(filter_text), project)
    here = look_around(tz)
    query = _query(here, asked)
    if not no_collect:
        bring_up_to_date(here)
    found = _ask(here, query, top)
    looked_for = reports.LookedFor(asked.filter_text, project, here.zone, here.now)
    if wants_json:
        output.write(as_json(found, looked_for))
    else:
        colour, width = output.coloured(sys.stdout), output.columns_of(sys.stdout)
        output.write(reports.as_text(found, looked_for, width=width, colour=colour))


def schema_text() -> str:
    """Return the JSON Schema of `explain --json`."""
    from importlib.resources import files

    return files("tokentui.cli").joinpath("schemas/explain.schema.json").read_text("utf-8")


def _query(here: Surroundings, asked: Asked) -> UsageQuery:
    """Return what is to be explained: today, unless days are named by an option or in the filter."""
    week_start = here.settings.week_start
    try:
        start, end = periods.parse_range(asked.start, asked.end, here.today, week_start)
    except periods.PeriodError as error:
        raise misused(error) from None
    chosen = filter_of(here, asked.filter_text)
    if any(each.field in NUMBER_FIELDS for each in chosen.where):
        why = "cost and tokens choose among the lines of a report; an explanation has one figure only"
        raise Misuse(why, hint="the largest requests are listed: tokentui explain --top 20")
    starts, ends = _named(start, chosen.start), _named(end, chosen.end)
    if not starts and not ends:
        starts = ends = [here.today]
    first, last = max(starts, default=None), min(ends, default=None)
    if first and last and first > last:
        why = f"--from, --to and --filter leave no day: from {first} to {last}"
        raise Misuse(why, hint=f"such as: --from {last} --to {first}")
    where = chosen.where if asked.project is None else (*chosen.where, filters.project(asked.project))
    return UsageQuery(first, last, here.zone_name, where=where)


def _named(*days: date | None) -> list[date]:
    return [day for day in days if day is not None]


def _ask(here: Surroundings, query: UsageQuery, top: int) -> Explained:
    with opened(here) as reader:
        if reader is None:
            nothing = Elsewhere(Usage(), None, None, Usage(), Usage())
            return Explained(Explanation(query, Usage(), Usage(), elsewhere=nothing), ())
        explanation = reader.explanation(query, top)
    return explained(explanation, Prices.open(here.paths.price_overlay, here.paths.price_cache))

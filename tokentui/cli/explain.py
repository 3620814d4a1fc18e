"""`tokentui explain`: what is behind a figure, down to the requests and the prices put on them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import TYPE_CHECKING

import click

from tokentui import periods, text
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

if TYPE_CHECKING:
    from tokentui.engine.explain_books import BooksExplained

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
@click.option("--account", metavar="ACCOUNT", help="What its provider billed, beside what is computed.")
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
    start: str | None, end: str | None, account: str | None, filter_text: tuple[str, ...],
    project: str | None, top: int, wants_json: bool, no_collect: bool, tz: str | None, schema: bool,
) -> None:  # fmt: skip
    """Explain a figure: the requests behind it, the price put on each, and what is uncertain.

    It is the figure that `tokentui show` has for the same days, filter and project; today's by default.
    With --account it is the gap between what a provider billed and what that comes to at list prices, by
    UTC day; of the last 30 by default.
    """
    if schema:
        output.write(schema_text(of_account=account is not None))
        return
    if account is not None:
        _account(account, start, end, wants_json=wants_json, no_collect=no_collect,
                 others={"--filter": filter_text, "--project": project, "--tz": tz})  # fmt: skip
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


def schema_text(*, of_account: bool = False) -> str:
    """Return the JSON Schema of `explain --json`, or of `explain --account … --json`."""
    from importlib.resources import files

    name = "explain-account" if of_account else "explain"
    return files("tokentui.cli").joinpath(f"schemas/{name}.schema.json").read_text("utf-8")


def _account(
    key: str, start: str | None, end: str | None, *, wants_json: bool, no_collect: bool,
    others: Mapping[str, object],
) -> None:  # fmt: skip
    """Print both books of an account. Raises Misuse, StoreError."""
    from tokentui.cli import explain_account as reports

    for option, value in others.items():
        if value:
            why = f"--account and {option} exclude each other: providers bill whole UTC days"
            raise Misuse(why, hint=f"leave {option} away; the logs alone: --filter account:{key}")
    here = look_around()
    if not no_collect:
        bring_up_to_date(here)
    found = _books(here, key, *_days(here, start, end))
    if wants_json:
        output.write(reports.as_json(found))
        return
    colour, width = output.coloured(sys.stdout), output.columns_of(sys.stdout)
    text.show_money_in(text.DOLLARS)  # two books are held against each other as they are
    output.write(reports.as_text(found, here.now, width=width, colour=colour))


def _days(here: Surroundings, start: str | None, end: str | None) -> tuple[date, date]:
    from tokentui.engine.explain_account import span

    today = periods.day_of(here.now, UTC)
    try:
        first, last = periods.parse_range(start, end, today, here.settings.week_start)
    except periods.PeriodError as error:
        raise misused(error) from None
    return span(first, last, today)


def _books(here: Surroundings, key: str, start: date, end: date) -> BooksExplained:
    from tokentui.engine.explain_account import asked

    service, _, name = key.strip().partition("/")
    known: list[str] = []
    with opened(here) as reader:
        if reader is not None:
            for each in reader.configured_accounts():
                known.append(each.account.key)
                if each.account.key.lower() == key.strip().lower():
                    service, name = each.account.service, each.account.name
            found = asked(reader, service, name, start, end)
            if found is not None:
                return found
    there = f"there are: {', '.join(known)}" if known else "none is set up: tokentui account add sets one up"
    raise Misuse(f"there is no account {text.clean(key, 60)} with a provider", hint=there)


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

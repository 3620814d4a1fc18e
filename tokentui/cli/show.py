"""`tokentui show`: what was used and what it cost, as a table, JSON or CSV."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import click

from tokentui import config, periods, text
from tokentui.cli import Misuse, output
from tokentui.cli import report as reports
from tokentui.cli.due import line as due_line
from tokentui.cli.due import with_due
from tokentui.cli.stored import ask_providers, bring_up_to_date, opened
from tokentui.cli.surroundings import Surroundings, filter_of, look_around, misused
from tokentui.engine import filters
from tokentui.engine.reports import SORTS, Report
from tokentui.engine.reports import report as report_of
from tokentui.store.usage_table import DIMENSIONS, UsageQuery, UsageTable, Where
from tokentui.text import clean, tilde

ORDERS = ("asc", "desc")
BOOKS = ("computed", "billed")


@dataclass(frozen=True, slots=True)
class Options:
    """What was typed."""

    start: str | None
    end: str | None
    by: Sequence[str]
    filter_text: Sequence[str]
    project: str | None
    sort: str | None
    detailed: bool
    cost: bool
    json: bool
    csv: bool
    historical: bool
    no_collect: bool
    tz: str | None
    currency: str | None
    book: str


@click.command()
@click.option("--from", "start", metavar="DAY", help="First day: 2026-11-01, -7d, last month …")
@click.option("--to", "end", metavar="DAY", help="Last day, inclusive; the same words.")
@click.option("--by", metavar="WHAT", multiple=True, help=f"Group by one or two of {', '.join(DIMENSIONS)}.")
@click.option("--filter", "filter_text", metavar="TERMS", multiple=True, help=f"Such as '{filters.EXAMPLE}'.")
@click.option("--project", metavar="NAME", help="Only one project: its path, or the last part of it.")
@click.option(
    "--sort", metavar="COLUMN", help=f"Sort by key, {', '.join(SORTS)}; also cost:asc, key:desc."
)
@click.option("-d", "--detailed", is_flag=True, help="By model, with every kind of token.")
@click.option("--cost", is_flag=True, help="More about money: share, $ per million tokens, unpriced.")
@click.option("-j", "--json", is_flag=True, help="JSON, as --schema describes it.")
@click.option("--csv", is_flag=True, help="CSV.")
@click.option(
    "--book", type=click.Choice(BOOKS), default="computed",
    help="computed: what logs come to; billed: what providers billed, by UTC day.",
)
@click.option(
    "--historical", is_flag=True,
    help="Ask the providers of all accounts first, due or not, for their history back to --from, and wait.",
)
@click.option("--no-collect", is_flag=True, help="Only what the database holds already.")
@click.option("--tz", metavar="ZONE", help="Time zone that days begin in, such as Europe/Berlin.")
@click.option("--currency", metavar="CODE", help="Convert costs at dated rates: EUR, GBP, JPY …")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of --json, and nothing else.")
def show(schema: bool, **typed: Any) -> None:
    """Show what was used and what it cost.

    The book is what logs on this machine come to; what providers billed is another one (--book billed).
    New lines of the logs are read first. Without --by there is one line for each service, with
    --detailed one for each model. Without --from and --to it covers everything there is.
    """
    options = Options(**typed)
    if schema:
        output.write(schema_text(options.book))
        return
    _check(options)
    if options.book == "billed":
        _show_billed(options)
        return
    here = look_around(options.tz)
    query = _query(here, options)
    order = _order(options.sort)
    currency = _currency(here, options)
    _bring_up_to_date(here, options)
    answer, unpriced = _ask(here, query)
    report = report_of(query, answer, *order)
    text.show_money_in(text.DOLLARS)
    if currency != "USD":
        from tokentui.cli.currency import converted  # the price data comes with it: 20 ms

        report = converted(report, currency, here.today)
    if not options.csv:
        report = with_due(here, query, report, always=options.json)
    if options.json:
        output.write(reports.as_json(report))
    elif options.csv:
        output.write(reports.as_csv(report))
    else:
        _print(here, report, unpriced, options)


def _show_billed(options: Options) -> None:
    """Print what providers billed. Raises Misuse, StoreError."""
    from tokentui.cli import show_billed

    show_billed.check({
        "--project": options.project, "--detailed": options.detailed, "--cost": options.cost,
        "--tz": options.tz, "--currency": options.currency,
    })  # fmt: skip
    here = look_around()
    asked = (options.start, options.end, options.by, " ".join(options.filter_text), options.sort)
    if options.historical:
        show_billed.asked(here, *asked)  # what cannot be understood is told before anybody is asked
    _bring_up_to_date(here, options)
    found = show_billed.asked(here, *asked)
    if options.json:
        output.write(show_billed.as_json(found))
    elif options.csv:
        output.write(show_billed.as_csv(found))
    else:
        show_billed.show(found)


def _bring_up_to_date(here: Surroundings, options: Options) -> None:
    """Read what is new; with --historical ask the providers as well."""
    if options.historical:
        ask_providers(here, _first_day(here, options))
    elif not options.no_collect:
        bring_up_to_date(here)


def _first_day(here: Surroundings, options: Options) -> date | None:
    """Return the day of --from."""
    if options.start is None:
        return None
    try:
        return periods.parse_range(options.start, options.end, here.today, here.settings.week_start)[0]
    except periods.PeriodError as error:
        raise misused(error) from None


def schema_text(book: str = "computed") -> str:
    """Return the JSON Schema of `show --json`, or of `show --book billed --json`."""
    from importlib.resources import files

    if book == "billed":
        from tokentui.cli import show_billed

        return show_billed.schema_text()
    return files("tokentui.cli").joinpath("schemas/show.schema.json").read_text("utf-8")


def _check(options: Options) -> None:
    if options.json and options.csv:
        raise Misuse("--json and --csv exclude each other", hint="choose one of them")
    if options.historical and options.no_collect:
        why = "--historical asks every provider, --no-collect nobody"
        raise Misuse(why, hint="choose one of them")


def _currency(here: Surroundings, options: Options) -> str:
    """Return the currency of the report: what was typed, else for a table that of the settings."""
    if options.currency is None:
        return "USD" if options.json or options.csv else here.settings.currency
    code = options.currency.strip().upper()
    if code not in config.CURRENCIES:
        why = f"--currency {options.currency}: there are no rates of that"
        raise Misuse(why, hint=f"one of {', '.join(config.CURRENCIES)}")
    return code


def _query(here: Surroundings, options: Options) -> UsageQuery:
    settings = here.settings
    try:
        start, end = periods.parse_range(options.start, options.end, here.today, settings.week_start)
    except periods.PeriodError as error:
        raise misused(error) from None
    asked = filter_of(here, " ".join(options.filter_text))
    where: tuple[Where, ...] = asked.where
    if options.project is not None:
        where = (*where, filters.project(options.project))
    start, end = _later(start, asked.start), _earlier(end, asked.end)
    if start and end and start > end:
        why = f"--from, --to and --filter leave no day: from {start} to {end}"
        raise Misuse(why, hint=f"such as: --from {end} --to {start}")
    return UsageQuery(start, end, here.zone_name, settings.week_start, _group_by(options), where)


def _group_by(options: Options) -> tuple[str, ...]:
    typed = [name.strip().lower() for words in options.by for name in words.split(",")]
    names = [filters.ALIASES.get(name, name) for name in typed]
    for name in names:
        if name not in DIMENSIONS:
            raise Misuse(
                f"--by {name}: usage cannot be grouped by that",
                hint=f"one or two of {', '.join(DIMENSIONS)}",
            )
    names = list(dict.fromkeys(names))
    if options.detailed and len(names) < 2 and "model" not in names:
        names.append("model")
    if len(names) > 2:
        why = f"--by {' --by '.join(names)}: two at most"
        raise Misuse(why, hint="such as: --by day --by model")
    return tuple(names) or ("service",)


def _order(sort: str | None) -> tuple[str, str]:
    """Return the column and the direction that `--sort` asks for; empty where it does not."""
    column, _, direction = (sort or "").strip().lower().partition(":")
    known = ("key", *SORTS)
    if (sort is not None and column not in known) or (direction and direction not in ORDERS):
        raise Misuse(
            f"--sort {sort}: there is nothing to sort by like that",
            hint=f"one of {', '.join(known)}, such as: --sort cost:asc",
        )
    return column, direction


def _later(one: date | None, other: date | None) -> date | None:
    return max(one, other) if one and other else one or other


def _earlier(one: date | None, other: date | None) -> date | None:
    return min(one, other) if one and other else one or other


def _ask(here: Surroundings, query: UsageQuery) -> tuple[UsageTable, tuple[str, ...]]:
    """Return the usage, and the models without a known price if there are such requests in it."""
    with opened(here) as reader:
        if reader is None:
            return UsageTable(), ()
        answer = reader.usage(query)
        if not answer.totals.unpriced_request_count:
            return answer, ()
        where = tuple(each for each in query.where if each.field not in filters.NUMBER_KEYS)
        models = reader.usage(replace(query, group_by=("model",), where=where)).groups
        return answer, tuple(key[0] for key, usage in models if usage.unpriced_request_count)


def _print(here: Surroundings, report: Report, unpriced: Sequence[str], options: Options) -> None:
    """Print a report for a person, or say why there is nothing in it."""
    colour = output.coloured(sys.stdout)
    if not report.groups:
        output.write(_nothing(here, report, asked=bool(options.filter_text or options.project)))
        output.write(due_line(report.due))
        return
    width = output.columns_of(sys.stdout)
    output.write(reports.caption(report, colour=colour))
    output.write(
        reports.as_table(report, detailed=options.detailed, cost=options.cost, width=width, colour=colour)
    )
    output.write(reports.remarks(report, unpriced, colour=colour))
    output.write(due_line(report.due))


def _nothing(here: Surroundings, report: Report, *, asked: bool) -> str:
    matching = " that matches" if asked else ""
    if report.first or report.last:
        days = f"from {report.first or 'the beginning'} to {report.last or 'today'}"
        return f"No usage {days} ({report.zone}){matching}.\n"
    if asked:
        return "No usage that matches.\n"
    return (
        f"No usage is recorded in {clean(tilde(str(here.paths.database)), 400)}.\n"
        "`tokentui detect` shows which tools were looked for and where, `tokentui demo` shows an example.\n"
    )

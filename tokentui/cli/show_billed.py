"""`tokentui show --book billed`: what providers billed, as a table, JSON or CSV."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC

from tokentui import periods, text
from tokentui.cli import Misuse, output
from tokentui.cli.output import DIM, YELLOW, Cell, Column, styled, table
from tokentui.cli.stored import opened
from tokentui.cli.surroundings import Surroundings, filter_of, misused
from tokentui.engine import filters
from tokentui.engine.bills import DIMENSIONS, FIELDS, SORTS, Bill, bill
from tokentui.engine.explain_account import sums
from tokentui.engine.explain_books import Money
from tokentui.engine.exports import csv_lines
from tokentui.text import clean, decimal_cost
from tokentui.usage import moment

_FAR = 1 << 62
"""Microseconds after the last day there can be."""


def schema_text() -> str:
    """Return the JSON Schema of `show --book billed --json`."""
    from importlib.resources import files

    return files("tokentui.cli").joinpath("schemas/show-billed.schema.json").read_text("utf-8")


def check(unfit: Mapping[str, object]) -> None:
    """Refuse the options that ask for something no bill knows. Raises Misuse."""
    for option, value in unfit.items():
        if value:
            why = f"{option} is nothing that providers bill by: whole UTC days in their own currency"
            raise Misuse(why, hint="without --book billed it works, on what logs come to")


def asked(
    here: Surroundings, start: str | None, end: str | None, by: Sequence[str], filter_text: str,
    sort: str | None,
) -> Bill:  # fmt: skip
    """Return what was billed. Raises Misuse, StoreError."""
    today, week_start = periods.day_of(here.now, UTC), here.settings.week_start
    try:
        first, last = periods.parse_range(start, end, today, week_start)
    except periods.PeriodError as error:
        raise misused(error) from None
    chosen = filter_of(here, filter_text)
    for each in chosen.where:
        if each.field not in FIELDS:
            why = f"--filter {each.field}: bills are known by {', '.join(FIELDS)} and day only"
            raise Misuse(why, hint="such as: --filter 'service:openai-api model:gpt*'")
    column, direction = _order(sort)
    with opened(here) as reader:
        rows = [] if reader is None else reader.billed(-_FAR, _FAR, "cost")
    starts = [day for day in (first, chosen.start) if day]
    ends = [day for day in (last, chosen.end) if day]
    return bill(
        rows, _group_by(by), start=max(starts, default=None), end=min(ends, default=None),
        week_start=week_start, where=chosen.where, sort=column, order=direction,
    )  # fmt: skip


def as_json(found: Bill) -> str:
    """Return the document (schemas/show-billed.schema.json), escaped to ASCII."""
    document = {
        "schema": 1,
        "book": "billed",
        "from": found.first.isoformat() if found.first else None,
        "to": found.last.isoformat() if found.last else None,
        "timezone": "UTC",
        "group_by": list(found.group_by),
        "totals": _money(found.totals),
        "closed_totals": _money(found.closed_totals),
        "groups": [
            {
                "key": dict(zip(found.group_by, group.key, strict=True)),
                "billed": _money(group.billed),
                "billed_closed": _money(group.billed_closed),
                "closed": group.is_closed,
                "fetched_at": moment(group.fetched_at).isoformat().replace("+00:00", "Z"),
            }
            for group in found.groups
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def as_csv(found: Bill) -> str:
    """Return one line for each group and currency."""
    header = [*found.group_by, "book", "currency", "billed", "billed_closed", "closed"]
    rows = [
        [*group.key, "billed", currency, decimal_cost(nano),
         decimal_cost(dict(group.billed_closed).get(currency, 0)), str(group.is_closed).lower()]
        for group in found.groups for currency, nano in group.billed
    ]  # fmt: skip
    return "".join(csv_lines(header, rows))


def show(found: Bill) -> None:
    """Print the table a person reads, and what may still change of it."""
    text.show_money_in(text.DOLLARS)  # a bill is shown as it was written
    colour, width = output.coloured(sys.stdout), output.columns_of(sys.stdout)
    if not found.groups:
        output.write(
            "Nothing billed is known of these days.\n"
            "`tokentui account list` shows what is set up, `--historical` asks the providers first.\n"
        )
        return
    days = f"{found.first} to {found.last}" if found.first != found.last else f"{found.first}"
    output.write(styled(f"Billed by providers, {days} (UTC days)", DIM, colour=colour) + "\n")
    titles = {"operation": "Line of the bill"}
    columns = [Column(titles.get(name, name.capitalize()), numeric=False) for name in found.group_by]
    columns += [Column("Billed"), Column("Closed of it", keep=5), Column("State", numeric=False, keep=4)]
    rows = [
        [*(Cell(clean(part, 200) or "(none)", style="" if part else DIM) for part in group.key),
         Cell(sums(group.billed)), Cell(sums(group.billed_closed), style=DIM), _state(group.is_closed)]
        for group in found.groups
    ]  # fmt: skip
    blank = [Cell("") for _ in found.group_by[1:]]
    closed = found.totals == found.closed_totals
    total = [Cell("Total"), *blank, Cell(sums(found.totals)), Cell(sums(found.closed_totals)), _state(closed)]
    output.write(table(columns, rows, total=total, width=width, colour=colour))
    output.write(styled(_remarks(found), DIM, colour=colour))


def _remarks(found: Bill) -> str:
    said = (
        ""
        if found.totals == found.closed_totals
        else (
            "what is not closed may still change: a day closes once it was fetched three days after its end\n"
        )
    )
    if found.longest_days > 1:
        said += f"some figures cover up to {found.longest_days} days and stand on the first of them\n"
    return said


def _state(closed: bool) -> Cell:
    return Cell("closed", style=DIM) if closed else Cell("may change", style=YELLOW)


def _group_by(by: Sequence[str]) -> tuple[str, ...]:
    typed = [name.strip().lower() for names in by for name in names.split(",")]
    names = list(dict.fromkeys(filters.ALIASES.get(name, name) for name in typed))
    for name in names:
        if name not in DIMENSIONS:
            why = f"--by {name}: bills cannot be grouped by that"
            raise Misuse(why, hint=f"one or two of {', '.join(DIMENSIONS)}")
    if len(names) > 2:
        raise Misuse(f"--by {' --by '.join(names)}: two at most", hint="such as: --by month --by account")
    return tuple(names) or ("service",)


def _order(sort: str | None) -> tuple[str, str]:
    column, _, direction = (sort or "").strip().lower().partition(":")
    if (sort is not None and column not in SORTS) or (direction and direction not in ("asc", "desc")):
        why = f"--sort {sort}: bills are not sorted like that"
        raise Misuse(why, hint=f"one of {', '.join(SORTS)}, such as: --sort cost:asc")
    return column, direction


def _money(money: Money) -> list[dict[str, str]]:
    return [{"currency": currency, "amount": decimal_cost(nano)} for currency, nano in money]

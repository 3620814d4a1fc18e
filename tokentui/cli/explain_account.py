"""`tokentui explain --account`: both books of an account, as a person reads them and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from tokentui.cli.output import DIM, YELLOW, Cell, Column, styled, table
from tokentui.engine import explain_account as words
from tokentui.engine.explain_books import BookDay, BooksExplained, Item, Money
from tokentui.engine.explain_gap import Gap
from tokentui.store.books import PastBalance
from tokentui.store.ledger import StoredState
from tokentui.store.snapshot import Usage
from tokentui.text import ago, clean, decimal_cost, tokens
from tokentui.usage import moment

MOST_ITEMS = 20
"""Lines of a bill, or models, that are shown; JSON has all."""


def as_text(found: BooksExplained, now: int, *, width: int, colour: bool) -> str:
    """Return what a person reads; `now` in UTC epoch microseconds."""
    books = found.books
    head = f"{books.key}, {books.start} to {books.end} (UTC days)\n"
    said = "".join(_wrapped(sentence, width) for sentence in words.sentences(found))
    parts = [styled(head, DIM, colour=colour) + said, _days(found, now, width, colour)]
    for title, items in (("Line of the bill", found.items), ("Model on the bill", found.models)):
        if any(item.name for item in items):
            parts.append(_billed(title, items, width, colour))
    parts += [_used(found.used, width, colour), _balances(books.balances, now, width, colour)]
    parts.append(_states(books.states, now, width, colour))
    if books.here:
        parts.append(f"What is behind the logs' figures: tokentui explain --filter {_filter(books.key)}\n")
    return "\n".join(part for part in parts if part)


def as_json(found: BooksExplained) -> str:
    """Return the document (schemas/explain-account.schema.json), escaped to ASCII."""
    books, both = found.books, found.compared
    document = {
        "schema": 1,
        "account": books.key,
        "title": found.title,
        "from": books.start.isoformat(),
        "to": books.end.isoformat(),
        "timezone": "UTC",
        "billed": _money(found.billed),
        "billed_closed": _money(found.billed_closed),
        "listed_cost": _cost(found.listed),
        "unpriced": list(found.unpriced),
        "compared": None if both is None else {
            "days": both.days, "billed": decimal_cost(both.billed), "listed_cost": decimal_cost(both.listed),
            **_gap(both.gap),
        },
        "days": [_day(day, books.quality) for day in found.days],
        "lines": [{"name": item.name, "billed": _money(item.billed)} for item in found.items],
        "models": [{"name": item.name, "billed": _money(item.billed)} for item in found.models],
        "used": [_item(item) for item in found.used],
        "told_twice": [_item(item) for item in found.parts],
        "balances": [_balance(each) for each in books.balances],
        "states": [_state(state) for state in books.states],
        "remarks": list(found.remarks),
    }  # fmt: skip
    return json.dumps(document, indent=2) + "\n"


def _days(found: BooksExplained, now: int, width: int, colour: bool) -> str:
    shown = [day for day in found.days if day.billed or day.tokens or day.here or day.state != "unasked"]
    if not shown:
        return ""
    columns = [
        Column("Day", numeric=False), Column("State", numeric=False, keep=7), Column("Billed"),
        Column("List prices", keep=8), Column("Gap", keep=8), Column("Tokens", keep=3),
        Column("Logs here", keep=6), Column("Gap to logs", keep=4), Column("Fetched", keep=2),
        Column("Why no gap", numeric=False, keep=5),
    ]  # fmt: skip
    rows = []
    for day in shown:
        age = "" if day.fetched_at is None else ago((now - day.fetched_at) / 1e6)
        listed = words.listed(day.listed, day.unpriced)
        why = clean(day.gap.why, 200) if day.billed or day.tokens or day.here else ""
        rows.append([
            Cell(day.day.isoformat()),
            Cell(words.STATES[day.state], style=DIM if day.state == "closed" else YELLOW),
            Cell(words.billed_of(day)), Cell(listed, style=YELLOW if day.unpriced else ""),
            Cell(words.gap(day.gap)), Cell("" if day.tokens is None else tokens(day.tokens)),
            Cell(words.listed(day.here.known_cost if day.here else None, _missing(day.here))),
            Cell(words.gap(day.gap_here)), Cell(age, style=DIM), Cell(why, style=DIM),
        ])  # fmt: skip
    return table(columns, rows, width=width, colour=colour)


def _missing(here: Usage | None) -> Sequence[str]:
    return ["unpriced"] if here and here.unpriced_request_count else []


def _billed(title: str, items: Sequence[Item], width: int, colour: bool) -> str:
    columns = [Column(title, numeric=False), Column("Billed")]
    rows = [
        [Cell(clean(item.name, 120) or "(unnamed)"), Cell(words.sums(item.billed))]
        for item in items[:MOST_ITEMS]
    ]
    return table(columns, rows, width=width, colour=colour) + _more(len(items))


def _used(items: Sequence[Item], width: int, colour: bool) -> str:
    if not items:
        return ""
    columns = [
        Column("The provider counts", numeric=False), Column("Requests", keep=3), Column("Tokens"),
        Column("Units", keep=2), Column("List prices"),
    ]  # fmt: skip
    rows = []
    for item in items[:MOST_ITEMS]:
        listed = words.listed(item.listed, ["x"] if item.unpriced else [])
        requests = "" if item.request_count is None else f"{item.request_count:,}"
        rows.append([
            Cell(clean(item.name, 120) or "(unnamed)"), Cell(requests), Cell(f"{item.tokens:,}"),
            Cell(f"{item.quantity:,}" if item.quantity else ""),
            Cell(listed, style=YELLOW if item.unpriced else ""),
        ])  # fmt: skip
    return table(columns, rows, width=width, colour=colour) + _more(len(items))


def _balances(balances: Sequence[PastBalance], now: int, width: int, colour: bool) -> str:
    if not balances:
        return ""
    columns = [
        Column("Balance", numeric=False), Column("Left"), Column("At first", keep=5),
        Column("Changed", keep=4), Column("Seen", keep=3),
    ]  # fmt: skip
    rows = [
        [
            Cell(clean(each.kind, 60)), Cell(words.amount(each.amounts[-1][1], each.currency)),
            Cell("" if each.granted is None else words.amount(each.granted, each.currency)),
            Cell(ago((now - each.amounts[-1][0]) / 1e6)), Cell(ago((now - each.last_seen_at) / 1e6)),
        ]
        for each in balances
    ]  # fmt: skip
    return table(columns, rows, width=width, colour=colour)


def _states(states: Sequence[StoredState], now: int, width: int, colour: bool) -> str:
    if not states:
        return "It was never asked yet: tokentui collect --once asks it.\n"
    columns = [
        Column("Asked for", numeric=False), Column("State", numeric=False), Column("Answered"),
        Column("Trouble", numeric=False, keep=5),
    ]  # fmt: skip
    rows = []
    for state in states:
        answered = "never" if state.last_success_at is None else ago((now - state.last_success_at) / 1e6)
        trouble = "; ".join(clean(each, 300) for each in (state.error, state.hint) if each)
        rows.append([Cell(state.feature), Cell(state.status), Cell(answered), Cell(trouble, style=YELLOW)])
    return table(columns, rows, width=width, colour=colour)


def _more(count: int) -> str:
    return f"and {count - MOST_ITEMS} more; --json has all\n" if count > MOST_ITEMS else ""


def _filter(key: str) -> str:
    from shlex import quote

    return quote(f"account:{key}")


def _wrapped(sentence: str, width: int) -> str:
    lines = [sentence] if len(sentence) <= width else wrap(sentence, width, subsequent_indent="    ")
    return "".join(line + "\n" for line in lines)


def _day(day: BookDay, quality: str) -> dict[str, Any]:
    return {
        "day": day.day.isoformat(),
        "state": day.state,
        "billed": _money(day.billed),
        "fetched_at": _time(day.fetched_at),
        "request_count": day.request_count,
        "total_tokens": day.tokens,
        "listed_cost": _cost(day.listed),
        "unpriced": list(day.unpriced),
        "logs": None if day.here is None else {
            "request_count": day.here.request_count,
            "total_tokens": day.here.total_tokens,
            "cost": _cost(day.here.known_cost),
            "unpriced_request_count": day.here.unpriced_request_count,
            "quality": quality,
        },
        "gap": _gap(day.gap),
        "gap_to_logs": _gap(day.gap_here),
    }  # fmt: skip


def _item(item: Item) -> dict[str, Any]:
    return {
        "name": item.name, "request_count": item.request_count, "total_tokens": item.tokens,
        "quantity": item.quantity, "listed_cost": _cost(item.listed), "unpriced": item.unpriced,
    }  # fmt: skip


def _balance(each: PastBalance) -> dict[str, Any]:
    return {
        "name": each.kind, "currency": each.currency, "granted": _cost(each.granted),
        "seen_at": _time(each.last_seen_at),
        "history": [{"at": _time(at), "amount": decimal_cost(amount)} for at, amount in each.amounts],
    }  # fmt: skip


def _state(state: StoredState) -> dict[str, Any]:
    return {
        "feature": state.feature, "status": state.status, "error": state.error or None,
        "hint": state.hint or None, "answered_at": _time(state.last_success_at),
        "next_at": _time(state.next_due or None), "known_since": _time(state.filled_from),
        "plan": state.plan or None, "notes": list(state.notes),
    }  # fmt: skip


def _money(money: Money) -> list[dict[str, str]]:
    return [{"currency": currency, "amount": decimal_cost(nano)} for currency, nano in money]


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "gap": _cost(gap.amount), "percent": None if gap.percent is None else round(gap.percent, 4),
        "why": gap.why or None,
    }  # fmt: skip


def _cost(nano: int | None) -> str | None:
    return None if nano is None else decimal_cost(nano)


def _time(time: int | None) -> str | None:
    return None if time is None else moment(time).isoformat().replace("+00:00", "Z")

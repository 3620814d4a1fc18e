"""`tokentui` without a command: the dashboard, or a plain report where there is no terminal for it."""

from __future__ import annotations

import os
import sys

from tokentui.cli import MISUSED, output
from tokentui.cli.failures import note
from tokentui.cli.output import BOLD, DIM, Cell, Column, styled, table
from tokentui.cli.report import at_least
from tokentui.cli.stored import opened
from tokentui.cli.surroundings import Surroundings, look_around
from tokentui.store.snapshot import Card, Limit, Snapshot, Usage
from tokentui.text import UNKNOWN, ago, clean, countdown, money, percent, tokens


def open_dashboard(*, mouse: bool = False, ascii_only: bool = False) -> int:
    """Show the dashboard until it is left, or a plain report; return the exit code."""
    from tokentui.ui.terminal import unfit

    here = look_around()
    reason = unfit(os.environ, sys.stdin, sys.stdout)
    if reason is not None:
        print_status(here)
        note(f"this is a plain report, because {reason}; `tokentui show --help` offers more of them")
        return MISUSED
    from tokentui.ui.opening import open_dashboard as opened

    return opened(here.paths, here.settings, mouse=mouse, ascii_only=ascii_only)


def print_status(here: Surroundings) -> None:
    """Print what the dashboard's first screen would say, from what the database holds."""
    snapshot = None
    with opened(here) as reader:
        if reader is not None:
            snapshot = reader.snapshot(here.now, here.zone_name, here.settings.billing_day)
    if snapshot is None or not snapshot.cards:
        output.write("No usage is recorded yet. `tokentui collect --once` reads the logs of your AI tools.\n")
        return
    colour = output.coloured(sys.stdout)
    output.write(status(snapshot, here.now, width=output.columns_of(sys.stdout), colour=colour))


def status(snapshot: Snapshot, now: int, *, width: int, colour: bool) -> str:
    """Return a table of the accounts: today, this month, limits."""
    columns = [
        Column("Service", numeric=False), Column("Today", keep=8), Column("Tokens", keep=4),
        Column("Month"), Column("Tokens", keep=4), Column("Last used", keep=3),
        Column("Limits", numeric=False, keep=2),
    ]
    rows = [_row(card, now) for card in snapshot.cards]
    floors = [card for card in snapshot.cards if card.quality == "floor"]
    total = [
        Cell("Total", style=BOLD),
        *_figures(snapshot.totals_today, floor=any(card.today.request_count for card in floors)),
        *_figures(snapshot.totals_month, floor=any(card.month.request_count for card in floors)),
        Cell(""), Cell(""),
    ]
    head = styled(f"{snapshot.today} ({snapshot.zone})", DIM, colour=colour) + "\n"
    notices = "".join(f"{clean(notice)}\n" for notice in snapshot.notices)
    return head + table(columns, rows, total=total, width=width, colour=colour) + notices


def _row(card: Card, now: int) -> list[Cell]:
    account = f" · {clean(card.account, 40)}" if card.account else ""
    used = UNKNOWN if card.last_used_at is None else ago((now - card.last_used_at) / 1e6)
    limits = ", ".join(_limit(limit, now) for limit in card.limits) or UNKNOWN
    floor = card.quality == "floor"
    return [
        Cell(clean(card.title, 40) + account),
        *_figures(card.today, floor=floor), *_figures(card.month, floor=floor),
        Cell(used), Cell(limits),
    ]


def _figures(usage: Usage, *, floor: bool) -> list[Cell]:
    """Return cost and tokens; `floor` says that the logs leave some of them out."""
    floor = floor and usage.request_count > 0
    known = usage.known_cost
    partial = known is not None and (floor or usage.unpriced_request_count > 0)
    cost = at_least(known) if partial and known is not None else money(known)
    return [Cell(cost), Cell(("≥" if floor else "") + tokens(usage.total_tokens))]


def _window(minutes: int) -> str:
    for unit, length in (("week", 10_080), ("d", 1_440), ("h", 60)):
        if minutes and minutes % length == 0:
            return unit if minutes == 10_080 else f"{minutes // length} {unit}"
    return f"{minutes} min" if minutes else ""


def _limit(limit: Limit, now: int) -> str:
    text = f"{_window(limit.window_minutes) or clean(limit.name, 30)} {percent(limit.used_percent)}"
    if limit.resets_at is not None and limit.resets_at > now:
        text += f" ({countdown((limit.resets_at - now) / 1e6)} left)"
    return text

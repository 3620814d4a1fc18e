"""The database, as commands bring it up to date and read it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from tokentui.cli.failures import note
from tokentui.cli.surroundings import Surroundings
from tokentui.moments import epoch_microseconds, moment
from tokentui.store.errors import StoreError

if TYPE_CHECKING:
    from tokentui.engine.collect import Collected
    from tokentui.engine.poll_once import Asked
    from tokentui.store.queries import Reader


def bring_up_to_date(here: Surroundings) -> None:
    """Read what is new. Where that cannot be done a report is still right, as of the last time."""
    _collected(here, poll=False)


def ask_providers(here: Surroundings, since: date | None = None) -> None:
    """Read what is new, and wait for the providers of all accounts; who does not answer is named.

    Their history is asked for back to `since`, at least as far as it is by itself.
    """
    first = None
    if since is not None:
        first = epoch_microseconds(datetime(since.year, since.month, since.day, tzinfo=UTC))
    collected = _collected(here, poll=True, since=now() if first is None else first)
    if collected is None:
        return
    if collected.lease_held_elsewhere:
        note("another tokentui is collecting and asks the providers itself; this is what it has stored")
    elif not collected.asked:
        note("no account is set up whose provider could be asked: tokentui account add sets one up")
    for asked in collected.asked:
        tell_trouble(asked)
        if first is not None and asked.filled_from is not None and asked.filled_from > first:
            note(f"{asked.account}: its history is there from {moment(asked.filled_from):%Y-%m-%d} on")


def tell_trouble(asked: Asked) -> None:
    """Say what is wrong with an account, what would help, and when it is tried again."""
    if not asked.error:
        return
    parts = [f"{asked.account}: {asked.error}", asked.hint]
    if asked.next_due > now():
        parts.append(f"it is asked again in {_span((asked.next_due - now()) / 1e6)}")
    note("; ".join(part for part in parts if part))


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{math.ceil(seconds)} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.0f} h"


def _collected(here: Surroundings, *, poll: bool, since: int | None = None) -> Collected | None:
    from tokentui.engine.collect import collect_once

    try:
        collected = collect_once(here.paths, here.settings, poll=poll, since=since)
    except (StoreError, OSError) as error:
        note(f"nothing new was read, this is what is stored already: {error}")
        return None
    for notice in collected.notices:
        note(notice)
    return collected


def now() -> int:
    """Return the time in UTC epoch microseconds."""
    return time.time_ns() // 1000


@contextmanager
def opened(here: Surroundings) -> Iterator[Reader | None]:
    """Open the database for reading; None when there is none yet. Faults come as StoreError."""
    from tokentui.engine.database import Database
    from tokentui.store.faults import explained

    database = Database(here.paths, here.settings)
    path = database.place.path
    if not database.ready():
        yield None
        return
    try:
        with explained(path):
            yield database.reader()
    finally:
        database.close_reader()

"""Asks the providers of all accounts once, for a command that waits for the answers."""

from __future__ import annotations

import os
from collections.abc import Collection

from tokentui.config import Paths
from tokentui.engine.database import Database, now
from tokentui.frozen import dataclass
from tokentui.store import Reader
from tokentui.usage import epoch_microseconds, moment


@dataclass(frozen=True, slots=True)
class Asked:
    """How asking one account went."""

    account: str
    """`openai-api/work`."""
    status: str
    """The worst of its features': see `account_state.Status`; or `paused`, or `nothing-to-ask`."""
    error: str = ""
    hint: str = ""
    next_due: int = 0
    """When what is wrong is tried again, in UTC epoch microseconds; 0 where nothing is."""
    answers: bool = True
    """Something of it was answered when it was asked last."""
    filled_from: int | None = None
    """How far back its history is there, in UTC epoch microseconds."""

    @property
    def is_in_trouble(self) -> bool:
        """Whether nothing at all could be had of it."""
        return bool(self.error) and not self.answers


_WORST_FIRST = ("key-rejected", "locked", "open", "degraded", "new", "off", "ok")


def poll_once(
    paths: Paths, database: Database, services: Collection[str] | None = None, since: int | None = None
) -> tuple[Asked, ...]:
    """Ask every account that is due (of some services); return how it goes, by account.

    The caller holds the lease, with the database open for writing. A timer that runs this every minute
    asks nobody more often than the dashboard does. With `since` (UTC epoch microseconds) all are asked now,
    but those whose provider wants us to wait, and their history is filled back to there, at least as far as
    it is by itself.
    """
    exists = "SELECT EXISTS (SELECT 1 FROM accounts WHERE created_at IS NOT NULL)"
    if not database.writer.connection.execute(exists).fetchone()[0]:
        return ()
    import asyncio  # 40 ms that a collection without accounts need not spend

    asyncio.run(_poll(paths, database, services, since))
    reader = Reader(database.writer.connection)
    found = []
    for each in reader.configured_accounts():
        account = each.account
        if services is not None and account.service not in services:
            continue
        if not account.is_active:
            found.append(Asked(account.key, "paused"))
            continue
        states = [
            state for state in reader.account_states()
            if (state.service, state.account) == (account.service, account.name)
        ]  # fmt: skip
        worst = min(states, key=lambda state: _WORST_FIRST.index(state.status), default=None)
        if worst is None:
            found.append(Asked(account.key, "nothing-to-ask"))
        else:
            filled = [state.filled_from for state in states if state.filled_from is not None]
            found.append(Asked(
                account.key, worst.status, worst.error, worst.hint, worst.next_due if worst.error else 0,
                any(state.status == "ok" for state in states), max(filled, default=None),
            ))  # fmt: skip
    return tuple(found)


def billed_this_month(database: Database) -> tuple[tuple[str, int], ...]:
    """Return (currency, nano-units) of what providers billed since the first of the month, in UTC."""
    at = now()
    first = moment(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found: dict[str, int] = {}
    rows = Reader(database.writer.connection).billed(epoch_microseconds(first), at, "cost")
    for row in rows:
        if row.cost is not None:
            found[row.currency] = found.get(row.currency, 0) + row.cost
    return tuple(sorted(found.items()))


async def _poll(
    paths: Paths, database: Database, services: Collection[str] | None, since: int | None
) -> None:
    from tokentui.engine.keychain import opened_silently
    from tokentui.engine.lane import InPlace
    from tokentui.engine.polling import Poller
    from tokentui.pricing import Prices
    from tokentui.secrets import Keys
    from tokentui.sources import providers

    prices = Prices.open(paths.price_overlay, paths.price_cache)
    keys = Keys(os.environ, opened_silently(paths))
    poller = Poller(database, InPlace(), keys, prices.of, providers.rows, clock=now)
    poller.only = None if services is None else frozenset(services)
    if since is not None:
        poller.since = since
        poller.refresh()
    try:
        await poller.turn()
        await poller.settled()
    finally:
        await poller.close()

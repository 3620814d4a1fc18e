"""Lets the accounts be polled once there are any: who has none never loads a line of HTTP."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from tokentui.config import Paths
from tokentui.engine.database import Database
from tokentui.engine.lane import Lane

if TYPE_CHECKING:
    from tokentui.engine.polling import Poller


class AccountsWatch:
    """The engine's hold on the poller. For the engine's loop, while it is the one that writes."""

    def __init__(self, paths: Paths, database: Database, writing: Lane, clock: Callable[[], int]) -> None:
        """`clock` returns UTC epoch microseconds."""
        self._paths, self._database, self._writing, self._clock = paths, database, writing, clock
        self._poller: Poller | None = None
        self._seen = -1
        self._new = False
        self.problems: tuple[str, ...] = ()
        """What is wrong with providers.toml and with the packages that add providers."""

    def look(self) -> None:
        """Find out whether there are accounts to ask; in the writer's thread, before each turn."""
        self.problems = self._problems()
        self._new = self._poller is None and self._any_accounts()

    async def turn(self) -> None:
        """Ask whoever is due; returns at once."""
        if self._poller is None and self._new:
            lane = Lane("tokentui-vault")  # a keyring may take 5 s to say no
            try:
                self._poller = await lane.run(self._made)
            finally:
                lane.close()
        if self._poller is not None:
            await self._poller.turn()

    def refresh(self) -> None:
        """Ask everybody at the next turn."""
        if self._poller is not None:
            self._poller.refresh()

    async def close(self) -> None:
        """Break off what is being asked."""
        poller, self._poller = self._poller, None
        if poller is not None:
            await poller.close()

    def _problems(self) -> tuple[str, ...]:
        from tokentui.sources import third_party

        # Most have neither: then nothing of the registry is loaded.
        if not self._paths.providers_file.exists() and not third_party.any_added():
            return ()
        from tokentui.sources import providers

        return providers.problems()

    def _any_accounts(self) -> bool:
        """Whether the user has set up an account; looked at again when another program has written."""
        connection = self._database.writer.connection
        version = int(connection.execute("PRAGMA data_version").fetchone()[0])
        if version == self._seen:
            return False
        self._seen = version
        query = "SELECT EXISTS (SELECT 1 FROM accounts WHERE created_at IS NOT NULL)"
        return bool(connection.execute(query).fetchone()[0])

    def _made(self) -> Poller:
        from tokentui.engine.keychain import opened_silently
        from tokentui.engine.polling import Poller
        from tokentui.engine.price_data import CurrentPrices
        from tokentui.secrets import Keys
        from tokentui.sources import providers

        keys = Keys(os.environ, opened_silently(self._paths))
        prices = CurrentPrices(self._paths)
        return Poller(self._database, self._writing, keys, prices.of, providers.rows, clock=self._clock)

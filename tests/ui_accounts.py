"""The Accounts pane in a test: an open program, a person who types and pastes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual import events
from textual.pilot import Pilot

from tests.engine_watch import SETTINGS
from tests.test_ui_panes import shown
from tests.ui_program import FakeFeed, sample
from tests.vaults import PASSPHRASE
from tokentui import config
from tokentui.engine.accounts import Accounts
from tokentui.secrets import Secret
from tokentui.ui.accounts import AccountsPane
from tokentui.ui.app import TokenTUI
from tokentui.ui.asking import Asking
from tokentui.ui.feed import Feed

SECONDS = 15.0


class Person:
    """Types, pastes, and looks at the screen; counts the keys."""

    def __init__(self, app: TokenTUI, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot
        self.keys = 0

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until the screen has taken them."""
        self.keys += len(keys)
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def paste(self, text: str) -> None:
        """Paste a text, as the terminal sends it."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def secret(self, text: str) -> None:
        """Give a passphrase and enter; of these only the enter counts."""
        await self.paste(text)
        await self.press("enter")

    async def pick(self, name: str) -> None:
        """Begin to add an account of a service, up to where its key is pasted."""
        await self.press("a")
        await self.at("service")
        await self.paste(name)
        await self.press("enter")
        await self.at("place")
        await self.press("enter")
        await self.at("key")

    async def sees(self, *words: str) -> str:
        """Wait until words are on the screen; return all of it."""
        await self.until(lambda: all(word in self.screen for word in words), ", ".join(words))
        return self.screen

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Wait until something holds."""
        end = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < end, f"{what} is not in:\n{self.screen}"
            await asyncio.sleep(0.01)
            await self.pilot.pause()

    @property
    def screen(self) -> str:
        """What is on the screen, as text in single blanks: sentences are wrapped."""
        return " ".join(shown(self.pilot).split())

    @property
    def step(self) -> str:
        """Where a window that asks is; nothing when there is none."""
        return self.app.screen.step if isinstance(self.app.screen, Asking) else ""

    async def at(self, step: str) -> None:
        """Wait until a window that asks is at a step."""
        await self.until(lambda: self.step == step, f"step {step}, not {self.step}")

    @property
    def pane(self) -> AccountsPane:
        """The pane."""
        return self.app.screen_stack[0].query_one(AccountsPane)


@asynccontextmanager
async def opened(
    feed: Feed | None = None, *, size: tuple[int, int] = (120, 36), pane: str = "6"
) -> AsyncIterator[Person]:
    """Open the program, and a pane."""
    app = TokenTUI(feed or FakeFeed(sample()), version="0", settings=SETTINGS)
    async with app.run_test(size=size) as pilot:
        person = Person(app, pilot)
        await pilot.pause()
        if pane:
            await person.press(pane)
            await person.until(lambda: person.pane._views is not None)
        person.keys = 0
        yield person


def with_vault() -> Accounts:
    """Return the accounts of this home; the vault is there, and open."""
    accounts = Accounts(config.paths(os.environ), config.Settings(), actor="me")
    accounts.create_vault(Secret(PASSPHRASE))
    return accounts

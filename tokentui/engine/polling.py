"""Asks the providers of all accounts when they are due, each account for itself, and stores what they say.

Runs in the engine's loop while this process is the one that writes. A key is fetched in a thread of its
own, because a command may hang; an answer is stored in the writer's lane. When an account is asked again
is `account_state`'s to say; it is stored with each answer, so that a restart hammers nobody.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from tokentui.billing import Account, Feature
from tokentui.engine import account_state as states
from tokentui.engine.account_state import State
from tokentui.engine.fetching import Pricing, clock_note, features_of, fetch, is_missing, planned, priced
from tokentui.engine.lane import Lane, Runs
from tokentui.engine.poll_memory import Memory, in_order, is_as_it_was, stored
from tokentui.secrets import Keys, SecretsError, VaultLocked, parse
from tokentui.sources.providers import Provider
from tokentui.sources.providers.errors import ChangedFormat, KeyRejected, ProviderError, Refused
from tokentui.sources.providers.http import Client, Hosts
from tokentui.store import Reader, Writer

JUMP_SECONDS = 60.0
"""The wall clock ran away from the monotonic one by more: the machine slept, or somebody set its clock."""

log = logging.getLogger("tokentui.engine")


class Store(Protocol):
    """The database, as the poller needs it."""

    @property
    def writer(self) -> Writer:
        """The open writer, to be used in its lane only."""


class _Asked(NamedTuple):
    """Whom a round of questions is about, and with which key it goes."""

    account: Account
    key: Callable[[], str]
    mark: str
    """Tells the key from another."""
    generation: int | None
    """When it had been changed last before it was fetched, in UTC epoch microseconds."""


class Poller:
    """Keeps the accounts in step with their providers."""

    def __init__(
        self, store: Store, writing: Runs, keys: Keys, prices: Callable[[str], Pricing],
        rows: Callable[[], Mapping[str, Provider]], *, clock: Callable[[], int],
        steady: Callable[[], float] = time.monotonic, chance: states.Chance = random.uniform,
        hosts: Hosts | None = None,
    ) -> None:  # fmt: skip
        """`prices` returns what an account (`service/name`) pays, `rows` the registry by name.

        `clock` returns UTC epoch microseconds, `steady` seconds.
        """
        self.only: frozenset[str] | None = None
        """The services to ask; None means all."""
        self.since: int | None = None
        """Fill history back to there at once, in UTC epoch microseconds; None: a month further each time."""
        self._store, self._writing, self._keys, self._prices, self._rows = store, writing, keys, prices, rows
        self._clock, self._steady, self._chance = clock, steady, chance
        self._hosts = hosts or Hosts()
        self._known = Memory()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._asked_now = False
        self._drift = self._lag()

    async def turn(self) -> None:
        """Begin to ask whoever is due; returns at once, whatever they answer."""
        await self._load()
        known, ahead = self._known, self._lag()
        jumped = abs(ahead - self._drift) > JUMP_SECONDS
        asked_now, self._asked_now = self._asked_now, False
        if jumped:
            self._drift = ahead
        if asked_now:
            known.unlooked |= known.accounts.keys()
        now = self._clock()
        for key, account in known.accounts.items():
            if not account.is_active:
                continue
            features = self._features(account)
            if jumped or asked_now:
                self._bring_forward(account, features, jumped, asked_now)
            if key in self._busy:
                continue
            # A key that was rejected is compared with the one there is now: only another one is tried.
            look = key in known.unlooked
            known.unlooked.discard(key)
            due = [
                (feature, interval) for feature, interval in features
                for state in (known.state(account, feature),)
                if state.due(now) or (look and state.status == "key-rejected")
                or self._is_missing(account, feature)
            ]  # fmt: skip
            if due:
                task = asyncio.create_task(self._ask(account, due))
                self._busy[key] = task
                task.add_done_callback(lambda _, key=key: self._busy.pop(key, None))  # type: ignore[misc]

    def _bring_forward(
        self, account: Account, features: list[tuple[Feature, float]], jumped: bool, asked_now: bool
    ) -> None:
        """Ask sooner than was planned, until it is asked: after a sleep, or because the user wishes it."""
        now, row = self._clock(), self._rows().get(account.service)
        borrowed = row is not None and any(map(account.opted_in, row.opt_ins))
        for feature, _ in features:
            state = self._known.state(account, feature)
            sooner = states.woken(state, now, self._chance) if jumped else state
            # Undocumented addresses lock out for hours whoever asks them more often than they like.
            sooner = states.asked_now(sooner, now) if asked_now and not borrowed else sooner
            if sooner.next_due < state.next_due:
                self._known.sooner[account.key, feature] = sooner.next_due

    def refresh(self) -> None:
        """Ask everybody soon, but those whose provider asked us to wait."""
        self._asked_now = True

    async def settled(self) -> None:
        """Wait until nobody is being asked."""
        while self._busy:
            await asyncio.wait(list(self._busy.values()))

    async def close(self) -> None:
        """Break off what is being asked."""
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
        await self._hosts.close()

    # ------------------------------------------------------------------ one account

    async def _ask(self, account: Account, due: list[tuple[Feature, float]]) -> None:
        generation = self._known.generation(account)
        try:
            key, mark = await self._key(account)
        except VaultLocked as error:
            reason, hint = str(error), error.hint
            await self._note_all(account, due, lambda state: states.locked(state, reason, hint))
            return
        except SecretsError as error:
            trouble = Refused(str(error), error.hint)
            await self._note_all(account, due, lambda state: self._failed(state, trouble, 0.0))
            return
        asked = _Asked(account, key, mark, generation)
        left = in_order(self._known, account, due)
        while left:
            (feature, interval), *left = left
            state = states.with_key(self._known.state(account, feature), mark)
            waiting = [each for each, _ in left]
            is_due = state.due(self._clock()) or state.status == "locked"
            if is_due and not await self._ask_for(asked, feature, interval, waiting):
                return
            while self._is_missing(account, feature):
                if not await self._ask_for(asked, feature, interval, waiting, further=True):
                    return

    def _is_missing(self, account: Account, feature: Feature) -> bool:
        """Whether history that is wanted now is not there yet, and its provider answers."""
        row, known = self._rows().get(account.service), self._known.states.get((account.key, feature))
        if row is None or known is None or known.status != "ok":
            return False
        return is_missing(feature, row, self.since, self._clock(), known.filled_from)

    async def _ask_for(
        self, asked: _Asked, feature: Feature, interval: float, left: list[Feature], *, further: bool = False
    ) -> bool:
        """Ask for one feature and store what came; return whether the rest may be asked with the same key.

        When the key is rejected it is rejected for what is `left`, too: that is not asked. `further` asks
        for the month of history before what is there.
        """
        account, now = asked.account, self._clock()
        row = self._rows().get(account.service)
        if row is None:
            return False
        state = states.with_key(self._known.state(account, feature), asked.mark)
        known = self._known.states.get((account.key, feature))
        due = planned(feature, row, self.since, now, known, further=further)
        new, fetched, is_rejected = self._known.stored(account, state), None, False
        try:
            client = Client(self._hosts, row, account, asked.key, now)
            fetched = await fetch(client, row, feature, due.spans)
        except KeyRejected as error:
            if await self._has_other_key(asked):
                self._known.outdated()
                return False  # the answer is about the key before; the one there is now has its own
            rejection, is_rejected = error, True
            new = self._known.stored(account, self._failed(state, error, interval))
        except ProviderError as error:
            new = self._known.stored(account, self._failed(state, error, interval))
        except Exception as fault:  # a provider's file fails: one account's figures, not all
            log.exception("asking %s for %s failed", account.key, feature)
            trouble = ChangedFormat("the answer", f"({type(fault).__name__})")
            new = self._known.stored(account, self._failed(state, trouble, interval))
        else:
            state = states.after_success(state, self._clock(), interval, self._chance)
            notes = (*fetched.notes, *clock_note(client.skew_seconds))
            new = stored(account, state, due.filled_from, notes, fetched.plan or new.plan)
        news = [new]
        if is_rejected:
            refused = lambda state: states.refused(states.with_key(state, asked.mark), rejection, now)  # noqa: E731
            news += self._known.changed(account, left, refused)

        def store() -> bool:
            """Store what came; nothing for an account that was removed or given another key meanwhile."""
            if not is_as_it_was(Reader(self._store.writer.connection), account, known, asked.generation):
                return False
            if fetched is not None:
                worth = priced(fetched, self._prices(account.key), row.provider_name)
                self._store.writer.put_fetched(account, worth, now)
            self._store.writer.put_states(news)
            return True

        self._known.remember(account, news)  # also when storing fails: nobody is asked at once again
        if not await self._writing.run(store):
            self._known.forget(account, news)
            return False
        return not is_rejected

    async def _has_other_key(self, asked: _Asked) -> bool:
        """Whether the key is another one by now; what a command printed is fetched anew when needed next."""
        if not asked.account.secret_reference:
            return False
        try:
            _, mark = await self._key(asked.account)
        except SecretsError:
            mark = asked.mark  # it is locked, or gone: told when it is needed next
        if mark == asked.mark:
            self._keys.forget(parse(asked.account.secret_reference))
        return mark != asked.mark

    def _failed(self, state: State, error: ProviderError, interval: float) -> State:
        return states.after_error(state, error, self._clock(), interval, self._chance)

    async def _key(self, account: Account) -> tuple[Callable[[], str], str]:
        """Return how to get at the key, and what tells it from another. Raises SecretsError."""
        if not account.secret_reference:
            return (lambda: ""), ""
        reference = parse(account.secret_reference)
        lane = Lane("tokentui-key")  # a command that hangs keeps no other account waiting
        try:
            secret = await lane.run(lambda: self._keys.get(reference))
        finally:
            lane.close()
        return secret.reveal, secret.fingerprint

    async def _note_all(
        self, account: Account, due: list[tuple[Feature, float]], change: Callable[[State], State]
    ) -> None:
        news = self._known.changed(account, [feature for feature, _ in due], change)
        if all(self._known.states.get((account.key, each.feature)) == each for each in news):
            return
        await self._writing.run(lambda: self._store.writer.put_states(news))
        self._known.states.update({(account.key, each.feature): each for each in news})

    # ------------------------------------------------------------------ what is known

    async def _load(self) -> None:
        """Read the accounts and their states when anybody has changed the database."""
        busy = frozenset(self._busy)
        await self._writing.run(
            lambda: self._known.load(Reader(self._store.writer.connection), self.only, busy)
        )

    def accounts_changed(self) -> None:
        """This process has changed accounts on the writer's own connection: read them anew."""
        self._known.outdated()

    def _features(self, account: Account) -> list[tuple[Feature, float]]:
        row = self._rows().get(account.service)
        if row is None:  # of a newer version, or gone from providers.toml until somebody mends it
            return []
        try:
            return features_of(row, account)
        except Exception:  # a third party's provider that cannot be imported
            log.exception("the provider of %s cannot be used", account.key)
            return []

    def _lag(self) -> float:
        return self._clock() / states.SECOND - self._steady()

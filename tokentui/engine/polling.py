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
from typing import Protocol

from tokentui.billing import Account, Feature
from tokentui.engine import account_state as states
from tokentui.engine.account_state import State
from tokentui.engine.fetching import Pricing, clock_note, features_of, fetch, plan, priced
from tokentui.engine.lane import Lane, Runs
from tokentui.secrets import Keys, SecretsError, VaultLocked, parse
from tokentui.sources.providers import Provider
from tokentui.sources.providers.errors import ChangedFormat, KeyRejected, ProviderError, Refused
from tokentui.sources.providers.http import Client, Hosts
from tokentui.store import Reader, Writer
from tokentui.store.ledger import StoredState
from tokentui.text import clean

JUMP_SECONDS = 60.0
"""The wall clock ran away from the monotonic one by more: the machine slept, or somebody set its clock."""

log = logging.getLogger("tokentui.engine")


class Store(Protocol):
    """The database, as the poller needs it."""

    @property
    def writer(self) -> Writer:
        """The open writer, to be used in its lane only."""


class Poller:
    """Keeps the accounts in step with their providers."""

    def __init__(
        self, store: Store, writing: Runs, keys: Keys, prices: Callable[[], Pricing],
        rows: Callable[[], Mapping[str, Provider]], *, clock: Callable[[], int],
        steady: Callable[[], float] = time.monotonic, chance: states.Chance = random.uniform,
        hosts: Hosts | None = None,
    ) -> None:  # fmt: skip
        """`rows` returns the registry by name; `clock` returns UTC epoch microseconds, `steady` seconds."""
        self.only: frozenset[str] | None = None
        """The services to ask; None means all."""
        self._store, self._writing, self._keys, self._prices, self._rows = store, writing, keys, prices, rows
        self._clock, self._steady, self._chance = clock, steady, chance
        self._hosts = hosts or Hosts()
        self._accounts: dict[str, Account] = {}
        self._states: dict[tuple[str, str], StoredState] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._version = (-1, -1)
        self._asked_now = False
        self._look_at_keys = False
        self._sooner: dict[tuple[str, str], int] = {}
        """Due before what is stored, in UTC epoch microseconds."""
        self._drift = self._lag()

    async def turn(self) -> None:
        """Begin to ask whoever is due; returns at once, whatever they answer."""
        await self._load()
        jumped = abs(self._lag() - self._drift) > JUMP_SECONDS
        asked_now, self._asked_now = self._asked_now, False
        if jumped:
            self._drift = self._lag()
        look, self._look_at_keys = self._look_at_keys or asked_now, False
        now = self._clock()
        for key, account in self._accounts.items():
            if not account.is_active:
                continue
            features = self._features(account)
            if jumped or asked_now:
                self._bring_forward(account, features, jumped, asked_now)
            if key in self._busy:
                continue
            # A key that was rejected is compared with the one there is now: only another one is tried.
            due = [
                (feature, interval) for feature, interval in features
                for state in (self._state(account, feature),)
                if state.due(now) or (look and state.status == "key-rejected")
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
            state = self._state(account, feature)
            sooner = states.woken(state, now, self._chance) if jumped else state
            # Undocumented addresses lock out for hours whoever asks them more often than they like.
            sooner = states.asked_now(sooner, now) if asked_now and not borrowed else sooner
            if sooner.next_due < state.next_due:
                self._sooner[account.key, feature] = sooner.next_due

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
        for feature, interval in due:
            state = states.with_key(self._state(account, feature), mark)
            if state.due(self._clock()) or state.status == "locked":
                await self._ask_for(account, feature, interval, state, key)

    async def _ask_for(
        self, account: Account, feature: Feature, interval: float, state: State, key: Callable[[], str]
    ) -> None:
        row, now = self._rows().get(account.service), self._clock()
        if row is None:
            return
        known = self._states.get((account.key, feature))
        asked = plan(
            feature, row.history_days, now, known.filled_from if known else None, state.last_success_at
        )
        notes: tuple[str, ...] = known.notes if known else ()
        filled, plan_name, fetched = known.filled_from if known else None, known.plan if known else "", None
        try:
            client = Client(self._hosts, row, account, key, now)
            fetched = await fetch(client, row, feature, asked.spans)
        except ProviderError as error:
            state = self._failed(state, error, interval)
            if isinstance(error, KeyRejected) and account.secret_reference:
                self._keys.forget(parse(account.secret_reference))  # what a command printed is old
        except Exception as fault:  # a provider's file fails: one account's figures, not all
            log.exception("asking %s for %s failed", account.key, feature)
            state = self._failed(state, ChangedFormat("the answer", f"({type(fault).__name__})"), interval)
        else:
            state = states.after_success(state, self._clock(), interval, self._chance)
            filled, plan_name = asked.filled_from, fetched.plan or plan_name
            notes = (*fetched.notes, *clock_note(client.skew_seconds))
        stored = _stored(account, state, filled, notes, plan_name)

        def store() -> bool:
            """Store what came; nothing for an account that was removed or given another key meanwhile."""
            if not self._is_as_it_was(account, known):
                return False
            if fetched is not None:
                worth = priced(fetched, self._prices(), row.provider_name)
                self._store.writer.put_fetched(account, worth, now)
            self._store.writer.put_states([stored])
            return True

        self._sooner.pop((account.key, feature), None)
        self._states[account.key, feature] = stored  # also when storing fails: nobody is asked at once again
        if not await self._writing.run(store):
            del self._states[account.key, feature]
            self.accounts_changed()

    def _is_as_it_was(self, account: Account, known: StoredState | None) -> bool:
        """Whether an account is still there, asked at the same address, and its state was not reset."""
        reader = Reader(self._store.writer.connection)
        there = {each.account.key: each.account for each in reader.configured_accounts()}.get(account.key)
        asked_at = (account.base_url, account.secret_reference)
        if there is None or (there.base_url, there.secret_reference) != asked_at:
            return False
        if known is None or not known.next_due:
            return True
        what = (known.service, known.account, known.feature)
        return not any(
            (each.service, each.account, each.feature) == what and each.status == "new" and not each.next_due
            for each in reader.account_states()
        )

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
        stored = []
        for feature, _ in due:
            known = self._states.get((account.key, feature))
            state = change(self._state(account, feature))
            stored.append(
                _stored(
                    account, state, known.filled_from if known else None, known.notes if known else (),
                    known.plan if known else "",
                )
            )  # fmt: skip
        if all(self._states.get((account.key, each.feature)) == each for each in stored):
            return
        await self._writing.run(lambda: self._store.writer.put_states(stored))
        self._states.update({(account.key, each.feature): each for each in stored})

    # ------------------------------------------------------------------ what is known

    async def _load(self) -> None:
        """Read the accounts and their states when anybody has changed the database."""

        def read() -> tuple[dict[str, Account], dict[tuple[str, str], StoredState]] | None:
            reader = Reader(self._store.writer.connection)
            version = (reader.data_version(), 0)
            if version == self._version:
                return None
            self._version = version
            accounts = {each.account.key: each.account for each in reader.configured_accounts()}
            known = {
                (Account(state.service, state.account).key, state.feature): state
                for state in reader.account_states()
            }
            return accounts, known

        found = await self._writing.run(read)
        if found is not None:
            only, self._look_at_keys = self.only, True
            self._accounts = {
                key: each for key, each in found[0].items() if only is None or each.service in only
            }
            busy = {key: state for key, state in self._states.items() if key[0] in self._busy}
            self._states = found[1] | busy

    def accounts_changed(self) -> None:
        """This process has changed accounts on the writer's own connection: read them anew."""
        self._version = (-1, -1)

    def _features(self, account: Account) -> list[tuple[Feature, float]]:
        row = self._rows().get(account.service)
        if row is None:  # of a newer version, or gone from providers.toml until somebody mends it
            return []
        try:
            return features_of(row, account)
        except Exception:  # a third party's provider that cannot be imported
            log.exception("the provider of %s cannot be used", account.key)
            return []

    def _state(self, account: Account, feature: Feature) -> State:
        known = self._states.get((account.key, feature))
        if known is None:
            return State(account.key, feature)
        names = (name for name in State.__struct_fields__ if name not in ("account", "feature"))
        fields = {name: getattr(known, name) for name in names}
        fields["next_due"] = min(known.next_due, self._sooner.get((account.key, feature), known.next_due))
        return State(account.key, feature, **fields)

    def _lag(self) -> float:
        return self._clock() / states.SECOND - self._steady()


def _stored(
    account: Account, state: State, filled_from: int | None, notes: tuple[str, ...], plan_name: str
) -> StoredState:
    return StoredState(
        account.service, account.name, state.feature, state.status, state.failures, state.next_due,
        state.error_code, clean(state.error, 400), clean(state.hint, 400), state.last_success_at,
        state.last_asked_at, state.key_mark, filled_from, notes, plan_name,
    )  # fmt: skip

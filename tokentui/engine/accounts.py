"""What a person does with accounts: the same for the dashboard's pane and for `tokentui account`.

Blocking: it reads and writes the database, the vault and the network; never call it on a screen's loop.
It writes on a connection of its own, so that it works beside a collector in this or another process.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import asdict, replace

from tokentui import secrets
from tokentui.billing import Account, KeyReport
from tokentui.engine import account_prices, keychain
from tokentui.engine.account_check import AccountProblem, checked, holds_key, row_of
from tokentui.engine.beside import Beside
from tokentui.sources.providers import Provider, rows
from tokentui.store.accounts import AuditEntry
from tokentui.store.ledger import KnownBalance, StoredState
from tokentui.text import clean

if TYPE_CHECKING:
    from tokentui.sources.providers.http import Client

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as lists show it."""

    account: Account
    provider: Provider | None
    """None when this version does not know the service."""
    created_at: int
    """UTC epoch microseconds."""
    key_changed_at: int | None
    states: tuple[StoredState, ...]
    balances: tuple[KnownBalance, ...]

    @property
    def title(self) -> str:
        """What its card is called."""
        return self.account.label or (self.provider.title if self.provider else self.account.service)


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key in the environment that no account uses yet: offered, never taken silently."""

    provider: Provider
    reference: str


class Accounts(Beside):
    """The accounts of one user. Each call stands for itself; safe to use from several threads."""

    # ------------------------------------------------------------------ looking

    def listed(self) -> list[AccountView]:
        """Return all accounts, by service and name. Raises StoreError."""
        with self.reading() as reader:
            if reader is None:
                return []
            states, balances = reader.account_states(), reader.balances()
            paid = account_prices.lines(self._paths)
            known = rows()
            return [
                AccountView(
                    replace(each.account, prices=paid.get(each.account.key, "")),
                    known.get(each.account.service),
                    each.created_at,
                    each.key_changed_at,
                    tuple(state for state in states if _of(each.account, state)),
                    tuple(left for left in balances if _of(each.account, left)),
                )
                for each in reader.configured_accounts()
            ]

    def view(self, key: str) -> AccountView:
        """Return the account `service` or `service/name`. Raises AccountProblem."""
        for each in self.listed():
            if each.account.key == key.strip().lower():
                return each
        names = ", ".join(each.account.key for each in self.listed()) or "none is set up yet"
        asked = "of that name (it looks like a key)" if holds_key(key) else f"“{clean(key, 60)}”"
        raise AccountProblem(f"there is no account {asked}", f"there are: {names}")

    def offered(self) -> list[FoundKey]:
        """Return the keys in the environment that could be used."""
        used = {each.account.secret_reference for each in self.listed()}
        found = []
        for row in rows().values():
            for variable in row.environment:
                reference = f"env:{variable}"
                if self._environ.get(variable) and reference not in used:
                    found.append(FoundKey(row, reference))
        return found

    def audit_log(self, limit: int = 200) -> list[AuditEntry]:
        """Return who changed what, newest first. Raises StoreError."""
        with self.reading() as reader:
            return reader.audit_log(limit) if reader else []

    # ------------------------------------------------------------------ changing

    def add(self, account: Account, key: secrets.Secret | None = None) -> AccountView:
        """Set an account up. A `key` goes into the vault, under the account's own name.

        Raises AccountProblem, SecretsError (the vault is locked, or there is none), StoreError.
        """
        account = checked(account)
        if any(each.account.key == account.key for each in self.listed()):
            hint = "give this one a name, such as: work"
            raise AccountProblem(f"there is an account {account.key} already", hint, field="name")
        paid = account_prices.lines(self._paths).get(account.key, "")  # written there by hand, it may be
        account = replace(account, prices=account.prices or paid)
        if key is not None:
            account = replace(account, secret_reference=self._kept(account, key))
        row = row_of(account.service)
        if row.key_help and not account.secret_reference:
            raise AccountProblem("this service needs a key", row.key_help, field="key")
        try:
            with self.writing() as writer, self._paying(account, paid):
                writer.put_account(account, row.title, _now(), key_changed=bool(account.secret_reference))
                writer.audit(_now(), self._actor, "add", account.key, {}, _told(account))
        except Exception:
            if key is not None:
                self._forget(account)  # what was not added leaves no key behind
            raise
        return self.view(account.key)

    def edit(self, key: str, changes: Mapping[str, object], *, action: str = "edit") -> AccountView:
        """Change fields of an account; the audit log calls it `action`. Raises AccountProblem, StoreError."""
        view = self.view(key)
        before = view.account
        after = checked(replace(before, **changes))
        if after == before:
            return self.view(key)
        row = row_of(after.service)
        if row.key_help and before.secret_reference and not after.secret_reference:
            raise AccountProblem("this service needs a key", row.key_help, field="secret_reference")
        with self.writing() as writer, self._paying(after, before.prices):
            moved = after.secret_reference != before.secret_reference
            if moved or after.base_url != before.base_url:
                writer.put_states(_afresh(view.states))
            writer.put_account(after, row.title, _now(), key_changed=moved)
            old, new = _told(before), _told(after)
            differs = [name for name in new if new[name] != old[name]]
            writer.audit(
                _now(), self._actor, action, after.key,
                {name: old[name] for name in differs}, {name: new[name] for name in differs},
            )  # fmt: skip
        if moved:
            with suppress(secrets.SecretsError):  # a vault that stays locked keeps it, sealed
                self._forget(before)
        return self.view(after.key)

    def pause(self, key: str, *, active: bool = False) -> AccountView:
        """Stop asking for an account, or go on with it. Raises AccountProblem, StoreError."""
        return self.edit(key, {"is_active": active}, action="resume" if active else "pause")

    def rotate(self, key: str, new: secrets.Secret) -> AccountView:
        """Replace an account's key in the vault. Raises AccountProblem, SecretsError, StoreError."""
        view = self.view(key)
        account = view.account
        if account.secret_reference and not account.secret_reference.startswith("vault:"):
            kind = account.secret_reference.partition(":")[0]
            hint = "change it there; tokentui notices by itself"
            raise AccountProblem(f"the key of {account.key} is not in the vault ({kind})", hint, field="key")
        reference = self._kept(account, new)
        with self.writing() as writer:
            moved = replace(account, secret_reference=reference)
            writer.put_states(_afresh(view.states))
            writer.put_account(moved, row_of(account.service).title, _now(), key_changed=True)
            writer.audit(_now(), self._actor, "rotate", account.key, {}, {"secret_reference": reference})
        return self.view(key)

    def removal(self, key: str) -> dict[str, int]:
        """Return what would go with an account, by table; `requests` would stay. Raises AccountProblem."""
        account = self.view(key).account
        with self.writing() as writer:
            return writer.removal(account)

    def remove(self, key: str) -> str:
        """Remove an account, what its provider said of it, and its key in the vault.

        Returns what is left to say: that a vault which is locked or damaged still has the key, or nothing.
        """
        account = self.view(key).account
        with self.writing() as writer, self._paying(replace(account, prices=""), account.prices):
            writer.remove_account(account)
            writer.audit(_now(), self._actor, "remove", account.key, _told(account), {})
        try:
            self._forget(account)
        except secrets.SecretsError as error:
            return f"its key goes when the vault is unlocked next ({error})"
        return ""

    @contextmanager
    def _paying(self, account: Account, before: str) -> Iterator[None]:
        """Write what an account pays; put back what it was when the rest cannot be stored."""
        if account.prices == before:
            yield
            return
        account_prices.put(self._paths, account.key, account.prices)
        try:
            yield
        except BaseException:
            account_prices.put(self._paths, account.key, before)
            raise

    # ------------------------------------------------------------------ testing

    def test(self, account: Account, key: secrets.Secret | None = None) -> KeyReport:
        """Ask the provider what the key may do. Raises AccountProblem, SecretsError, ProviderError."""
        module = row_of(account.service).load()
        report: KeyReport = self.asked(account, lambda client: module.test(client, client.account), key)
        return report

    def asked(
        self, account: Account, question: Callable[[Client], Awaitable[T]], key: secrets.Secret | None = None
    ) -> T:
        """Ask an account's provider a question, with its key. Raises as `test` does."""
        from tokentui.sources.providers.errors import ProviderError
        from tokentui.sources.providers.http import Client, Hosts

        account = checked(account)
        row = row_of(account.service)
        if key is None and account.secret_reference:
            keys = secrets.Keys(self._environ, keychain.opened_silently(self._paths))
            key = keys.get(secrets.parse(account.secret_reference))

        async def ask() -> T:
            hosts = Hosts()
            try:
                return await question(Client(hosts, row, account, key.reveal if key else lambda: "", _now()))
            finally:
                await hosts.close()

        try:
            return asyncio.run(ask())
        except ProviderError as error:
            raise error.with_traceback(None) from None  # the frames below have held the key

    # ------------------------------------------------------------------ where things are

    def _kept(self, account: Account, key: secrets.Secret) -> str:
        """Put a key into the vault; return where it is."""
        keychain.keep(self._paths, account.key, secrets.key_of(key, "the key"), time.time_ns() // 10**9)
        return keychain.reference_of(account.key)

    def _forget(self, account: Account) -> None:
        """Take an account's own key out of the vault. Raises SecretsError."""
        if account.secret_reference == keychain.reference_of(account.key):
            keychain.forget(self._paths, account.key)

    def unlock(self, passphrase: secrets.Secret) -> None:
        """Open the vault for this process; keys of accounts that are removed go now. Raises SecretsError."""
        keychain.vault_of(self._paths).unlock(passphrase)
        keychain.drop_removed(self._paths, self.audit_log(keychain.MOST_REMOVALS), self.listed())

    def create_vault(self, passphrase: secrets.Secret) -> None:
        """Make the vault, opened by a passphrase. Raises SecretsError."""
        keychain.vault_of(self._paths).create([secrets.PassphraseSlot(passphrase)], time.time_ns() // 10**9)

    @property
    def vault_state(self) -> str:
        """`none`, `locked` or `open`; blocks up to 5 s. Raises SecretsError for one that is damaged."""
        return keychain.state_of(self._paths)


def _of(account: Account, what: StoredState | KnownBalance) -> bool:
    return (what.service, what.account) == (account.service, account.name)


def _afresh(states: Iterable[StoredState]) -> list[StoredState]:
    """Return how asking goes with another key, or elsewhere: at once, as if it were the first time."""
    return [
        dataclasses.replace(each, status="new", failures=0, next_due=0, error_code="", error="", hint="")
        for each in states
    ]


def _told(account: Account) -> dict[str, object]:
    """Return what the audit log may say of an account: all, for none of it is a key."""
    return {name: value for name, value in asdict(account).items() if name not in ("service", "name")}


def _now() -> int:
    return time.time_ns() // 1000

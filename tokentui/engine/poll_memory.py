"""What the poller knows of accounts and of how asking them goes, as the database had it when last read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from tokentui.billing import Account, Feature
from tokentui.engine.account_state import State
from tokentui.store import Reader
from tokentui.store.ledger import StoredState
from tokentui.text import clean

Key = tuple[str, str]
"""`Account.key` and a feature."""


class Memory:
    """Accounts by their key, and their states by key and feature."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.states: dict[Key, StoredState] = {}
        self.sooner: dict[Key, int] = {}
        """Due before what is stored, in UTC epoch microseconds."""
        self.unlooked: set[str] = set()
        """Accounts whose rejected key is to be compared with the one there is now."""
        self._keys_changed: dict[str, int | None] = {}
        self._version = (-1, -1)

    def outdated(self) -> None:
        """This process has changed accounts on the writer's own connection: they are to be read anew."""
        self._version = (-1, -1)

    def load(self, reader: Reader, only: frozenset[str] | None, busy: Collection[str]) -> None:
        """Read accounts and states when anybody has changed the database; states of the `busy` stay."""
        version = (reader.data_version(), 0)
        if version == self._version:
            return
        self._version = version
        every = reader.configured_accounts()
        listed = [each for each in every if only is None or each.account.service in only]
        self.accounts = {each.account.key: each.account for each in listed}
        self._keys_changed = {each.account.key: each.key_changed_at for each in listed}
        self.unlooked = set(self.accounts)
        kept = {key: state for key, state in self.states.items() if key[0] in busy}
        self.states = {
            (Account(state.service, state.account).key, state.feature): state
            for state in reader.account_states()
        } | kept

    def generation(self, account: Account) -> int | None:
        """Return when an account's key was changed last, in UTC epoch microseconds."""
        return self._keys_changed.get(account.key)

    def state(self, account: Account, feature: Feature) -> State:
        """Return how asking goes, with what is due sooner than planned."""
        known = self.states.get((account.key, feature))
        if known is None:
            return State(account.key, feature)
        names = (name for name in State.__struct_fields__ if name not in ("account", "feature"))
        fields = {name: getattr(known, name) for name in names}
        fields["next_due"] = min(known.next_due, self.sooner.get((account.key, feature), known.next_due))
        return State(account.key, feature, **fields)

    def stored(self, account: Account, state: State) -> StoredState:
        """Return a state as it is stored, with what is known of the account beside it."""
        known = self.states.get((account.key, state.feature))
        return stored(
            account, state, known.filled_from if known else None, known.notes if known else (),
            known.plan if known else "",
        )  # fmt: skip

    def changed(
        self, account: Account, features: Iterable[Feature], change: Callable[[State], State]
    ) -> list[StoredState]:
        """Return the states of some features, each changed, as they are stored."""
        return [self.stored(account, change(self.state(account, feature))) for feature in features]

    def remember(self, account: Account, new: Iterable[StoredState]) -> None:
        """Take over states that are stored, or are about to be."""
        for each in new:
            self.sooner.pop((account.key, each.feature), None)
            self.states[account.key, each.feature] = each

    def forget(self, account: Account, gone: Iterable[StoredState]) -> None:
        """Drop states that were not stored after all: the database knows better."""
        for each in gone:
            self.states.pop((account.key, each.feature), None)
        self.outdated()


def in_order(
    memory: Memory, account: Account, due: list[tuple[Feature, float]]
) -> list[tuple[Feature, float]]:
    """Return what is due as it is asked: what was rejected comes last, of that the longest unasked first.

    A rejection ends a round. So what works is never kept waiting by what does not, and what was not asked
    because of a rejection has its turn at the next look.
    """

    def place(one: tuple[Feature, float]) -> tuple[bool, int]:
        state = memory.state(account, one[0])
        rejected = state.status == "key-rejected"
        return rejected, (state.last_asked_at or 0) if rejected else 0

    return sorted(due, key=place)


def is_as_it_was(reader: Reader, account: Account, known: StoredState | None, generation: int | None) -> bool:
    """Whether an account is still there, asked at the same address with the same key, its state not reset.

    `generation` is when its key had been changed last, as it was known before the key was fetched.
    """
    found = {each.account.key: each for each in reader.configured_accounts()}.get(account.key)
    if found is None or found.key_changed_at != generation:
        return False
    there = found.account
    if (there.base_url, there.secret_reference) != (account.base_url, account.secret_reference):
        return False
    if known is None or not known.next_due:
        return True
    what = (known.service, known.account, known.feature)
    return not any(
        (each.service, each.account, each.feature) == what and each.status == "new" and not each.next_due
        for each in reader.account_states()
    )


def stored(
    account: Account, state: State, filled_from: int | None, notes: tuple[str, ...], plan_name: str
) -> StoredState:
    """Return a state with what else is kept of a feature."""
    return StoredState(
        account.service, account.name, state.feature, state.status, state.failures, state.next_due,
        state.error_code, clean(state.error, 400), clean(state.hint, 400), state.last_success_at,
        state.last_asked_at, state.key_mark, filled_from, notes, plan_name,
    )  # fmt: skip

"""Windows that take a key or a passphrase: the vault is made or unlocked on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tokentui import secrets
from tokentui.engine import account_words
from tokentui.secrets import Secret, SecretsError
from tokentui.ui import accounts_lines as drawing
from tokentui.ui.aside import Problem, aside
from tokentui.ui.asking import Asking
from tokentui.ui.secret_field import SecretField

if TYPE_CHECKING:
    from tokentui.billing import KeyReport
    from tokentui.engine.accounts import Accounts, AccountView
    from tokentui.ui.draw import Line


class KeyWindow(Asking):
    """Asks for a key, and for what the vault needs to keep it. Until it is kept, nothing is written."""

    def __init__(self, title: str, accounts: Accounts) -> None:
        super().__init__(title)
        self.accounts = accounts
        self.key: Secret | None = None
        self._phrase: Secret | None = None
        """Of the vault that is to be made."""

    async def ask_key(self) -> None:
        """Ask for the key."""
        await self.go("key", SecretField(counted=True))

    async def key_ready(self) -> None:
        """The key is there, and the vault can take it."""

    def kept(self, work: Callable[[], object]) -> Callable[[], object]:
        """Return work that makes the vault first, where there is none."""
        accounts, phrase = self.accounts, self._phrase

        def make_and_work() -> object:
            if phrase is not None and accounts.vault_state == "none":
                accounts.create_vault(phrase)
            return work()

        return make_and_work

    async def _given_key(self, typed: Secret) -> None:
        try:
            self.key = secrets.key_of(typed, "the key")
        except SecretsError as error:
            self.refuse(str(error), error.hint)
            return
        await self.ask_vault()

    async def ask_vault(self) -> None:
        """Find out what the vault needs."""
        accounts = self.accounts
        await self.go("looking")
        aside(self, "vault", lambda: accounts.vault_state)

    async def _after_vault(self, state: Any, problem: Problem | None) -> None:
        if problem is not None:
            await self.go("stuck", wrong=problem.words, hint=problem.hint)
        elif state == "open":
            await self.key_ready()
        else:
            await self.go("phrase" if state == "locked" else "first", SecretField())

    async def _given_phrase(self, typed: Secret) -> None:
        accounts = self.accounts
        await self.go("unlocking")
        aside(self, "unlock", lambda: accounts.unlock(typed))

    async def _after_unlock(self, _answer: Any, problem: Problem | None) -> None:
        if problem is None:
            await self.key_ready()
        else:
            await self.go("phrase", SecretField(), problem.words)

    async def _given_first(self, typed: Secret) -> None:
        from tokentui.secrets.slots import check_passphrase

        try:
            check_passphrase(typed)
        except SecretsError as error:
            self.refuse(str(error), error.hint)
            return
        self._phrase = typed
        await self.go("again", SecretField())

    async def _given_again(self, typed: Secret) -> None:
        if typed == self._phrase:
            await self.key_ready()
        else:
            await self.go("first", SecretField(), "the two differ: please type it twice anew")

    def on_unmount(self) -> None:
        """Nothing of it stays."""
        self.key = self._phrase = None

    # ------------------------------------------------------------------ drawing

    def _lines_key(self, width: int) -> list[Line]:
        said = "Paste the key, or type it: it is not shown, and goes into the encrypted vault only."
        return [*self.said(said, "text", width), *self.keys("enter goes on · esc leaves", width)]

    def _lines_looking(self, width: int) -> list[Line]:
        return self.said("looking at the vault …", "muted", width)

    def _lines_unlocking(self, width: int) -> list[Line]:
        return self.said("unlocking the vault …", "muted", width)

    def _lines_stuck(self, width: int) -> list[Line]:
        return self.keys("esc leaves; nothing was changed", width)

    def _lines_phrase(self, width: int) -> list[Line]:
        said = "The vault is locked. Its passphrase:"
        return [*self.said(said, "text", width), *self.keys("enter unlocks it · esc leaves", width)]

    def _lines_first(self, width: int) -> list[Line]:
        said = "A vault is made for the key. Choose its passphrase, 8 characters or more; without it nobody"
        said += " can read the keys, you included."
        return [*self.said(said, "text", width), *self.keys("enter goes on · esc leaves", width)]

    def _lines_again(self, width: int) -> list[Line]:
        return [*self.said("The same again:", "text", width), *self.keys("enter goes on · esc leaves", width)]


class Unlock(KeyWindow):
    """Opens the vault for this program."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__("Unlock the vault", accounts)

    async def on_mount(self) -> None:
        """Find out whether there is anything to unlock."""
        await self.ask_vault()

    async def _after_vault(self, state: Any, problem: Problem | None) -> None:
        if problem is None and state != "locked":
            said = "there is no vault yet" if state == "none" else "the vault is open already"
            await self.go("stuck", hint=said)
        else:
            await super()._after_vault(state, problem)

    async def key_ready(self) -> None:
        """It is open."""
        self.dismiss("the vault is unlocked")


class ReplaceKey(KeyWindow):
    """Takes a new key, tests it, and puts it in the place of the old one."""

    def __init__(self, accounts: Accounts, view: AccountView) -> None:
        super().__init__("Replace the key", accounts)
        self._view = view
        self._found: KeyReport | Problem | None = None

    async def on_mount(self) -> None:
        """Ask for the key, where we keep it."""
        if account_words.key_place(self._view) in ("vault", "none"):
            await self.ask_key()
        else:
            hint = "change it there: tokentui notices by itself. Or name another place: enter on the account"
            await self.go("stuck", wrong=f"its key comes {_from(drawing.place(self._view))}", hint=hint)

    async def key_ready(self) -> None:
        """Ask the provider what it may do."""
        self._found = None
        await self.go("test")
        account, accounts, key = self._view.account, self.accounts, self.key
        aside(self, "test", lambda: accounts.test(account, key))

    async def _after_test(self, answer: Any, problem: Problem | None) -> None:
        self._found = problem or answer
        self.show()

    async def _enter_test(self) -> None:
        """Keep it, once it is known what it may do."""
        key, accounts, name = self.key, self.accounts, self._view.account.key
        if self._found is not None and key is not None:
            await self.go("saving")
            aside(self, "saved", self.kept(lambda: accounts.rotate(name, key)))

    async def _after_saved(self, _answer: Any, problem: Problem | None) -> None:
        if problem is None:
            self.dismiss("the key is replaced; withdraw the old one at the provider")
        else:
            await self.go("test", wrong=problem.words, hint=problem.hint)

    def _lines_test(self, width: int) -> list[Line]:
        keys = "enter replaces the key · esc keeps the old one" if self._found else "esc keeps the old one"
        return [*drawing.tested(self._found, width), *self.keys(keys, width)]

    def _lines_saving(self, width: int) -> list[Line]:
        return self.said("saving …", "muted", width)


def _from(place: str) -> str:
    """Return where a key comes from, after the word `comes`."""
    return place if place.startswith("from") else f"from what stands {place}"

"""Adding an account: service, key, what else it needs, a test, saved. Escape anywhere leaves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tokentui import secrets, text
from tokentui.billing import Account
from tokentui.engine.account_check import opt_ins
from tokentui.sources.providers import Provider, rows
from tokentui.ui import accounts_lines as drawing
from tokentui.ui import accounts_steps as steps
from tokentui.ui.accounts_keys import KeyWindow
from tokentui.ui.aside import Problem, aside
from tokentui.ui.draw import Line, fit
from tokentui.ui.plain_field import PlainField

if TYPE_CHECKING:
    from tokentui.billing import KeyReport
    from tokentui.engine.accounts import Accounts, AccountView


class AddAccount(KeyWindow):
    """Returns the account's key (`openai-api`) when one was added."""

    def __init__(self, accounts: Accounts, service: str = "", reference: str = "") -> None:
        """With a `service` and a `reference` the key was found already: they are not asked for."""
        super().__init__("Add an account", accounts)
        self._rows = rows()
        self._preset = service, reference
        self._found: list[str] = []
        """References of the keys in the environment."""
        self._taken: dict[str, set[str]] = {}
        """Service -> the names of its accounts."""
        self._known = False
        self._marked = 0
        self._row: Provider | None = None
        self._draft = Account("")
        self._given: set[str] = set()
        self._asked: steps.Field | None = None
        self._kind = ""
        self._report: KeyReport | Problem | None = None
        self._added = ""

    async def on_mount(self) -> None:
        """Show the services; read meanwhile what there is."""
        accounts = self.accounts
        aside(self, "look", lambda: (accounts.listed(), accounts.offered()))
        if not self._preset[0]:
            await self.go("service", PlainField(placeholder="type a name: openai, deepseek, litellm …"))

    async def _after_look(self, answer: Any, problem: Problem | None) -> None:
        if problem is not None:
            await self.go("stuck", wrong=problem.words, hint=problem.hint)
            return
        views, offers = answer
        self._known = True
        self._found = [each.reference for each in offers]
        for view in views:
            self._taken.setdefault(view.account.service, set()).add(view.account.name)
        service, reference = self._preset
        if service and self._row is None:
            self._choose(self._rows[service])
            self._draft = replace(self._draft, secret_reference=reference)
            await self.key_ready()
        else:
            self.show()

    # ------------------------------------------------------------------ which service

    @property
    def _shown(self) -> list[Provider]:
        typed = self.field.value if isinstance(self.field, PlainField) else ""
        return steps.services(self._rows.values(), typed)

    def changed(self) -> None:
        """The list of services narrows."""
        self._marked = 0

    def action_mark(self, step: int) -> None:
        """Mark another service, or another place."""
        count = {"service": len(self._shown), "place": len(self._places)}.get(self.step, 0)
        if count:
            self._marked = (self._marked + step) % count
            self.show()

    async def _typed_service(self, _typed: str) -> None:
        if found := self._shown:
            self._choose(found[min(self._marked, len(found) - 1)])
            await self._ask_place()

    def _choose(self, row: Provider) -> None:
        self._row, self._draft, self._marked = row, Account(row.name), 0
        self.title_line = f"Add an account · {text.clean(row.title, 40)}"

    # ------------------------------------------------------------------ where its key is

    @property
    def _places(self) -> list[steps.Place]:
        return steps.places(self._row, self._found) if self._row else []

    async def _ask_place(self) -> None:
        if self._row and self._row.key_help:
            await self.go("place")
        else:
            await self.key_ready()

    async def _enter_place(self) -> None:
        place = self._places[self._marked].name
        if place == steps.PASTE:
            await self.ask_key()
        elif place in steps.PLACES:
            self._kind = place
            await self.go("reference", PlainField())
        else:
            self._draft = replace(self._draft, secret_reference=place)
            await self.key_ready()

    async def _typed_reference(self, typed: str) -> None:
        reference = f"{self._kind}:{typed.removeprefix('$') if self._kind == 'env' else typed}"
        try:
            secrets.parse(reference)
        except secrets.SecretsError as error:
            self.refuse(str(error), error.hint)
            return
        self._draft = replace(self._draft, secret_reference=reference)
        await self.key_ready()

    # ------------------------------------------------------------------ what else it needs

    async def key_ready(self) -> None:
        """Ask for the next field that is missing, then test."""
        row = self._row
        if row is None:
            return
        missing = steps.fields(row, self._taken.get(row.name, ()), self._given)
        if missing:
            self._asked = missing[0]
            await self.go("field", PlainField(steps.typed(self._draft, missing[0]) or missing[0].value))
        else:
            await self._test()

    async def _typed_field(self, typed: str) -> None:
        field = self._asked
        if field is None:
            return
        if field.required and not typed:
            self.refuse("this is needed", field.hint)
            return
        if field.name in ("name", "base_url"):
            self._draft = replace(self._draft, **{field.name: typed})
        else:
            self._draft = replace(self._draft, options={**self._draft.options, field.name: typed})
        self._given.add(field.name)
        await self.key_ready()

    # ------------------------------------------------------------------ the test, and saved

    async def _test(self) -> None:
        self._report = None
        await self.go("test")
        accounts, draft, key = self.accounts, self._draft, self.key
        aside(self, "test", lambda: accounts.test(draft, key))

    async def _after_test(self, answer: Any, problem: Problem | None) -> None:
        if problem is not None and problem.field in {*self._given, "name"}:
            await self._ask_again(problem)
            return
        self._report = problem or answer
        self.show()

    async def _ask_again(self, problem: Problem) -> None:
        """Ask for the field that is wrong."""
        self._given.discard(problem.field)
        if problem.field == "name" and self._row is not None:
            self._taken.setdefault(self._row.name, set()).add("")
        await self.key_ready()
        self.refuse(problem.words, problem.hint)

    async def _enter_test(self) -> None:
        if self._report is not None:
            await self._save()

    async def key_t(self) -> None:
        """Test again."""
        if self.step == "test" and self._report is not None:
            await self._test()

    async def key_s(self) -> None:
        """Save without waiting for a provider that does not answer."""
        if self.step == "test":
            await self._save()

    async def _save(self) -> None:
        await self.go("saving")
        accounts, draft, key = self.accounts, self._draft, self.key
        aside(self, "saved", self.kept(lambda: accounts.add(draft, key)))

    async def _after_saved(self, answer: AccountView, problem: Problem | None) -> None:
        if problem is None:
            self._added = answer.account.key
            if self.is_active:
                self.dismiss(self._added)
            else:
                await self.go("saved")
        elif problem.field in {*self._given, "name"}:
            await self._ask_again(problem)
        else:
            await self.go("test", wrong=problem.words, hint=problem.hint)

    # ------------------------------------------------------------------ drawing

    def _lines_service(self, width: int) -> list[Line]:
        found = self._shown
        keys = self.keys("↑ ↓ marks · enter goes on · esc leaves", width)
        if not found:
            said = "There is no service of that name. Tools with logs on this machine need no account."
            return [*self.said(said, "text", width), *keys]
        row = found[min(self._marked, len(found) - 1)]
        about = [[("─" * width, "frame")], *self._about(row, width), *keys]
        room = int(self.app.size.height * 0.9) - 4 - len(about)
        rows = max(min(len(found), room), 3)
        first = max(0, min(self._marked - rows // 2, len(found) - rows))
        listed = [
            self._mark(each.title + ("  (there is one)" if each.name in self._taken else ""),
                       width, here=number == self._marked)
            for number, each in list(enumerate(found))[first : first + rows]
        ]  # fmt: skip
        return [*listed, *about]

    def _about(self, row: Provider, width: int) -> list[Line]:
        drawn = drawing.capabilities(row, width)
        if not row.key_help:
            return drawn + self.said("needs no key: it is asked on this machine", "text", width)
        return drawn + self.said(f"needs {row.key_help}", "text", width)

    def _lines_place(self, width: int) -> list[Line]:
        asked = [[(" Where is its key?", "text")], *self._needs(width)]
        listed = [
            self._mark(each.words, width, here=number == self._marked)
            for number, each in enumerate(self._places)
        ]
        return [*asked, *listed, *self.keys("↑ ↓ marks · enter takes it · esc leaves", width)]

    def _lines_key(self, width: int) -> list[Line]:
        return [*self._needs(width), *super()._lines_key(width)]

    def _needs(self, width: int) -> list[Line]:
        return self.said(f"It needs {self._row.key_help}", "muted", width) if self._row else []

    def _lines_reference(self, width: int) -> list[Line]:
        words, asked = steps.PLACES[self._kind]
        said = f"The key is read from {words} each time it is needed; it is not copied."
        return [
            *self.said(asked[0].upper() + asked[1:], "text", width), *self.said(said, "muted", width),
            *self.keys("enter goes on · esc leaves", width),
        ]  # fmt: skip

    def _lines_field(self, width: int) -> list[Line]:
        field = self._asked
        if field is None:
            return []
        hint = self.said(field.hint, "muted", width) if field.hint and not self.hint else []
        keys = self.keys("enter goes on · esc leaves", width)
        return [*self.said(field.title, "text", width), *hint, *keys]

    def _lines_test(self, width: int) -> list[Line]:
        drawn = drawing.tested(self._report, width)
        if self._report is None:
            return drawn + self.keys("s saves without waiting · esc leaves; nothing is saved yet", width)
        drawn += self._opt_ins(width)
        save = "enter saves it all the same" if isinstance(self._report, Problem) else "enter saves"
        return drawn + self.keys(f"{save} · t tests again · esc leaves; nothing is saved yet", width)

    def _opt_ins(self, width: int) -> list[Line]:
        found = opt_ins(self._row) if self._row else {}
        said = f"off until you turn it on (enter on the account): {', '.join(found)}"
        return self.said(said, "muted", width) if found else []

    async def _enter_saved(self) -> None:
        """Close what was saved below the lock of the screen."""
        self.dismiss(self._added)

    def _lines_saved(self, width: int) -> list[Line]:
        return [*self.said(f"added {self._added}", "ok", width), *self.keys("enter closes", width)]

    def _lines_saving(self, width: int) -> list[Line]:
        return self.said("saving …", "muted", width)

    def _mark(self, words: str, width: int, *, here: bool) -> Line:
        said = f" {'▸' if here else ' '} {text.clean(words, 100)}"
        return [(fit(said, width), "cursor" if here else "text")]

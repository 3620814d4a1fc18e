"""The window in which a plan is entered or changed, as `tokentui account subscribe` has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from textual.binding import BindingType
from textual.containers import Vertical

from tokentui import text
from tokentui.engine import plans as entered
from tokentui.engine.account_check import AccountProblem
from tokentui.ui import plans
from tokentui.ui.aside import Outcome, aside
from tokentui.ui.choosing import AskText, Choose
from tokentui.ui.commands import bindings, worded
from tokentui.ui.draw import Line, fit, wrap
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.engine.accounts import Accounts
    from tokentui.store.subscriptions import Subscription
    from tokentui.ui.app import TokenTUI


class Field(NamedTuple):
    """One line of the form."""

    name: str
    title: str
    help: str


FIELDS = (
    Field("account", "account", "whose plan it is: enter shows all"),
    Field("price", "price", "a month: 20 or 17.99; 0 where it costs nothing"),
    Field("currency", "currency", "three letters, such as EUR; empty: USD"),
    Field("name", "name", "what the plan is called, such as Max"),
    Field("from", "first day", "2026-03-01; empty: today. It is due on that day of each month"),
    Field("until", "last day", "2026-12-31; empty: it goes on"),
)

_COLUMN = 12


class EnterPlan(Window[str], inherit_bindings=False):
    """All fields of a plan; enter changes the marked one, `s` stores them. Returns what was stored."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("form")

    def __init__(
        self, accounts: Accounts, payers: list[str], today: date, plan: Subscription | None = None,
        account: str = "",
    ) -> None:  # fmt: skip
        """`payers` are the accounts there are to choose from; with a `plan` that one is changed."""
        super().__init__()
        self._accounts, self._payers, self._today, self._plan = accounts, payers, today, plan
        self._typed = {field.name: "" for field in FIELDS} | {"account": account if account in payers else ""}
        if plan is not None:
            self._typed |= entered.written(plan)
        self._fields = [field for field in FIELDS if plan is None or field.name != "account"]
        self._marked = 1 if self._typed["account"] else 0
        self._said, self._style = "", "crit"
        self._storing = False
        self._list = Lines(self._lines)

    def compose(self) -> ComposeResult:
        """A list."""
        yield Vertical(self._list, classes="window")

    def action_mark(self, step: int) -> None:
        """Mark the next or the previous field."""
        self._marked = (self._marked + step) % len(self._fields)
        self._list.redraw()

    def action_edit(self) -> None:
        """Change the marked field."""
        field = self._fields[self._marked]
        changed = partial(self._changed, field)
        if field.name == "account":
            program = cast("TokenTUI", self.app)
            choices = [(key, plans.owner(program, key)) for key in self._payers]
            self.app.push_screen(Choose("Whose plan is it?", choices, self._typed["account"]), changed)
            return
        window = AskText(
            f"{field.title}: {field.help}", self._typed[field.name], partial(_wrong, field, self._today)
        )
        self.app.push_screen(window, changed)

    def _changed(self, field: Field, typed: str | None) -> None:
        """Keep what was typed, and go on to the next field."""
        if typed is not None:
            self._typed[field.name], self._said = typed, ""
            self._marked = min(self._marked + 1, len(self._fields) - 1)
            self._list.redraw()

    def action_save(self) -> None:
        """Store it, unless a field is wrong."""
        if self._storing:
            return
        try:
            if self._plan is None and not self._typed["account"]:
                raise AccountProblem("whose plan is it?", "enter chooses the account", field="account")
            entered.parsed(self._typed, self._today)
        except AccountProblem as problem:
            self._say(str(problem), problem.hint, problem.field)
        else:
            self._storing, self._said, self._style = True, "storing …", "muted"
            aside(self, "plan", partial(_store, self._accounts, self._plan, dict(self._typed), self._today))
        self._list.redraw()

    def on_outcome(self, message: Outcome) -> None:
        """Say what was stored, or why it was not."""
        self._storing = False
        problem = message.problem
        if problem is not None:
            self._say(problem.words, problem.hint, problem.field)
            self._list.redraw()
            return
        plan = cast("Subscription", message.answer)
        verb = "entered" if self._plan is None else "changed"
        self.dismiss(f"{verb}: {plans.owner_of(cast('TokenTUI', self.app), plan)}, {plans.words(plan)}")

    def _say(self, words: str, hint: str, field: str) -> None:
        """Show what is wrong: the field is marked, an example stands behind the reason."""
        self._style = "crit"
        names = [each.name for each in self._fields]
        place = ""
        if field in names:
            self._marked = names.index(field)
            place = f"{self._fields[self._marked].title}: "
        self._said = f"{place}{words}" + (f"; {hint}" if hint else "")

    def _lines(self, width: int, _height: int) -> list[Line]:
        title = "Enter a plan" if self._plan is None else "Change the plan"
        who = "" if self._plan is None else plans.owner_of(cast("TokenTUI", self.app), self._plan)
        drawn: list[Line] = [[(f" {title}", "strong"), (f"  {who}", "muted")], []]
        for number, field in enumerate(self._fields):
            here = number == self._marked
            value = text.clean(self._typed[field.name], 200)
            if value and field.name == "account":
                value = plans.owner(cast("TokenTUI", self.app), value)
            drawn.append([
                ("▸" if here else " ", "accent"), (fit(field.title, _COLUMN), "strong" if here else "text"),
                (fit(value or "–", max(width - _COLUMN - 2, 4)), "text" if value else "muted"),
            ])  # fmt: skip
        below = [(self._said, self._style)] if self._said else []
        below += [(self._fields[self._marked].help, "muted")]
        keys = "{edit} changes it · {store} stores all · {close} closes"
        below += [(worded(keys, "form", cast("TokenTUI", self.app).commands), "muted")]
        drawn.append([])
        for words, style in below:
            drawn += [[(f" {line}", style)] for line in wrap(words, width - 2)]
        return drawn


def _store(
    accounts: Accounts, plan: Subscription | None, typed: Mapping[str, str], today: date
) -> Subscription:
    if plan is None:
        return entered.subscribe(accounts, typed["account"], typed, today)
    return entered.change(accounts, plan.number, typed, today)


def _wrong(field: Field, today: date, typed: str) -> str:
    """Return why a text will not do in a field; empty when it will, as far as it alone can tell."""
    if not typed and field.name != "price":
        return ""
    try:
        entered.parsed({"price": "1", "from": f"{entered.FIRST_YEAR}-01-01", field.name: typed}, today)
    except AccountProblem as problem:
        return f"{problem}; {problem.hint}"
    return ""

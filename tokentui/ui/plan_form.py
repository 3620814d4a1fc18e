"""The window in which a plan is entered or changed, as `tokentui account subscribe` has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, cast

from tokentui.engine import plans as entered
from tokentui.engine.account_check import AccountProblem
from tokentui.ui import plans
from tokentui.ui.aside import Outcome, aside
from tokentui.ui.choosing import AskText, Choose
from tokentui.ui.draw import Line
from tokentui.ui.entry_form import EntryForm, Field

if TYPE_CHECKING:
    from textual.screen import Screen

    from tokentui.engine.accounts import Accounts
    from tokentui.store.subscriptions import Subscription
    from tokentui.ui.app import TokenTUI


FIELDS = (
    Field("account", "account", "whose plan it is: enter shows all"),
    Field("price", "price", "a month: 20 or 17.99; 0 where it costs nothing"),
    Field("currency", "currency", "three letters, such as EUR; empty: USD"),
    Field("name", "name", "what the plan is called, such as Max"),
    Field("from", "first day", "2026-03-01; empty: today. It is due on that day of each month"),
    Field("until", "last day", "2026-12-31; empty: it goes on"),
)


class EnterPlan(EntryForm):
    """All fields of a plan. Returns what was stored."""

    COLUMN = 12

    def __init__(
        self, accounts: Accounts, payers: list[str], today: date, plan: Subscription | None = None,
        account: str = "",
    ) -> None:  # fmt: skip
        """`payers` are the accounts there are to choose from; with a `plan` that one is changed."""
        typed = {field.name: "" for field in FIELDS} | {"account": account if account in payers else ""}
        if plan is not None:
            typed |= entered.written(plan)
        fields = [field for field in FIELDS if plan is None or field.name != "account"]
        super().__init__(fields, typed, 1 if typed["account"] else 0)
        self._accounts, self._payers, self._today, self._plan = accounts, payers, today, plan

    def asking(self, field: Field) -> Screen[str]:
        """Return the window that asks for a field: a list of the accounts, or a line."""
        value = self._typed[field.name]
        if field.name == "account":
            program = cast("TokenTUI", self.app)
            choices = [(key, plans.owner(program, key)) for key in self._payers]
            return Choose("Whose plan is it?", choices, value)
        return AskText(f"{field.title}: {field.help}", value, partial(_wrong, field, self._today))

    def is_right(self) -> bool:
        """Say what is wrong with the fields, if anything is; return whether they can be stored."""
        try:
            if self._plan is None and not self._typed["account"]:
                raise AccountProblem("whose plan is it?", "enter chooses the account", field="account")
            entered.parsed(self._typed, self._today)
        except AccountProblem as problem:
            self._say(str(problem), problem.hint, problem.field)
            return False
        return True

    def store(self) -> None:
        """Begin to store them; an Outcome follows."""
        aside(self, "plan", partial(_store, self._accounts, self._plan, dict(self._typed), self._today))

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

    def _say(self, words: str, hint: str, name: str) -> None:
        """Show what is wrong: the field is marked, an example stands behind the reason."""
        field = self._mark(name)
        self._style = "crit"
        self._said = f"{f'{field.title}: ' if field else ''}{words}" + (f"; {hint}" if hint else "")

    def _head(self) -> Line:
        title = "Enter a plan" if self._plan is None else "Change the plan"
        who = "" if self._plan is None else plans.owner_of(cast("TokenTUI", self.app), self._plan)
        return [(f" {title}", "strong"), (f"  {who}", "muted")]

    def _shown(self, field: Field, value: str, *, here: bool) -> str:
        if value and field.name == "account":
            return plans.owner(cast("TokenTUI", self.app), value)
        return super()._shown(field, value, here=here)

    def _notes(self) -> list[tuple[str, str]]:
        return [*super()._notes(), (self._fields[self._marked].help, "muted")]


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

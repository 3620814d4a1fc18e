"""The window that changes an account: each field with its meaning, saved one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from textual.binding import BindingType
from textual.containers import Vertical

from tokentui import text
from tokentui.billing import Account
from tokentui.engine.account_check import opt_ins
from tokentui.pricing import account_line
from tokentui.ui.aside import Outcome, aside
from tokentui.ui.choosing import AskText, Confirm
from tokentui.ui.commands import bindings, worded
from tokentui.ui.draw import Line, cut, fit, wrap
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window
from tokentui.usage import NANO

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.engine.accounts import Accounts, AccountView
    from tokentui.sources.providers import Provider
    from tokentui.ui.app import TokenTUI

Changes = dict[str, object]


class Field(NamedTuple):
    """One line of the form."""

    name: str
    """`label`, or `options.team_id`, or `opt_in.claude_code`."""
    title: str
    help: str
    kind: str = "text"
    """`text`, `dollars`, `number`, `prices`, `switch`."""


_FIELDS = (
    Field("label", "title", "what its card is called; empty: the service's name"),
    Field("secret_reference", "key from", "env:NAME, file:PATH or command:WORDS; k puts one into the vault"),
    Field("monthly_limit", "monthly limit", "dollars a month you want to spend; empty: none", "dollars"),
    Field("session_limit", "session limit", "dollars a session at most; empty: none", "dollars"),
    Field("token_limit", "token limit", "tokens a month at most; empty: none", "number"),
    Field("base_url", "base URL", "including the version prefix; empty: the provider's own"),
    Field("organization", "organization", "its id, where a key can see several; empty: the key's own"),
    Field("project", "project", "its id, to count this project alone; empty: all"),
    Field("interval_seconds", "asked every", "seconds; empty: as often as suits each question", "number"),
    Field("prices", "prices", "$ a million in/out, or %: gpt-5.5 1.25/10; * -20 %; empty: list", "prices"),
)


def fields_of(row: Provider | None) -> list[Field]:
    """Return the fields of a service's accounts."""
    found = list(_FIELDS)
    if row is not None:
        found += [
            Field(f"options.{each.name}", each.title, each.hint)
            for each in row.options
            if each.name != "opt_in"
        ]
        found += [Field(f"opt_in.{what}", what, f"off by default: {why}", "switch")
                  for what, why in opt_ins(row).items()]  # fmt: skip
    return found


def written(account: Account, field: Field) -> str:
    """Return a field's value as it is typed."""
    place, _, name = field.name.partition(".")
    if place == "options":
        return account.options.get(name, "")
    if place == "opt_in":
        return "on" if account.opted_in(name) else "off"
    value = getattr(account, place)
    if value in (None, "", 0):
        return ""
    return format(Decimal(value).scaleb(-9).normalize(), "f") if field.kind == "dollars" else str(value)


def changes(account: Account, field: Field, typed: str) -> Changes:
    """Return what typing a text into a field changes. Raises ValueError, saying what would do."""
    place, _, name = field.name.partition(".")
    if place == "options":
        options = {**account.options, name: typed}
        return {"options": {key: value for key, value in options.items() if value}}
    if place == "opt_in":
        chosen = {each for each in account.options.get("opt_in", "").split(",") if each} - {name}
        chosen |= {name} if typed == "on" else set()
        rest = {key: value for key, value in account.options.items() if key != "opt_in"}
        return {"options": rest | ({"opt_in": ",".join(sorted(chosen))} if chosen else {})}
    if field.kind == "dollars":
        return {place: _dollars(typed)}
    if field.kind == "number":
        digits = typed.replace(",", "").replace("_", "")
        if digits and not (digits.isascii() and digits.isdigit() and len(digits) < 18):
            raise ValueError("a whole number, such as: 5000000")
        return {place: int(digits) if digits else (0 if place == "interval_seconds" else None)}
    if field.kind == "prices":
        return {place: _prices(typed, account)}
    return {place: typed}


def _prices(typed: str, account: Account) -> str:
    """Return what an account pays as it is stored."""
    try:
        return account_line.parse(typed, account.key).line
    except account_line.LineError as error:
        raise ValueError(f"{error}; such as: {error.example}") from None


def _dollars(typed: str) -> int | None:
    """Return an amount in nano-dollars; None for none."""
    amount = typed.removeprefix("$").replace(",", "").strip()
    if not amount:
        return None
    try:
        found = Decimal(amount)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 <= found < 10**9:
        raise ValueError("an amount of dollars, such as: 150 or 12.50")
    return int(found * NANO)


class EditAccount(Window[None], inherit_bindings=False):
    """All fields of an account; enter changes the marked one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("form", without="form.store")

    def __init__(
        self, accounts: Accounts, view: AccountView, only: Collection[str] = (),
        change: Callable[[str, Mapping[str, object]], AccountView] | None = None,
    ) -> None:  # fmt: skip
        """`only` names the fields that are shown, all when it is empty; `change` is what stores them."""
        super().__init__()
        self._store = change or accounts.edit
        self._accounts, self._view = accounts, view
        self._fields = [field for field in fields_of(view.provider) if not only or field.name in only]
        self._marked = 0
        self._said, self._style = "", "text"
        self._list = Lines(self._lines)

    def compose(self) -> ComposeResult:
        """A list."""
        yield Vertical(self._list, classes="window")

    @property
    def _field(self) -> Field:
        return self._fields[self._marked]

    def action_mark(self, step: int) -> None:
        """Mark the next or the previous one."""
        self._marked = (self._marked + step) % len(self._fields)
        self._said = ""
        self._list.redraw()

    def action_edit(self) -> None:
        """Change the marked one."""
        field, account = self._field, self._view.account
        if field.kind == "switch":
            self._switch(field, account)
            return
        title = f"{field.title}: {field.help}"
        longest = account_line.LONGEST if field.kind == "prices" else 200
        window = AskText(title, written(account, field), lambda typed: _wrong(account, field, typed), longest)
        self.app.push_screen(window, lambda typed: self._typed(field, typed))

    def _switch(self, field: Field, account: Account) -> None:
        if written(account, field) == "on":
            self._change(changes(account, field, "off"))
            return
        what = field.name.partition(".")[2]
        warning = opt_ins(self._view.provider).get(what, "") if self._view.provider else ""
        question = f"Turn on {field.title}? {warning}"
        self.app.push_screen(
            Confirm(question), lambda yes: self._change(changes(account, field, "on")) if yes else None
        )

    def _typed(self, field: Field, typed: str | None) -> None:
        if typed is not None and typed != written(self._view.account, field):
            self._change(changes(self._view.account, field, typed))

    def _change(self, wanted: Mapping[str, object]) -> None:
        store, key = self._store, self._view.account.key
        self._said, self._style = "saving …", "muted"
        aside(self, "edit", lambda: store(key, wanted))
        self._list.redraw()

    def on_outcome(self, message: Outcome) -> None:
        """Show what is stored now, or why it is not changed."""
        if message.problem is None:
            self._view = cast("Any", message.answer)
            self._said, self._style = "saved", "ok"
        else:
            self._said, self._style = str(message.problem), "crit"
        self._list.redraw()

    # ------------------------------------------------------------------ drawing

    def _lines(self, width: int, _height: int) -> list[Line]:
        veiled = cast("TokenTUI", self.app).veiled
        name = self._view.provider.title if veiled and self._view.provider else self._view.account.key
        drawn: list[Line] = [[(f" Change {text.clean(name, 60)}", "strong")]]
        below = [*_wrapped(self._field.help, "muted", width)]
        if self._said:
            below += _wrapped(self._said, self._style, width)
        keys = worded("{edit} changes it · {close} closes", "form", cast("TokenTUI", self.app).commands)
        below += _wrapped(keys, "muted", width)
        room = max(int(self.app.size.height * 0.9) - 3 - len(below), 3)
        first = max(0, min(self._marked - room // 2, len(self._fields) - room))
        for number, field in list(enumerate(self._fields))[first : first + room]:
            drawn.append(self._row(field, width, here=number == self._marked, veiled=veiled))
        return [*drawn, [("─" * width, "frame")], *below]

    def _row(self, field: Field, width: int, *, here: bool, veiled: bool) -> Line:
        value = text.clean(written(self._view.account, field), 200)
        if veiled and value and field.kind != "switch":
            value = "(hidden)"
        elif field.kind == "dollars" and value:
            value = f"${value}"
        lead = fit(f" {'▸' if here else ' '} {field.title}", 18 if width > 50 else 17)
        if here:
            return [(fit(f"{lead}{value or '–'}", width), "cursor")]
        return cut([(lead, "text"), (value or "–", "strong" if value else "muted")], width)


def _wrong(account: Account, field: Field, typed: str) -> str:
    """Return why a text will not do in a field; empty when it will, as far as can be told here."""
    try:
        changes(account, field, typed)
    except ValueError as error:
        return str(error)
    return ""


def _wrapped(words: str, style: str, width: int) -> list[Line]:
    return [[(f" {line}", style)] for line in wrap(text.clean(words, 600), width - 2)]



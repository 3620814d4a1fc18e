"""The window in which the limits that one has set oneself are changed."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from tokentui import text
from tokentui.ui.aside import Problem, aside
from tokentui.ui.asking import Asking
from tokentui.ui.plain_field import PlainField

if TYPE_CHECKING:
    from tokentui.billing import Account
    from tokentui.engine.accounts import Accounts, AccountView
    from tokentui.ui.draw import Line

FIELDS = (
    ("monthly_limit", "Dollars a month", "150"),
    ("session_limit", "Dollars for each session", "5"),
    ("token_limit", "Tokens a month", "20M"),
)

_UNITS = {"k": 10**3, "m": 10**6, "b": 10**9}


class EditLimits(Asking):
    """Asks for each limit of an account; an empty field takes it away."""

    def __init__(self, accounts: Accounts, key: str) -> None:
        """`key` is the account, as `service` or `service/name`."""
        super().__init__(f"Limits of your own: {text.clean(key, 60)}")
        self._accounts, self._key = accounts, key
        self._account: Account | None = None
        self._at = 0
        self._changes: dict[str, int | None] = {}

    def on_mount(self) -> None:
        """Read the account."""
        aside(self, "account", lambda: self._accounts.view(self._key))

    async def _after_account(self, answer: AccountView | None, problem: Problem | None) -> None:
        if answer is None:
            self.refuse(str(problem))
            return
        self._account = answer.account
        await self._ask()

    async def _ask(self) -> None:
        field, _, example = FIELDS[self._at]
        await self.go("limit", PlainField(_shown(getattr(self._account, field), field), f"such as {example}"))

    def _lines_limit(self, width: int) -> list[Line]:
        _, title, _ = FIELDS[self._at]
        return [
            *self.said(title, "strong", width),
            *self.said(
                "Empty: no limit. It shows here and on the account's card, and stops nothing.", "muted", width
            ),
            [],
            *self.keys("enter goes on, escape leaves all as it is", width),
        ]

    async def _typed_limit(self, value: str) -> None:
        field, _, example = FIELDS[self._at]
        try:
            self._changes[field] = amount(value, 1 if field == "token_limit" else 10**9)
        except ValueError:
            self.refuse(f"“{text.clean(value, 40)}” is no amount", f"such as: {example}")
            return
        self._at += 1
        if self._at < len(FIELDS):
            await self._ask()
            return
        changes = dict(self._changes)
        self._at = len(FIELDS) - 1
        aside(self, "saved", lambda: self._accounts.edit(self._key, changes))

    async def _after_saved(self, _answer: object, problem: Problem | None) -> None:
        if problem is not None:
            self.refuse(problem.words, problem.hint)
        else:
            self.dismiss("limits saved")


def amount(value: str, unit: int) -> int | None:
    """Return a number a person wrote, in units: `150`, `$1,500`, `20M`; None for an empty one. ValueError."""
    value = value.strip().removeprefix("$").replace(",", "").replace("_", "").lower()
    if not value or value == "0":
        return None
    factor = _UNITS.get(value[-1], 1)
    try:
        number = Decimal(value[:-1] if factor > 1 else value) * factor
    except InvalidOperation:
        raise ValueError(value) from None
    if not number.is_finite() or not 0 < number < 10**12:
        raise ValueError(value)
    return int(number * unit)


def _shown(value: int | None, field: str) -> str:
    if value is None:
        return ""
    return str(value) if field == "token_limit" else f"{Decimal(value).scaleb(-9):f}".rstrip("0").rstrip(".")

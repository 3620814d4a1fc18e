"""The list of accounts: what each line stands for, and how it looks."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from tokentui import sources, text
from tokentui.engine import account_words as words
from tokentui.engine.accounts import AccountView, FoundKey
from tokentui.ui import privacy
from tokentui.ui.draw import Line, fit, wrap

if TYPE_CHECKING:
    from tokentui.billing import Balance
    from tokentui.ui.feed import Found
    from tokentui.ui.privacy import Veil

    Row = AccountView | FoundKey | Found

STYLES = {
    "ok": "ok", "new": "muted", "off": "muted", "degraded": "warn", "locked": "warn", "open": "crit",
    "key-rejected": "crit",
}  # fmt: skip
"""Of a status."""

NOT_SET_UP = "nothing is set up here: 4 l sets limits of a tool that leaves logs, s plans; a adds an account"
"""What is said where a key is for accounts only."""

_SIGNS = {"ok": "●", "warn": "▲", "crit": "■", "muted": "○"}
"""So that a state is seen without colours."""


class Moment(NamedTuple):
    """What the clock says where somebody looks at accounts."""

    now: float
    """UTC seconds."""
    zone: tzinfo | None

    def clock(self, at: int) -> str:
        """Return a time in UTC epoch microseconds as `12:40`, with its day when that is another one."""
        there = datetime.fromtimestamp(at / 1e6, UTC).astimezone(self.zone)
        here = datetime.fromtimestamp(self.now, UTC).astimezone(self.zone)
        return f"{there:%H:%M}" if there.date() == here.date() else f"{there:%b} {there.day} {there:%H:%M}"


class Look(NamedTuple):
    """Who looks at accounts, and when."""

    at: Moment
    veil: Veil | None
    """Gives names their stand-ins, where names are hidden."""

    def name(self, view: AccountView) -> str:
        """Return what an account is called among several."""
        if self.veil and view.account.name:  # the service alone is no secret
            return self.veil.name("account", view.account.key)
        return view.account.key

    def title(self, view: AccountView) -> str:
        """Return what its card is called."""
        return view.provider.title if self.veil and view.provider else text.clean(view.title, 60)


class Column(NamedTuple):
    """A column of the list."""

    head: str
    width: int
    """Cells."""


_COLUMNS = (
    Column("account", 22), Column("state", 15), Column("answered", 9), Column("next", 13),
    Column("key", 14), Column("balance", 16), Column("title", 24),
)  # fmt: skip
"""In the order in which they are shown while there is room."""


def columns(width: int) -> list[Column]:
    """Return the columns that fit; the last one takes what is left."""
    shown: list[Column] = []
    left = width - 3
    for column in _COLUMNS:
        if column.width > left:
            break
        shown.append(column)
        left -= column.width
    if not shown:
        return [Column("account", max(left, 1))]
    if len(shown) < 3:  # a phone: the name of the account gets the room
        shown[0] = shown[0]._replace(width=shown[0].width + left)
    else:
        shown[-1] = shown[-1]._replace(width=shown[-1].width + left)
    return shown


def head(width: int) -> Line:
    """Return the headings."""
    return [("   " + "".join(fit(column.head, column.width) for column in columns(width)), "muted")]


def style_of(view: AccountView) -> str:
    """Return the style of an account's state."""
    return STYLES[words.status_of(view)] if view.account.is_active else "muted"


def row(which: Row, look: Look, width: int, *, here: bool) -> Line:
    """Return a line of the list."""
    if isinstance(which, AccountView):
        return account_row(which, look, width, here=here)
    if isinstance(which, FoundKey):
        return offer_row(which, width, here=here)
    return tool_row(which, width, here=here)


def account_row(view: AccountView, look: Look, width: int, *, here: bool) -> Line:
    """Return an account."""
    style, at = style_of(view), look.at
    cells = {
        "account": look.name(view), "title": look.title(view), "state": words.state_of(view),
        "answered": answered(view, at), "next": upcoming(view, at), "key": key(view, at),
        "balance": balance(view.balances[0].balance) if view.balances else "–",
    }  # fmt: skip
    shown = [(fit(cells[column.head], column.width - 1) + " ", column.head) for column in columns(width)]
    sign = _SIGNS[style]
    if here:
        return [(fit(f"▸{sign} {''.join(each for each, _ in shown)}", width), "cursor")]
    return [
        (f" {sign} ", style),
        *((each, style if column == "state" else "text") for each, column in shown),
    ]


def offer_row(found: FoundKey, width: int, *, here: bool) -> Line:
    """Return a key that was found and no account uses."""
    variable = found.reference.removeprefix("env:")
    said = f" ${variable} is set: enter adds {found.provider.title} with it"
    return [(fit(f"{'▸' if here else ' '}+{said}", width), "cursor" if here else "accent")]


def tool_row(tool: Found, width: int, *, here: bool) -> Line:
    """Return a tool whose logs are read."""
    title = fit(text.clean(tool.title, 30), 22 if width >= 60 else 14)
    said = f"{'▸' if here else ' '}● {title} from logs, nothing to set up"
    return [(fit(said, width), "cursor")] if here else [(said, "muted")]


def answered(view: AccountView, at: Moment) -> str:
    """Return how long ago it answered."""
    last = words.answered_at(view)
    return "never" if last is None else text.ago(at.now - last / 1e6)


def upcoming(view: AccountView, at: Moment) -> str:
    """Return when it is asked next."""
    due = words.next_at(view)
    if due is None:
        quiet = not view.account.is_active or view.states or words.asks_nothing(view)
        return "–" if quiet else "soon"
    return at.clock(due) if due / 1e6 > at.now else "soon"


def key(view: AccountView, at: Moment) -> str:
    """Return where the key is, and how old."""
    place = words.key_place(view)
    if view.key_changed_at is None or place == "none":
        return place
    return f"{place} · {text.ago(at.now - view.key_changed_at / 1e6)}"


def balance(left: Balance) -> str:
    """Return what is left, in its own currency; dots while costs are hidden."""
    if privacy.hidden():
        return privacy.HIDDEN
    currency = text.clean(left.currency, 10)
    return f"{Decimal(left.amount).scaleb(-9):,.2f} {currency}"


def invitation(width: int) -> list[Line]:
    """Return what is said while there is no account."""
    said = "adds an account: pick a service, say where its key is, and its bill, limits and balance show here"
    first, *rest = wrap(said, max(width - 5, 10))
    return [[(" a ", "key"), (first, "text")], *([("   " + line, "text")] for line in rest)]


def page_of(which: Row | None) -> str | None:
    """Return the address of the provider's own page of what a line stands for; None where there is none."""
    if isinstance(which, AccountView | FoundKey):
        return which.provider.dashboard_url if which.provider else None
    source = sources.find(which.name) if which is not None else None
    return source.dashboard_url if source else None

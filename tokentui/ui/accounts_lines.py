"""How accounts look as lines: a row of the list, and all that is known of the marked one."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from tokentui import text
from tokentui.billing import FEATURES
from tokentui.engine import account_words as words
from tokentui.ui import figures, privacy
from tokentui.ui.aside import Problem
from tokentui.ui.draw import Line, fit, fit_end, wrap

if TYPE_CHECKING:
    from tokentui.billing import Balance, KeyReport
    from tokentui.engine.accounts import AccountView, FoundKey
    from tokentui.sources.providers import Provider
    from tokentui.store.ledger import StoredState
    from tokentui.ui.feed import Found

_STYLES = {
    "ok": "ok", "new": "muted", "off": "muted", "degraded": "warn", "locked": "warn", "open": "crit",
    "key-rejected": "crit",
}  # fmt: skip

_SIGNS = {"ok": "●", "warn": "▲", "crit": "■", "muted": "○"}
"""So that a state is seen without colours."""

OFFERS = {"yes": "yes", "key": "with key", "opt-in": "opt-in", "local": "local", "no": "no"}


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
    return _STYLES[words.status_of(view)] if view.account.is_active else "muted"


def row(view: AccountView, name: str, title: str, at: Moment, width: int, *, here: bool) -> Line:
    """Return an account; `name` and `title` as they may be shown."""
    style = style_of(view)
    cells = {
        "account": name, "title": title, "state": words.state_of(view), "answered": answered(view, at),
        "next": upcoming(view, at), "key": key(view, at),
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
        return "–" if not view.account.is_active or view.states else "soon"
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


# ---------------------------------------------------------------------- the marked one


def about(view: AccountView, at: Moment, width: int, *, veiled: bool) -> list[Line]:
    """Return all that is known of an account."""
    drawn: list[Line] = []
    for state in words.in_trouble(view):
        drawn += trouble(state, at, width)
    if not view.account.is_active:
        drawn += _said("paused: it is not asked; space goes on with it", "muted", width)
    elif not view.states:
        drawn += _said("not asked yet: it is within a second or two, while tokentui collects", "muted", width)
    if view.provider is None:
        return drawn + _said("this version of tokentui does not know the service", "warn", width)
    drawn += capabilities(view.provider, width)
    drawn += _said(f"key: {'(hidden)' if veiled else place(view)}", "muted", width)
    if len(view.balances) > 1:
        parts = (f"{text.clean(each.balance.name, 30)} {balance(each.balance)}" for each in view.balances)
        drawn += _said(" · ".join(parts), "text", width)
    if limits := _limits(view):
        drawn += _said(limits, "text", width)
    notes = dict.fromkeys(note for state in view.states for note in state.notes)
    for note in (*notes, *view.provider.notes):
        drawn += _said(text.clean(note, 300), "muted", width)
    return drawn


def about_offer(found: FoundKey, width: int) -> list[Line]:
    """Return what a key that was found would show, and that nobody has taken it."""
    variable = found.reference.removeprefix("env:")
    said = f"${variable} is set in the environment. It is not used until you say so: enter takes the offer."
    drawn: list[Line] = [[(f" {found.provider.title}", "strong")], *_said(said, "text", width)]
    drawn += _said(f"it needs {found.provider.key_help}", "muted", width) if found.provider.key_help else []
    return drawn + capabilities(found.provider, width)


def about_tool(tool: Found, width: int) -> list[Line]:
    """Return where the logs of a tool are."""
    files = f"{tool.files:,} log file{'s' if tool.files != 1 else ''} found in"
    drawn: list[Line] = [[(f" {text.clean(tool.title, 40)}", "strong")], *_said(files, "text", width)]
    for path in tool.looked:
        drawn.append([(" " + fit_end(text.clean(text.tilde(path), 200), width - 2), "muted")])
    return drawn + _said("Its use and cost are computed from these logs; it needs no account.", "text", width)


def tested(found: KeyReport | Problem | None, width: int) -> list[Line]:
    """Return what a test of a key found out; None while it goes on."""
    if found is None:
        return _said("asking the provider …", "accent", width)
    if isinstance(found, Problem):
        drawn = _said(f"the test failed: {found.words}", "crit", width)
        return drawn + (_said(found.hint, "text", width) if found.hint else [])
    drawn = _said(f"✓ {text.clean(found.summary, 200)}", "ok", width)
    for warning in found.warnings:
        drawn += _said(f"! {text.clean(warning, 300)}", "warn", width)
    return drawn


def trouble(state: StoredState, at: Moment, width: int) -> list[Line]:
    """Return what is wrong with one feature, what would help, and when it is tried again."""
    said = f"{state.feature}: {text.clean(state.error, 300)}"
    told = _said(said, _STYLES.get(state.status, "warn"), width)
    if state.status == "key-rejected":
        hint = "k replaces the key"
    elif state.status == "locked":
        hint = "u unlocks the vault"
    else:
        due = "soon" if state.next_due / 1e6 <= at.now else at.clock(state.next_due)
        hint = f"next try {due}"
    more = f" · {text.clean(state.hint, 300)}" if state.hint else ""
    return told + _said(f"{hint}{more}", "text", width)


def capabilities(provider: Provider, width: int) -> list[Line]:
    """Return what a service can be asked for, with the reason where it cannot."""
    drawn: list[Line] = []
    for feature in FEATURES:
        offer = provider.capabilities[feature]
        style = "muted" if offer.offer == "no" else "text"
        lead = f"{feature:<8} {OFFERS[offer.offer]:<8} "
        note = wrap(offer.note, max(width - len(lead) - 2, 12))
        drawn.append([(f" {lead}", style), (note[0], "muted")])
        drawn += [[(" " * (len(lead) + 1) + line, "muted")] for line in note[1:]]
    return drawn


def place(view: AccountView) -> str:
    """Return where the key is, in words; never the key."""
    kind, _, where = view.account.secret_reference.partition(":")
    said = {
        "vault": "in the vault", "env": f"in the environment variable {where}", "file": f"in {where}",
        "command": f"from the command {where}", "systemd": f"the systemd credential {where}",
    }  # fmt: skip
    return text.clean(text.tilde(said.get(kind, "none is needed")), 300)


def _limits(view: AccountView) -> str:
    account = view.account
    parts = [
        f"{figures.money(account.monthly_limit)} a month" if account.monthly_limit is not None else "",
        f"{figures.money(account.session_limit)} a session" if account.session_limit is not None else "",
        f"{text.tokens(account.token_limit)} tokens a month" if account.token_limit is not None else "",
    ]
    return "your limits: " + " · ".join(filter(None, parts)) if any(parts) else ""


def _said(said: str, style: str, width: int) -> list[Line]:
    return [[(f" {line}", style)] for line in wrap(said, width - 2)]

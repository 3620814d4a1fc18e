"""All that is known of one account, of a key that was found, of a tool whose logs are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tokentui import text
from tokentui.billing import FEATURES, Capability
from tokentui.engine import account_words as words
from tokentui.engine.accounts import AccountView, FoundKey
from tokentui.ui import figures, privacy
from tokentui.ui.accounts_list import STYLES, Look, Moment, balance
from tokentui.ui.aside import Problem
from tokentui.ui.draw import Line, fit, fit_end, wrap

if TYPE_CHECKING:
    from tokentui.billing import KeyReport
    from tokentui.sources.providers import Provider
    from tokentui.store.ledger import StoredState
    from tokentui.ui.accounts_list import Row
    from tokentui.ui.feed import Found

    Tests = Mapping[str, KeyReport | Problem | None]

OFFERS = {
    "yes": "yes", "key": "with key", "opt-in": "opt-in", "paid": "paid", "local": "local", "no": "no",
}  # fmt: skip


def about(which: Row, tests: Tests, look: Look, width: int) -> list[Line]:
    """Return all that is known of what a line of the list stands for."""
    if isinstance(which, AccountView):
        found = tests.get(which.account.key, "")
        head: Line = [(f" {look.title(which)}", "strong"), (f"  {look.name(which)}", "muted")]
        said = [] if isinstance(found, str) else tested(found, width)
        return [head, *said, *about_account(which, look.at, width, veiled=look.veil is not None)]
    return about_offer(which, width) if isinstance(which, FoundKey) else about_tool(which, width)


def about_account(view: AccountView, at: Moment, width: int, *, veiled: bool) -> list[Line]:
    """Return all that is known of an account."""
    drawn: list[Line] = []
    for state in words.in_trouble(view):
        drawn += trouble(state, at, width)
    if not view.account.is_active:
        drawn += _said("paused: it is not asked; space goes on with it", "muted", width)
    elif words.asks_nothing(view):
        paid, manual = "$ sends one paid request for its live rate limits", "+ enters its use by hand"
        how = paid if _probed(view) else manual
        drawn += _said(f"nothing of it is asked by itself: {how}", "muted", width)
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
    if view.account.prices:
        paid = "(hidden)" if veiled else text.clean(view.account.prices, 500)
        drawn += _said(f"your prices: {paid}", "text", width)
    notes = dict.fromkeys(note for state in view.states for note in state.notes)
    for note in (*notes, *view.provider.notes):
        drawn += _said(text.clean(note, 300), "muted", width)
    return drawn


def about_offer(found: FoundKey, width: int) -> list[Line]:
    """Return what a key that was found would show, and that nobody has taken it."""
    variable = found.reference.removeprefix("env:")
    said = f"${variable} is set in the environment. It is not used until you say so: enter takes the offer."
    head: Line = [(f" {text.clean(found.provider.title, 40)}", "strong")]
    drawn = [head, *_said(said, "text", width)]
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
    veiled = privacy.hostless if privacy.hidden() else str
    said = f"{state.feature}: {text.clean(veiled(state.error), 300)}"
    told = _said(said, STYLES.get(state.status, "warn"), width)
    if state.status == "key-rejected":
        hint = "k replaces the key"
    elif state.status == "locked":
        hint = "u unlocks the vault"
    else:
        due = "soon" if state.next_due / 1e6 <= at.now else at.clock(state.next_due)
        hint = f"next try {due}"
    more = f" · {text.clean(veiled(state.hint), 300)}" if state.hint else ""
    return told + _said(f"{hint}{more}", "text", width)


def capabilities(provider: Provider, width: int) -> list[Line]:
    """Return what a service can be asked for, with the reason where it cannot."""
    grouped: dict[Capability, list[str]] = {}
    for feature in FEATURES:
        grouped.setdefault(provider.capabilities[feature], []).append(feature)
    names = {", ".join(features): each for each, features in grouped.items()}
    longest = min(max(map(len, names)), max(width // 3, 8))
    drawn: list[Line] = []
    for name, each in names.items():
        style = "muted" if each.offer == "no" else "text"
        lead = f"{fit(name, longest)} {OFFERS[each.offer]:<8} "
        note = wrap(text.clean(each.note, 300), max(width - len(lead) - 2, 12))
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


def _probed(view: AccountView) -> bool:
    return view.provider is not None and view.provider.probe is not None


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

"""What the Limits pane says of each limit, in one to three lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from tokentui import forecast, text
from tokentui.ui import card_billing, figures, pace, plans
from tokentui.ui.draw import BLOCKS, Line, cut, fit, gauge, length, spread, wrap

if TYPE_CHECKING:
    from tokentui.engine.limit_insights import AccountInsights, Insight, LatestSession
    from tokentui.engine.limit_plan import Week
    from tokentui.store.snapshot import Card, Limit, PastWindow

SOURCES = {
    "api": "API", "status-line": "status line", "app-server": "app-server", "script": "script", "log": "log",
}  # fmt: skip
"""Where an official reading came from; anything else is an estimate."""

MOST_SPARKS = 30

_STATUS_LINE = "run `tokentui statusline --install-hint`: only its status line knows its limits"

_BAR = 20
_NAME = 12


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be marked."""

    card: Card
    kind: str
    """`window`, `month`, `tokens`, `session`, `balance`, `plan`, or `none` where there is nothing."""
    name: str
    limit: Limit | None = None
    known: Insight | None = None
    """None while that is asked."""
    percent: float | None = None
    of: str = ""
    """What stands behind the bar of a limit that is no window."""
    more: str = ""
    """What stands below that."""
    at: int | None = None
    """When that was: UTC epoch µs."""
    session: str = ""
    number: int = 0
    """Tells balances in several currencies, and plans, from each other."""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others, whatever the figures are."""
        minutes = str(self.limit.window_minutes) if self.limit else ""
        limit_id = self.limit.limit_id if self.limit else ""
        return self.card.service, self.card.account, self.kind, limit_id or str(self.number), minutes


def items(card: Card, known: AccountInsights | None) -> list[Item]:
    """Return everything that limits an account: its windows, the user's own limits, what is left, plans."""
    found = []
    for limit in card.limits:
        insight = known.of(limit.limit_id, limit.window_minutes) if known else None
        found.append(Item(card, "window", figures.window(limit), limit, insight))
    billing = card.billing
    own = known.own if known else None
    monthly = (billing or card).monthly_limit
    percent = card_billing.month_percent(card)
    if monthly and percent is not None:
        billed = billing.month if billing and billing.currency == "USD" else None
        spent = card.month.cost if billed is None else billed
        book = "billed" if billed is not None and billing and billing.billed else "computed"
        show = figures.dollars if book == "billed" else figures.money
        said = f"{show(spent)} of {show(monthly, 0)} {book}"
        found.append(Item(card, "month", "month", percent=percent, of=said))
    if own is not None and own.token_limit:
        used = card.month.total_tokens
        if billing and billing.month_tokens is not None:
            used = max(used, billing.month_tokens)
        said = f"{text.tokens(used)} of {text.tokens(own.token_limit)} tokens a month"
        found.append(Item(card, "tokens", "tokens", percent=100 * used / own.token_limit, of=said))
    if known is not None and own is not None and own.session_limit:
        found.append(_session(card, own.session_limit, known.session))
    for number, (name, amount, currency, granted) in enumerate(billing.balances if billing else ()):
        said = plans.amount(amount, currency)
        if granted and granted > 0:
            said += f" of {plans.amount(granted, currency)} left"
        percent = 100 * (granted - amount) / granted if granted and granted > 0 else None
        found.append(Item(card, "balance", text.clean(name, 20), percent=percent, of=said, number=number))
    for plan in card.plans:
        name = f"{text.clean(plan.name, 20)}, " if plan.name else ""
        found.append(Item(card, "plan", "plan", of=name + plans.words(plan), number=plan.number))
    return found or [Item(card, "none", "limit", of="none is known: l sets one of your own")]


def _session(card: Card, limit: int, latest: LatestSession | None) -> Item:
    """Return the limit for each session, and how much of it the latest one took."""
    if latest is None:
        return Item(card, "session", "session", of=f"{figures.money(limit)} for each session; none is known")
    sign = "≥" if latest.is_floor else ""
    said = f"{sign}{figures.money(latest.cost)} of {figures.money(limit)} a session"
    name = latest.session_title or latest.project.rstrip("/").rpartition("/")[2] or latest.project
    which = " · ".join(part for part in (text.clean(name, 30), text.clean(latest.session, 8)) if part)
    return Item(
        card, "session", "session", percent=100 * latest.cost / limit, of=said,
        more=f"latest session: {which}", at=latest.last, session=latest.session,
    )  # fmt: skip


def lines(item: Item, width: int, now: float, zone: tzinfo | None) -> list[Line]:
    """Return what is said of one limit. `now`: UTC seconds."""
    if item.limit is None:
        own = [_own(item, width)]
        if item.at is not None:
            words = f"{item.more} · {text.ago(now - item.at / 1e6)}"
            own.append([(" " * (4 + _NAME if width >= 60 else 4), ""), (words, "muted")])
        return own
    limit = item.limit
    said, style = pace_words(limit, item.known, now, zone)
    source: Line = [(source_words(limit, now), "muted")]
    # What follows stands below the bar, where there is room for that.
    indent = (" " * (4 + _NAME if width >= 60 else 4), "")
    more = _more(item.known, limit, now, width - len(indent[0]))
    rest: list[Line] = [[indent, *more]] if more else []
    head = [*_gauge(item, width, now), ("  ", ""), (said, style)]
    if width >= 60 and length(head) + length(source) + 3 <= width:
        return [spread(head, [*source, (" ", "")], width), *rest]
    if width >= 60:
        first = spread(_gauge(item, width, now), [*source, (" ", "")], width)
        return [first, *([[indent, (said, style)]] if said else []), *rest]
    return [_gauge(item, width, now), [indent, (said, style)] if said else [indent, *source], *rest]


def source_words(limit: Limit, now: float) -> str:
    """Return where a reading came from and how old it is: `status line · 2 min`."""
    word = SOURCES.get(limit.origin, "estimated")
    age = text.ago(now - limit.observed_at / 1e6)
    return f"{word} · {age}"


def pace_words(limit: Limit, known: Insight | None, now: float, zone: tzinfo | None) -> tuple[str, str]:
    """Return how far a limit is ahead of the clock, and when it is full at the recent rate."""
    said, style = pace.words(limit, now, zone)
    recent = known.recent if known else None
    if recent is None or recent.runs_out_at is None or recent.runs_out_at / 1e6 <= now or style == "":
        return said, style
    ahead = forecast.pace(limit.used_percent or 0.0, limit.window_minutes, limit.resets_at, limit.observed_at)
    until = pace.clock(recent.runs_out_at, now, zone)
    if ahead is None:
        return said, style
    return f"{_ahead(ahead.ahead)}, full {until} at this rate", "warn"


def past_line(past: Sequence[PastWindow], most: int = MOST_SPARKS) -> Line:
    """Return how full past windows were when they were reset: `last 12 ▁▃█▂ 2 full`."""
    if not past:
        return []
    shown = past[-most:]
    full = sum(each.used_percent >= 99.5 for each in shown)
    fullest = text.percent(max(each.used_percent for each in shown))
    told = f"{full} full" if full else f"fullest {fullest}"
    count = "last one" if len(shown) == 1 else f"last {len(shown)}"
    return [(f"{count} ", "muted"), (sparks(shown), "bar"), (f" {told}", "muted")]


def sparks(windows: Sequence[PastWindow]) -> str:
    """Return a bar for each window; a full block is a full window."""
    steps = [round(each.used_percent / 100 * len(BLOCKS)) for each in windows]
    return "".join(BLOCKS[min(max(step, 1), len(BLOCKS)) - 1] for step in steps)


def elsewhere_words(points: float | None) -> str:
    """Return what others used of a limit; nothing while that is not known, or next to nothing."""
    return f"about {points:.0f} points used elsewhere" if points else ""


def took_line(known: Insight) -> Line:
    """Return what took most of the points of a window: `points: shop 14 · infra 8 · elsewhere 9`."""
    parts: list[tuple[str, str]] = []
    for each in known.sessions[:3]:
        name = text.clean(each.project.rstrip("/").rpartition("/")[2] or each.project, 20) or "no project"
        parts.append((f"{name} {each.points:.0f}", "text"))
    rest = known.more[1] + sum(each.points for each in known.sessions[3:])
    if rest >= 0.5:
        parts.append((f"other sessions {rest:.0f}", "muted"))
    if known.elsewhere:
        parts.append((f"elsewhere {known.elsewhere:.0f}", "accent"))
    line: Line = [("points: ", "muted")] if parts else []
    for number, part in enumerate(parts):
        line += [*([(" · ", "muted")] if number else []), part]
    return line


def week_words(week: Week | None) -> str:
    """Return what a week can still take: `6 windows of 5 h left, about 4 full ones needed`."""
    if week is None:
        return ""
    if week.stranded >= 5:
        return f"{week.left} windows of 5 h left: at most {100 - week.stranded:.0f} % of the week can be used"
    count = "less than one full one" if week.needed < 1 else f"about {week.needed:.0f} full ones"
    return f"{week.left} windows of 5 h left, {count} use it up"


def _ahead(points: float) -> str:
    if abs(points) < pace.EVEN:
        return "in step"
    return f"{abs(points):.0f} % {'ahead' if points > 0 else 'behind'}"


def _gauge(item: Item, width: int, now: float) -> Line:
    """Return name, bar, share and countdown."""
    limit = item.limit
    assert limit is not None
    percent = figures.used(limit, now)
    stale = percent is None or now - limit.observed_at / 1e6 > figures.STALE_SECONDS
    level = figures.level(percent)
    figure = "muted" if stale else "strong" if level == "ok" else level
    wide = width >= 60
    resets = ("unknown" if wide else "–") if limit.resets_at is None else ("was reset" if wide else "reset")
    if limit.resets_at is not None and percent is not None:
        left = text.countdown(limit.resets_at / 1e6 - now)
        resets = f"resets {left}" if wide else left
    return [*_bar(item, percent, width), (fit(text.percent(percent), 6, ">"), figure),
            (fit(resets, 14 if wide else 7, ">"), "muted" if stale else "text")]  # fmt: skip


def _own(item: Item, width: int) -> Line:
    level = figures.level(item.percent)
    figure = text.percent(item.percent)
    if item.percent is None:
        return [*_label(item, width), (item.of, "muted" if item.kind in ("plan", "none") else "text")]
    bar = _bar(item, item.percent, width)
    bar.append((fit(figure, 6, ">"), "strong" if level == "ok" else level))
    return [*bar, ("  ", ""), (item.of, "text")]


def _label(item: Item, width: int) -> Line:
    return [("   ", ""), (fit(item.name, _NAME if width >= 60 else 8) + " ", "text")]


def _bar(item: Item, percent: float | None, width: int) -> Line:
    room = _BAR if width >= 60 else max(width - 30, 4)
    return [*_label(item, width), *gauge(percent, room, figures.level(percent))]


def _more(known: Insight | None, limit: Limit, now: float, width: int) -> Line:
    """Return what else is known, as far as there is room for it."""
    if known is None:
        return []
    parts: list[Line] = []
    if figures.used(limit, now) is not None:
        for words, style in (
            (elsewhere_words(known.elsewhere), "accent"), (week_words(known.week), "text"),
        ):  # fmt: skip
            if words:
                parts.append([(words, style)])
    line: Line = []
    for part in parts:
        if length(line) + length(part) + 3 <= width:
            line += [*([(" · ", "muted")] if line else []), *part]
    room = min(width - length(line) - 26, MOST_SPARKS)
    if room >= 5 and (past := past_line(known.past, room)):
        line = [*past, *([(" · ", "muted")] if line else []), *line]
    return line


def nothing(width: int) -> list[Line]:
    """Return why no limit is known, and what helps."""
    drawn: list[Line] = [[], [(" No limit is known yet", "strong")], []]
    for sign, words in (
        ("Codex", "writes its limits into its logs: they show here after its next answer"),
        ("Claude Code", _STATUS_LINE),
        ("+", "enters by hand what a service without logs and without an API has used"),
        ("a", "an account at a provider brings its limits and balance: 6 Accounts, a adds one"),
    ):
        first, *rest = wrap(words, max(width - 17, 10))
        drawn.append([(f" {sign:<13} ", "key" if len(sign) == 1 else "text"), (first, "muted")])
        drawn += [[(" " * 15 + line, "muted")] for line in rest]
    return drawn


def without_status_line(width: int) -> list[Line]:
    """Return what helps where Claude Code's limits are not known."""
    return [
        [],
        *([(f" {line}", "muted")] for line in wrap(f"Claude Code: {_STATUS_LINE}", max(width - 2, 10))),
    ]


def pointed(line: Line, width: int) -> Line:
    """Return a line of the marked limit: a sign in front of it, also without colours."""
    first, *rest = cut(line, width)
    words, style = first
    return [(" ▌" if len(words) > 1 else "▌", "focus"), (words[2:], style), *rest]

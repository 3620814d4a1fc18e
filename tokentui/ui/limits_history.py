"""A limit's page: the open window, which sessions took its points, and how full past ones became."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll

from tokentui import text
from tokentui.moments import moment
from tokentui.ui import cards, figures, limits_lines
from tokentui.ui.bars import Footer
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, bars, cut, fit, gauge, length, spread
from tokentui.ui.limits_lines import Item
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.engine.limit_insights import Insight
    from tokentui.store.snapshot import Limit, PastWindow

MOST_LISTED = 60
"""Past windows in the list; the chart shows as many as there is room for."""

_ROWS = 5


class LimitHistoryPage(Window[None], inherit_bindings=False):
    """Everything that is known of one window."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("limit")

    def __init__(
        self, item: Callable[[], Item | None], clock: Callable[[], float], zone: tzinfo | None
    ) -> None:
        """`item` returns the window as it is known now; `clock` returns the time in UTC seconds."""
        super().__init__(id="limit")
        self._item, self._clock, self._zone = item, clock, zone

    def compose(self) -> ComposeResult:
        """One widget of lines that scrolls, and the keys."""
        with VerticalScroll(id="limit-room", can_focus=False):
            yield Lines(self._lines)
        yield Footer("limit")

    def look(self) -> None:
        """Show what is newly known."""
        self.query_one(Lines).redraw()

    def action_scroll(self, rows: int) -> None:
        """Scroll by some rows."""
        self.query_one("#limit-room").scroll_relative(y=rows, animate=False)

    def _lines(self, width: int, _height: int) -> list[Line]:
        item = self._item()
        if item is None or item.limit is None:
            return [[("this limit is not there any more", "muted")]]
        return page(item, item.limit, width, self._clock(), self._zone)


def page(item: Item, limit: Limit, width: int, now: float, zone: tzinfo | None) -> list[Line]:
    """Return the page of a window. `now`: UTC seconds."""
    title: Line = [(cards.name(item.card), "strong"), (f" · {item.name}", "strong")]
    drawn: list[Line] = [spread(title, [(limits_lines.source_words(limit, now), "muted")], width), []]
    percent = figures.used(limit, now)
    drawn.append(
        [
            *gauge(percent, min(width - 8, 60), figures.level(percent)),
            (f"  {text.percent(percent)}", "strong"),
        ]
    )
    drawn += [[(words, style)] for words, style in _now(item, limit, now, zone)]
    known = item.known
    if known is None:
        return [*drawn, [], [("its past is being read …", "muted")]]
    return [*drawn, *_sessions(known, percent, width, zone), *_past(known, limit, width, zone)]


def _now(item: Item, limit: Limit, now: float, zone: tzinfo | None) -> list[tuple[str, str]]:
    """Return sentences on the open window."""
    said: list[tuple[str, str]] = []
    percent = figures.used(limit, now)
    if percent is None:
        said.append(("It was reset since it was last read; what is used now is not known", "muted"))
    elif limit.resets_at is not None:
        when = moment(limit.resets_at).astimezone(zone)
        left = text.countdown(limit.resets_at / 1e6 - now)
        said.append((f"Reset in {left}, {when:%a} {when.day} {when:%b %H:%M}", "text"))
    words, style = limits_lines.pace_words(limit, item.known, now, zone)
    if words:
        said.append((words[:1].upper() + words[1:], style))
    elif percent is not None:
        said.append(("Too early to tell a pace: less than a tenth of the window, or 5 %, is over", "muted"))
    known = item.known
    if known is None or percent is None:
        return said
    if known.recent is not None:
        said.append((f"{known.recent.points_per_hour:.1f} points an hour lately", "text"))
    if words := limits_lines.week_words(known.week):
        said.append((words, "text"))
    return said


def _sessions(known: Insight, percent: float | None, width: int, zone: tzinfo | None) -> list[Line]:
    """Return which sessions took how many points, and what was used elsewhere."""
    if percent is None:
        return []
    head: list[Line] = [[], [("What took its points", "strong"), ("  of 100 in this window", "muted")]]
    if known.elsewhere is None and not known.sessions:
        return [*head, [("The logs on this machine do not reach back far enough to tell", "muted")]]
    most = max([each.points for each in known.sessions] + [known.elsewhere or 0.0])
    rows: list[Line] = []
    if known.elsewhere:
        rows.append(_share("used elsewhere", "in no log here", known.elsewhere, most, "accent", width))
    for each in known.sessions:
        project = each.project.rstrip("/").rpartition("/")[2] or each.project
        name = text.clean(each.session_title or project, 40) or "no project"
        times = _span(moment(each.first).astimezone(zone), moment(each.last).astimezone(zone)).strip()
        rows.append(_share(name, times, each.points, most, "bar", width))
    count, points = known.more
    if points >= 0.5:
        rows.append(_share(f"{count} more", "", points, 0.0, "bar", width))
    if known.elsewhere is None:
        rows.append([("  whether anything was used elsewhere cannot be told yet", "muted")])
    elif not known.elsewhere:
        rows.append([("  the logs here explain all of it", "muted")])
    return [*head, *rows]


def _share(name: str, detail: str, points: float, most: float, style: str, width: int) -> Line:
    room = max(min(width // 4, 30), 4)
    label = max(min(width - room - 9, 60), 8)
    both: Line = [(fit(name, min(len(name), label)), "text"), (f"  {detail}", "muted")]
    full = max(1, round(points / most * room)) if most else 0
    return [("  ", ""), *cut(both, label - 2), (f"{points:5.1f} ", "strong"), ("━" * full, style)]


def _past(known: Insight, limit: Limit, width: int, zone: tzinfo | None) -> list[Line]:
    """Return the windows that are over, as bars and as a list."""
    past = known.past
    if not past:
        return [[], [("No window of this limit is over yet", "muted")]]
    scale = 2 if len(past) * 2 <= width else 1
    shown = past[-(width // scale) :]
    heading: Line = [("Past windows", "strong"), *[(f"  {words}", "muted") for words in _summary(shown)]]
    drawn: list[Line] = [[], heading]
    # A bar of 100 at the side gives the chart its scale; it is not drawn.
    rows = bars([*(max(round(each.used_percent), 0) for each in shown), 100], _ROWS)
    drawn += [[("".join(block * scale for block in row[:-1]), "bar")] for row in rows]
    ends = [_day(each, zone) for each in (shown[0], shown[-1])]
    if len(shown) * scale > length([(ends[0] + ends[1], "")]) + 1:
        drawn.append([(fit(ends[0], len(shown) * scale - len(ends[1])) + ends[1], "muted")])
    drawn.append([])
    for each in reversed(past[-MOST_LISTED:]):
        until = moment(each.resets_at).astimezone(zone)
        since = moment(each.resets_at - limit.window_minutes * 60_000_000).astimezone(zone)
        level = figures.level(each.used_percent)
        drawn.append([
            (fit(_span(since, until), 31 if width >= 60 else 16), "text"),
            *gauge(each.used_percent, max(min(width - 42, 40), 4), level),
            (fit(text.percent(each.used_percent), 6, ">"), "text" if level == "ok" else level),
        ])  # fmt: skip
    return drawn


def _summary(shown: tuple[PastWindow, ...]) -> list[str]:
    full = sum(each.used_percent >= 99.5 for each in shown)
    mean = sum(each.used_percent for each in shown) / len(shown)
    return [f"{len(shown)}, {full} full, {text.percent(mean)} on average"]


def _day(window: PastWindow, zone: tzinfo | None) -> str:
    when = moment(window.resets_at).astimezone(zone)
    return f"{when.day} {when:%b}"


def _span(since: datetime, until: datetime) -> str:
    if since.date() == until.date():
        return f"{since.day:>2} {since:%b %H:%M} – {until:%H:%M}"
    return f"{since.day:>2} {since:%b %H:%M} – {until.day} {until:%b %H:%M}"

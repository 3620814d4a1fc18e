"""What Explore opens over itself: choosers, saved views, comparisons, exports; and what it copies."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from tokentui import config, periods
from tokentui.engine import exports, views
from tokentui.engine.command_line import explain_command, show_command
from tokentui.engine.exports import RequestList, Side
from tokentui.engine.filters import FilterError
from tokentui.engine.reports import Group, Report
from tokentui.engine.selection import Selection
from tokentui.engine.views import View
from tokentui.store.usage_table import DIMENSIONS, TIME_DIMENSIONS, UsageQuery
from tokentui.ui import drilling, explore_columns, explore_requests, privacy
from tokentui.ui.choosing import Choose
from tokentui.ui.explore_answer import Answer, sort_of
from tokentui.ui.explore_compare import Compare
from tokentui.ui.explore_draw import written
from tokentui.ui.exporting import Export
from tokentui.ui.saved_views import SavedViews

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from tokentui.store import Reader
    from tokentui.store.explain import Request
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.explore import Explore

_NONE = "none"
_REQUESTS = "requests"


def choose_group(pane: Explore, at: int) -> None:
    """Ask for the first grouping (0), which may be none at all, or the second (1)."""
    now = pane.selection.group_by
    others = now[1 - at : 2 - at]
    choices = [(name, explore_columns.title(name)) for name in DIMENSIONS if name not in others]
    choices.append((_REQUESTS, "No group: each request") if not at else (_NONE, "Nothing else"))

    def chosen(name: str | None) -> None:
        if name is None:
            return
        if name == _REQUESTS:
            group_by: tuple[str, ...] = ()
        elif name == _NONE:
            group_by = now[:1]
        else:
            group_by = (name, *others) if not at else (*(now[:1] or ("day",)), name)
        pane.show(replace(pane.selection, group_by=tuple(dict.fromkeys(group_by)), sort="", descending=True))

    marked = now[at] if at < len(now) else _NONE if at else _REQUESTS
    pane.app.push_screen(Choose("Then by" if at else "Group by", choices, marked), chosen)


def open_views(pane: Explore) -> None:
    """Show the saved views."""

    def opened(view: View | None) -> None:
        if view is not None:
            pane.open(view.selection, secret=privacy.hidden())

    path = views.path_of(config.paths(os.environ).config_dir)
    pane.app.push_screen(SavedViews(path, pane.selection), opened)


def compare(pane: Explore) -> None:
    """Compare the two marked rows, the marked one with that under the cursor, or this span with the last."""
    table, program = pane.table, cast("TokenTUI", pane.app)
    keys = list(table.marks)
    if len(keys) == 1 and table.key not in (None, keys[0]):
        keys.append(table.key)
    if len(keys) == 2 and table.answer:
        pair = _rows(table.answer.selection, keys)
    elif keys:
        program.say("space marks another row to compare it with")
        return
    else:
        before = pane.selection.before(pane.today, pane.week_start)
        if before is None:
            program.say(
                "nothing lies before all days: t, w or m shows a span that can be compared, space marks rows"
            )
            return
        pair = [(_days(pane, before), before), (_days(pane, pane.selection), pane.selection)]
    try:
        queries = [pane.query_of(selection) for _, selection in pair]
    except FilterError as error:
        program.say(error.why)
        return
    sides = [Side(label, query.start, query.end) for (label, _), query in zip(pair, queries, strict=True)]
    own = () if keys else pane.selection.group_by
    by = _telling(pane.selection.group_by, rows=bool(keys))
    program.push_screen(Compare((sides[0], sides[1]), (queries[0], queries[1]), by, pane.feed, own))


def _rows(selection: Selection, keys: Sequence[tuple[str, ...]]) -> list[tuple[str, Selection]]:
    found = [
        (drilling.name(selection.group_by, key), drilling.into(selection, key))
        for key in (sorted(keys) if selection.group_by[0] in TIME_DIMENSIONS else keys)
    ]
    return [(label, replace(each, group_by=())) for label, each in found]


def _days(pane: Explore, selection: Selection) -> str:
    return written(*selection.span(pane.today, pane.week_start))


def _telling(group_by: Sequence[str], *, rows: bool) -> str:
    """Return the dimension that tells what has changed: that of the rows, or another one within them."""
    known = [name for name in group_by if name not in TIME_DIMENSIONS]
    if known and not rows:
        return known[0]
    return next(name for name in ("model", "project", "service") if name not in known)


def export(pane: Explore) -> None:
    """Ask for a file and write what is shown."""
    answer = pane.table.answer
    if answer is None:
        return
    shown: Callable[[Reader], exports.Shown]
    if answer.requests is not None:
        order, descending = sort_of(pane.selection), pane.selection.descending

        def requests(reader: Reader) -> exports.Shown:
            keys = reader.request_keys(answer.query, order, descending=descending)
            return RequestList(_read(reader, keys), *_span(answer), answer.query.zone)

        name, shown = exports.file_name(RequestList((), *_span(answer)), exports.FORMS[0]), requests
    else:
        groups = tuple(Group(key, usage, answer.quality(key)) for key, usage in pane.table.groups)
        report = Report(
            answer.query.group_by,
            *_span(answer),
            answer.query.zone,
            answer.totals,
            groups,
            quality=answer.whole,
        )

        name, shown = exports.file_name(report, exports.FORMS[0]), lambda _reader: report

    def told(said: str | None) -> None:
        if said:
            cast("TokenTUI", pane.app).say(said)

    pane.app.push_screen(Export(name, shown, pane.feed), told)


def _span(answer: Answer) -> tuple[date | None, date | None]:
    return answer.query.start or answer.first_day, answer.query.end or answer.last_day


def _read(reader: Reader, keys: Sequence[int]) -> Iterator[Request]:
    """Return requests, a thousand in memory at a time."""
    for start in range(0, len(keys), 1_000):
        yield from reader.requests_by_key(keys[start : start + 1_000])


def copy(pane: Explore) -> None:
    """Copy the command line that prints the same by OSC 52, which also works over SSH; and show it."""
    command = command_of(pane)
    pane.app.copy_to_clipboard(command)
    pane.tell("copied, and not shown: names are hidden" if pane.secret_filter else f"copied: {command}")


def command_of(pane: Explore) -> str:
    """Return the command line that prints what is shown; requests are what `explain` tells of."""
    selection = pane.selection
    own = periods.local_zone_name(os.environ)
    if not selection.group_by:
        return explain_command(pane.query_of(selection), own)
    first, last = selection.span(pane.today, pane.week_start)
    column = sort_of(selection)
    return show_command(
        selection.group_by,
        selection.filter,
        first,
        last,
        sort="" if column == "input" else column,  # there it counts cached tokens too
        descending=selection.descending,
        zone="" if own == pane.zone else pane.zone,
    )


def explained(pane: Explore) -> tuple[str, UsageQuery] | None:
    """Return what `x` explains: the group or the request under the cursor; before it is read, the list."""
    table = pane.table
    if table.answer is None or not table.count:
        return None
    if table.requests is not None:
        listed = pane.query_of(pane.selection)
        if (request := table.requests.at(table.cursor)) is None:
            return "requests", listed
        time, model, _ = explore_requests.key(request, table.zone)
        return f"{model} · {time}", replace(listed, only=request.record.key)
    if table.key is None:
        return None
    selection = table.answer.selection
    inner = replace(drilling.into(selection, table.key), group_by=())
    return drilling.name(selection.group_by, table.key, table.answer.titles), pane.query_of(inner)

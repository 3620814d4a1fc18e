"""The window behind `c`: two rows or two periods side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.message import Message

from tokentui import text
from tokentui.engine import exports
from tokentui.engine.exports import Compared, Side
from tokentui.store.usage_table import DIMENSIONS
from tokentui.ui import comparing
from tokentui.ui.bars import Footer
from tokentui.ui.commands import bindings
from tokentui.ui.comparing import MEASURES, ORDERING, Found, Measure
from tokentui.ui.draw import Line
from tokentui.ui.exporting import Export
from tokentui.ui.rows import RowKeys, Rows
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.store import UsageQuery
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.feed import Feed

_ALL_MEASURES_FROM = 24
"""Lines of a window that has room for every figure of the totals."""


class Told(Message):
    """The answer has come, or the reason why there is none."""

    def __init__(self, found: Found | None, by: str, failure: str = "") -> None:
        """`by` is what the rows are grouped by."""
        super().__init__()
        self.found, self.by, self.failure = found, by, failure


class Compare(RowKeys, Window[None], inherit_bindings=False):
    """The totals of two selections, and what they are made of, the largest change first."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("compare")

    def __init__(
        self,
        sides: tuple[Side, Side],
        queries: tuple[UsageQuery, UsageQuery],
        by: str,
        feed: Feed,
        own: tuple[str, ...] = (),
    ) -> None:
        """`by` tells what has changed; conditions on sums hold for groups by `own` dimensions only."""
        super().__init__(id="compare")
        self._sides, self._queries, self._by, self._feed = sides, queries, by, feed
        self._shown_by = by
        """What the rows are by: while others are asked for, still what they were by."""
        self._own = own
        self._measure: Measure = ORDERING[0]
        self._found: Found | None = None
        self._failure = ""
        self._rows: list[Compared] = []
        self._table = Rows(self._row, self._head, lambda _width: [], id="compare-rows")

    def compose(self) -> ComposeResult:
        """The table and its keys."""
        yield self._table
        yield Footer("compare")

    def on_mount(self) -> None:
        """Ask."""
        self._ask()

    def _ask(self) -> None:
        queries, by = self._queries, self._by
        if by not in self._own:
            queries = (comparing.without_sums(queries[0]), comparing.without_sums(queries[1]))
        self._feed.ask(
            "explore-compare",
            lambda reader: comparing.compare(reader, queries, by),
            lambda found: self._tell(Told(found, by)),
            lambda reason: self._tell(Told(None, by, reason)),
        )

    def _tell(self, told: Told) -> None:
        """Called in the thread that found the answer."""
        self.post_message(told)

    def on_told(self, told: Told) -> None:
        """Show the answer; after a failure the last one stays."""
        self._failure = told.failure
        if told.found is not None:
            self._found, self._shown_by = told.found, told.by
        self._arrange()

    def _arrange(self) -> None:
        self._rows = comparing.ordered(self._found.rows, self._measure) if self._found else []
        self._table.fill(len(self._rows))

    def action_measure(self) -> None:
        """Order the lines by the change of the next figure."""
        self._measure = ORDERING[(ORDERING.index(self._measure) + 1) % len(ORDERING)]
        self._arrange()

    def action_group(self, step: int) -> None:
        """Tell what has changed by another dimension."""
        self._by = DIMENSIONS[(DIMENSIONS.index(self._by) + step) % len(DIMENSIONS)]
        self._ask()

    def action_export(self) -> None:
        """Write what is shown into a file."""
        if self._found is not None:
            shown = comparing.comparison(self._sides, self._rows, self._shown_by, self._queries[0].zone)
            self.app.push_screen(
                Export(exports.file_name(shown, "csv"), lambda _: shown, self._feed), self._said
            )

    def _said(self, said: str | None) -> None:
        if said:
            cast("TokenTUI", self.app).say(said)

    def _head(self, width: int) -> list[Line]:
        head: list[Line] = [comparing.heading(self._sides, width), []]
        if self._found is None:
            failed = text.clean(self._failure, 300)
            return [*head, [(f"   {failed}" if failed else "   reading …", "crit" if failed else "muted")]]
        a, b = self._found.a, self._found.b
        if not (a.request_count or b.request_count):
            return [*head, [("   no usage on either side", "muted")]]
        shown = MEASURES if self.size.height >= _ALL_MEASURES_FROM else ORDERING
        head.append(comparing.titles("", width))
        head += [self._total(each, width) for each in shown]
        by = f"{comparing.by_title(self._shown_by)}, {self._measure.title.lower()}"
        return [*head, [], comparing.titles(by, width, "▼")]

    def _row(self, number: int, width: int) -> Line:
        row = self._rows[number]
        qualities = self._found.qualities.get(row.key) if self._found else None
        return comparing.row(self._measure, self._shown_by, row, width, qualities or ("exact", "exact"))

    def _total(self, measure: Measure, width: int) -> Line:
        assert self._found is not None
        found = self._found
        return comparing.measured(
            measure, measure.title, found.a, found.b, width, qualities=found.whole, style="strong"
        )

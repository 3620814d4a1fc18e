"""What the panes are made of: a widget that draws lines of spans and repaints those that differ."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tokentui.ui.draw import Line, cut

STYLES = (
    "text",
    "strong",
    "muted",
    "rest",
    "bar",
    "ok",
    "warn",
    "crit",
    "accent",
    "key",
    "tab",
    "cursor",
    "frame",
    "focus",
    "series-0",
    "series-1",
    "series-2",
    "series-3",
    "series-4",
    "series-5",
)
"""The style names of spans; the stylesheet has a rule `ink--NAME` for each."""


_FILLED = {"tab", "cursor"}
"""Styles with a background of their own."""


class Ink(Widget):
    """Nothing to see: knows what the style names of spans look like, for all lines on the screen.

    With the names on every widget, each change of focus computed some 6,000 styles: 200 ms at 50 cards.
    """

    DEFAULT_CSS = "Ink { display: none; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"ink--{name}" for name in STYLES}

    def style(self, name: str, ground: Style) -> Style:
        """Return a style on the background of another one."""
        style = self.get_component_rich_style(f"ink--{name or 'text'}")
        return style if name in _FILLED else style + ground.background_style


class Lines(Widget):
    """Lines of spans, one widget for all of them.

    One widget instead of one a figure makes the first paint cheap; comparing lines makes a changed
    figure repaint its own line, of which the driver writes the cells that differ.
    """

    DEFAULT_CSS = "Lines { width: 1fr; height: auto; }"

    def __init__(
        self,
        draw: Callable[[int, int], list[Line]] | None = None,
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`draw(width, height)` returns the lines, when no subclass does."""
        super().__init__(id=id, classes=classes)
        self._draw = draw
        self._drawn: list[Line] = []
        self._drawn_in: Size | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        """Return what to show in so many cells and rows; a height of 0 asks for all there is."""
        return self._draw(width, height) if self._draw else []

    def asked(self, width: int, height: int) -> list[Line]:
        """Return `lines`; every drawing goes through here."""
        return self.lines(width, height)

    @property
    def plain(self) -> str:
        """What is shown, as text."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self._current())

    def redraw(self) -> None:
        """Repaint what has changed since it was last drawn; nothing when nothing has."""
        if self.styles.is_auto_height and len(self.asked(self.size.width, 0)) != self.size.height:
            self._drawn_in = None  # the layout may lead back to the size of the last drawing
            self.refresh(layout=True)
            return
        if self._drawn_in != self.size:
            # In a pane that is not in front it has no size: what it looked like must not come back with it.
            if self.size or self._drawn_in is not None:
                self._drawn_in = None
                self.refresh()
            return
        old, self._drawn = self._drawn, self._laid_out()
        regions = [
            Region(0, y, self.size.width, 1)
            for y, (before, after) in enumerate(zip_longest(old, self._drawn))
            if before != after
        ]
        if regions:
            self.refresh(*regions)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """The number of lines there are."""
        return len(self.asked(width, 0))

    def render_line(self, y: int) -> Strip:
        """Return one line as the compositor wants it."""
        drawn = self._current()
        line = drawn[y] if y < len(drawn) else []
        return Strip(self._segments(line), self.size.width)

    def _current(self) -> list[Line]:
        if self._drawn_in != self.size:
            self._drawn, self._drawn_in = self._laid_out(), self.size
        return self._drawn

    def _laid_out(self) -> list[Line]:
        width, height = self.size
        lines = self.asked(width, 0 if self.styles.is_auto_height else height)
        return [cut(line, width) for line in lines[:height]]

    def _segments(self, line: Line) -> list[Segment]:
        style, ground = self.app.screen_stack[0].query_one(Ink).style, self.rich_style
        return [Segment(text, style(name, ground)) for text, name in cut(line, self.size.width) if text]

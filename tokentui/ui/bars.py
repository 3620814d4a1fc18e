"""The lines around the panes: where one is, what the user must know, and the keys of the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tokentui import text
from tokentui.ui.commands import COMMANDS, footer, shown
from tokentui.ui.draw import Line, spread
from tokentui.ui.first_run import Pace
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from tokentui.ui.app import TokenTUI


class Bar(Lines):
    """A line that shows the state of the program."""

    @property
    def program(self) -> TokenTUI:
        """The program, typed."""
        return cast("TokenTUI", self.app)


class Header(Bar):
    """The panes, the month and the zone."""

    def __init__(self) -> None:
        super().__init__(id="header", classes="bar")

    def lines(self, width: int, _height: int) -> list[Line]:
        """One line; a name that does not fit leaves its number."""
        tabs: Line = [(" tokentui  " if width >= 60 else " ", "key")]
        for command in COMMANDS:
            if command.id.startswith("pane."):
                name = command.id.removeprefix("pane.")
                tabs.append(
                    (
                        f" {shown(command.keys)} {command.label} ",
                        "tab" if name == self.program.pane else "text",
                    )
                )
        snapshot = self.program.snapshot
        right: Line = []
        if snapshot is not None:
            right = [(f"{snapshot.today:%b %Y} · {text.clean(snapshot.zone, 30)} ", "muted")]
        return [spread(tabs, right if width >= 60 else [], width)]


class Banner(Bar):
    """What the user must know; no line at all while there is nothing."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(id="banner", classes="bar")
        self._pace = pace

    def lines(self, _width: int, _height: int) -> list[Line]:
        """One line: a failure, a notice, or an import that goes on beside the figures."""
        program = self.program
        notices = [text.clean(notice) for notice in program.snapshot.notices] if program.snapshot else []
        if program.failure:
            return [[(f" stopped: {program.failure}", "crit")]]
        line: Line = []
        if notices:
            more = f" (and {len(notices) - 1} more)" if len(notices) > 1 else ""
            line.append((f" {notices[0]}{more}", "warn"))
        progress = program.progress
        if progress is not None and program.shown_pane() != "first-run":
            percent = 100 * progress.bytes_done / progress.bytes_total if progress.bytes_total else 0.0
            left = self._pace.left(progress)
            files = f"{progress.files_done:,} of {progress.files_total:,} files"
            line.append((f" reading logs: {text.percent(percent)} · {files}", "accent"))
            line.append((f"{' · ' if left else ''}{left}; the figures still grow", "muted"))
        return [line] if line else []


class Footer(Bar):
    """The keys of the moment."""

    def __init__(self, where: str = "") -> None:
        """`where`: the window whose keys they are; empty for those of the pane that is shown."""
        super().__init__(id="footer", classes="bar")
        self._where = where

    def lines(self, width: int, _height: int) -> list[Line]:
        """One line: what the last key did, else the keys from the table of commands."""
        if self.program.said:
            return [[(f" {self.program.said}", "accent")]]
        return footer(self._where or self.program.shown_pane(), width)

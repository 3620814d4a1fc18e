"""The lines around the panes: where one is, what the user must know, and the keys of the moment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from tokentui import text
from tokentui.ui.commands import Command, footer
from tokentui.ui.draw import Line, length, spread, wrap
from tokentui.ui.first_run import Pace
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from textual.events import Click

    from tokentui.ui.app import TokenTUI

_NAME = " tokentui  "


class Bar(Lines):
    """A line that shows the state of the program. One that fails says so, and the panes go on."""

    def asked(self, width: int, height: int) -> list[Line]:
        """Return what it shows, or why it cannot."""
        try:
            return super().asked(width, height)
        except Exception as error:  # without the bars the figures are still good
            return [[(f" {self.id} failed: {type(error).__name__}", "crit")]]

    @property
    def program(self) -> TokenTUI:
        """The program, typed."""
        return cast("TokenTUI", self.app)


class Header(Bar):
    """The panes, the month and the zone."""

    def __init__(self) -> None:
        super().__init__(id="header", classes="bar")

    def lines(self, width: int, _height: int) -> list[Line]:
        """One line. Where the names do not fit, only the pane in front has its own beside its key."""
        tabs: Line = [(_NAME if width >= 60 else " ", "key")]
        for name, words in self._tabs(width):
            tabs.append((words, "tab" if name == self.program.pane else "text"))
        snapshot = self.program.snapshot
        right: Line = []
        if snapshot is not None:
            right = [(f"{snapshot.today:%b %Y} · {text.clean(snapshot.zone, 30)} ", "muted")]
        return [spread(tabs, right if length(tabs) + length(right) <= width else [], width)]

    def places(self) -> list[tuple[int, str]]:
        """Return the column of each tab on the screen, and the pane it stands for."""
        x, found = len(_NAME) if self.size.width >= 60 else 1, []
        for name, words in self._tabs(self.size.width):
            if x + len(words) <= self.size.width:
                found.append((x, name))
            x += len(words)
        return found

    async def on_click(self, event: Click) -> None:
        """Show the pane whose tab was clicked, when the mouse is taken."""
        at = [name for x, name in self.places() if x <= event.x]
        if at and event.x >= 1:
            await self.program.action_show_pane(at[-1])

    def _tabs(self, width: int) -> list[tuple[str, str]]:
        panes = [command for command in self.program.commands if command.id.startswith("pane.")]
        full = [(_pane(command), f" {command.first_key} {command.label} ") for command in panes]
        if len(_NAME) + sum(len(words) for _, words in full) <= width:
            return full
        return [
            (name, words if name == self.program.pane else f" {command.first_key} ")
            for (name, words), command in zip(full, panes, strict=True)
        ]


def _pane(command: Command) -> str:
    return command.id.removeprefix("pane.")


class Banner(Bar):
    """What the user must know; no line at all while there is nothing."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(id="banner", classes="bar")
        self._pace = pace

    def lines(self, width: int, _height: int) -> list[Line]:
        """A failure, a notice in as many lines as it takes, or an import that goes on beside the figures."""
        program = self.program
        notices = [text.clean(notice) for notice in program.snapshot.notices] if program.snapshot else []
        if program.live.problem:
            notices.insert(0, self._about_settings(width))
        if program.failure:
            return _wrapped(f"stopped: {program.failure}", "crit", width)
        line: Line = []
        if notices:
            more = f" (and {len(notices) - 1} more)" if len(notices) > 1 else ""
            told = _wrapped(f"{notices[0]}{more}", "warn", width)
            if len(told) > 1:
                return told
            line += told[0]
        progress = program.progress
        if progress is not None and program.shown_pane() != "first-run":
            percent = 100 * progress.bytes_done / progress.bytes_total if progress.bytes_total else 0.0
            left = self._pace.left(progress)
            files = f"{progress.files_done:,} of {progress.files_total:,} files"
            line.append((f" reading logs: {text.percent(percent)} · {files}", "accent"))
            line.append((f"{' · ' if left else ''}{left}; the figures still grow", "muted"))
        return [line] if line else []

    def _about_settings(self, width: int) -> str:
        """Return what is wrong with the settings; what has no room there is on their pane."""
        said = text.clean(text.tilde(self.program.live.problem), 300)
        if len(said) < width:
            return said
        key = next(command.first_key for command in self.program.commands if command.id == "settings.open")
        more = f"press {key or 'the key of Settings'}"
        found = re.search(r"(line \d+)[^:]*: (.*)", said)
        if found is None:
            return f"there is a mistake in the settings: {more}"
        reason = found[2].partition("; ")[0].partition(", such as: ")[0]
        whole = f"settings, {found[1]}: {reason} · {more}"
        return whole if len(whole) < width else f"settings: {found[1]}, {more}"


def _wrapped(words: str, style: str, width: int) -> list[Line]:
    """Return words in at most three lines."""
    return [[(f" {row}", style)] for row in wrap(words, width - 2)[:3]]


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
        return footer(self._where or self.program.shown_pane(), width, self.program.commands)

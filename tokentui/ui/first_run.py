"""What stands in for the Overview while there is nothing to show: what was found, and how far it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.reactive import reactive

from tokentui import text
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, fit, fit_end, gauge, wrap
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.store.snapshot import ImportProgress
    from tokentui.ui.feed import Found

_MB = 1_000_000

_ROOMY = 70
"""From this many cells on folders stand beside the names of the tools, else below them."""


class Pace:
    """How fast an import goes, and how long it will take."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._started: tuple[float, int] | None = None

    def left(self, progress: ImportProgress | None) -> str:
        """Return what is left of an import: `about 2 min left`; nothing while that cannot be said."""
        if progress is None:
            self._started = None
            return ""
        now = self._clock()
        if self._started is None or progress.bytes_done < self._started[1]:
            self._started = (now, progress.bytes_done)
        seconds, done = now - self._started[0], progress.bytes_done - self._started[1]
        if seconds < 1 or not done:
            return ""
        rest = (progress.bytes_total - progress.bytes_done) * seconds / done
        return f"about {rest:.0f} s left" if rest < 90 else f"about {rest / 60:.0f} min left"


class FirstRun(VerticalScroll, can_focus=True):
    """What is being read, where logs were found, and where they were looked for."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("first-run")

    progress: reactive[ImportProgress | None] = reactive(None, repaint=False, init=False)

    def __init__(self, found: Callable[[], tuple[Found, ...]], pace: Pace) -> None:
        super().__init__(id="first-run")
        self._found = found
        self._pace = pace
        self._told_of_demo = False

    def compose(self) -> ComposeResult:
        """One widget of lines."""
        yield Lines(self._lines, id="first-run-lines")

    def tick(self) -> None:
        """Show how far it has come."""
        if self.is_mounted:
            self.query_one(Lines).redraw()

    watch_progress = tick

    def action_tell_of_demo(self) -> None:
        """Say how a made-up history can be seen."""
        self._told_of_demo = True
        self.tick()

    def _lines(self, width: int, _height: int) -> list[Line]:
        found = self._found()
        lines: list[Line] = [[], [(" Welcome to tokentui", "strong")], []]
        if self.progress is not None:
            lines += import_lines(self.progress, self._pace.left(self.progress), width)
        elif any(source.files for source in found):
            lines += _words("Logs were found; no request is recorded in them yet.", "text", width)
        elif not found:
            lines += _words("Looking for the logs of AI tools on this machine.", "text", width)
        else:
            lines += _words("No logs of AI tools were found on this machine.", "text", width)
            after = "As soon as one of these tools writes its log, its use shows here."
            lines += _words(after, "muted", width)
        if self._told_of_demo:  # above the tools: on a small screen what is below them is not seen
            lines += [[], [(" Quit, then run ", "text"), ("tokentui demo", "strong"), (":", "text")]]
            lines += _words("a made-up history, apart from your own data.", "text", width)
        lines += [[]]
        for source in found:
            lines += _source(source, width)
        lines += [[], [(" a", "key"), (" adds an account at a provider, with your key", "text")]]
        demo: Line = [(" d", "key"), (" shows how to see a made-up history", "muted")]
        leave: Line = [(" q", "key"), (" quits", "muted")]
        return [*lines, [], *([[*demo, ("   ", ""), *leave]] if width >= 50 else [demo, leave])]


def import_lines(progress: ImportProgress, left: str, width: int) -> list[Line]:
    """Return how far an import has come: a bar, files, megabytes, records, what is left."""
    percent = 100 * progress.bytes_done / progress.bytes_total if progress.bytes_total else 0.0
    bar = max(min(width - 12, 60), 4)
    files = f"{progress.files_done:,} of {progress.files_total:,} files"
    size = f"{progress.bytes_done / _MB:,.0f} of {progress.bytes_total / _MB:,.0f} MB"
    return [
        [(" Reading your logs", "text")],
        [(" ", ""), *gauge(percent, bar, "bar"), (fit(text.percent(percent), 7, ">"), "strong")],
        [(f" {files} · {size} · {progress.records:,} requests", "text")],
        [(f" {left}" if left else "", "muted")],
    ]


def _words(words: str, style: str, width: int) -> list[Line]:
    return [[(" " + row, style)] for row in wrap(words, width - 2)]


def _source(source: Found, width: int) -> list[Line]:
    """Return what was found of a source, or where it was looked for."""
    title = fit(text.clean(source.title, 40), 16)
    if source.files:
        files = f"{source.files:,} file{'s' if source.files != 1 else ''}"
        return [[(" ● ", "ok"), (title, "strong"), (f" found, {files}", "text")]]
    paths = [text.clean(text.tilde(path), 200) for path in source.looked] or ["nowhere"]
    if width < _ROOMY:
        head: Line = [(" ○ ", "muted"), (title.rstrip(), "text"), (" not found; looked in", "muted")]
        return [head, *([("   " + fit_end(path, width - 4), "muted")] for path in paths)]
    lead = " not found; looked in "
    lines: list[Line] = [[(" ○ ", "muted"), (title, "text"), (lead + fit_end(paths[0], width - 42), "muted")]]
    return lines + [[(" " * 34 + f"and in {fit_end(path, width - 42)}", "muted")] for path in paths[1:]]

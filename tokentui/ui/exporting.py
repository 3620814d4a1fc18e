"""The window behind `e`: what is shown, into a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from tokentui import text
from tokentui.engine import exports
from tokentui.ui import privacy
from tokentui.ui.choosing import Confirm
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, wrap
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.store import Reader
    from tokentui.ui.feed import Feed


class Written(Message):
    """The file is there, or the reason why not."""

    def __init__(self, path: Path, failure: str = "", *, exists: bool = False) -> None:
        super().__init__()
        self.path = path
        self.failure = failure
        self.exists = exists


class Export(Window[str], inherit_bindings=False):
    """Asks for a form and a file, writes it in another thread, and returns what to tell."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = bindings("export")

    def __init__(self, name: str, shown: Callable[[Reader], exports.Shown], feed: Feed) -> None:
        """`name` is what the file is called at first; `shown` returns what is written."""
        super().__init__()
        self._shown, self._feed = shown, feed
        self._form = exports.FORMS[0]
        self._failure = self._done = ""
        self._writing = False
        self._field = Input(str(_folder() / name), id="export-path", compact=True, select_on_focus=False)
        self._field.cursor_blink = False
        self._lines = Lines(self._told, id="export-told")

    def compose(self) -> ComposeResult:
        """The form, the file, the keys."""
        yield Vertical(Lines(self._head), self._field, self._lines, id="export", classes="window")

    def on_mount(self) -> None:
        """The end of the path is what is changed."""
        self._field.cursor_position = len(self._field.value)

    @property
    def path(self) -> Path:
        """Where it is written."""
        return Path(os.path.abspath(os.path.expanduser(self._field.value.strip())))

    def action_form(self, step: int) -> None:
        """Choose the next form; the ending of the file follows."""
        before = self._form
        self._form = exports.FORMS[(exports.FORMS.index(before) + step) % len(exports.FORMS)]
        if self._field.value.endswith(f".{before}"):
            self._field.value = self._field.value.removesuffix(before) + self._form
            self._field.cursor_position = len(self._field.value)
        for lines in self.query(Lines):
            lines.redraw()

    def on_input_submitted(self) -> None:
        """Write the file, unless there is one."""
        if self._done:
            self._written(self._done)
        elif not self._field.value.strip():
            self._fail("a file name is missing")
        elif not self._writing:
            self._write(overwrite=False)

    def _write(self, *, overwrite: bool) -> None:
        self._writing, path, form, shown = True, self.path, self._form, self._shown
        redact = privacy.hidden()

        def write(reader: Reader) -> Written:
            try:
                pieces = exports.pieces(shown(reader), form, redact=redact)
                exports.save(path, pieces, overwrite=overwrite)
            except FileExistsError:
                return Written(path, exists=True)
            except OSError as error:
                return Written(path, error.strerror or str(error))
            return Written(path)

        self._feed.ask("export", write, self._tell, lambda reason: self._tell(Written(path, reason)))

    def _tell(self, written: Written) -> None:
        """Called in the thread that has written."""
        self.post_message(written)

    def on_written(self, message: Written) -> None:
        """Tell where it is, or what is in the way."""
        self._writing = False
        path = text.clean(message.path, 400)
        if message.exists:
            question = f"There is a file {path} already. Replace it?"
            self.app.push_screen(Confirm(question), self._replace)
        elif message.failure:
            self._fail(f"{path} cannot be written: {message.failure}")
        else:
            self._written(f"written: {path}")

    def _written(self, said: str) -> None:
        """Return what to tell; a path too long for the last line is told here first."""
        if self._done or cell_len(said) < self.app.size.width:
            self.dismiss(said)
            return
        self._done, self._failure = said, ""
        self._lines.redraw()

    def _replace(self, yes: bool | None) -> None:
        if yes:
            self._write(overwrite=True)

    def _fail(self, why: str) -> None:
        self._failure = why
        self._lines.redraw()

    def _head(self, _width: int, _height: int) -> list[Line]:
        forms: Line = []
        for form in exports.FORMS:
            here = form == self._form
            forms.append((f" {'▸' if here else ' '}{form.upper()} ", "cursor" if here else "text"))
        return [[(" Export what is shown as", "strong"), *forms], []]

    def _told(self, width: int, _height: int) -> list[Line]:
        keys = "tab another form · enter writes · esc leaves"
        if privacy.hidden():
            keys = "names and costs are left out, as on the screen · " + keys
        if self._done:
            keys = "enter closes"
        drawn: list[Line] = [[(f" {line}", "ok")] for line in wrap(self._done, width - 2) if self._done]
        drawn += [[(f" {line}", "muted")] for line in wrap(keys, width - 2)]
        failed = text.clean(self._failure, 600)
        return [*([(f" {line}", "crit")] for line in wrap(failed, width - 2) if failed), *drawn]


def _folder() -> Path:
    """Return the working directory, or the home where nothing can be written there."""
    here = Path.cwd()
    return here if os.access(here, os.W_OK) else Path.home()

"""Keys are waited for without looking at the clock, and whatever ends the waiting ends it at once."""

from __future__ import annotations

import os
import pty
import select
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest
from textual import constants
from textual.events import Key

from tokentui.ui.keyboard import Leaving, listen

SECONDS = 10.0


class Listening:
    """The loop on the end of a pseudo-terminal, what it delivers and how long it was ready to wait."""

    def __init__(self) -> None:
        self.user, self.terminal = pty.openpty()
        self.leaving = Leaving()
        self.keys: SimpleQueue[str] = SimpleQueue()
        self.waits: SimpleQueue[float | None] = SimpleQueue()
        self.error: OSError | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Listening:
        """Begin to listen."""
        self.thread.start()
        return self

    def _run(self) -> None:
        try:
            listen(self.terminal, lambda message: self.keys.put(_name(message)), self.leaving, debug=False)
        except OSError as error:
            self.error = error

    def type(self, keys: bytes) -> None:
        """Type at the terminal."""
        os.write(self.user, keys)

    def ended(self) -> bool:
        """Whether it ends."""
        self.thread.join(SECONDS)
        return not self.thread.is_alive()


def _name(message: object) -> str:
    return message.key if isinstance(message, Key) else type(message).__name__


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    import tty

    made = Listening()
    tty.setraw(made.terminal)
    real: Callable[..., object] = select.select

    def noted(readable: list[int], writable: list[int], odd: list[int], timeout: float | None) -> object:
        made.waits.put(timeout)
        return real(readable, writable, odd, timeout)

    monkeypatch.setattr("tokentui.ui.keyboard.select.select", noted)
    yield made
    made.leaving.set()
    if made.thread.ident is not None:
        assert made.ended()
    for end in (made.user, made.terminal):
        try:
            os.close(end)
        except OSError:
            continue


def test_at_rest_it_sleeps_until_a_key_comes(listening: Listening) -> None:
    listening.start()
    assert listening.waits.get(timeout=SECONDS) is None
    listening.type(b"j")
    assert listening.keys.get(timeout=SECONDS) == "j"
    assert listening.waits.get(timeout=SECONDS) is None
    assert listening.waits.empty(), "it woke up although nothing was typed"


def test_only_after_esc_it_looks_at_the_clock_and_then_sleeps_again(listening: Listening) -> None:
    listening.start()
    listening.type(b"\x1b")
    assert listening.keys.get(timeout=SECONDS) == "escape"
    assert listening.waits.get(timeout=SECONDS) is None
    waited = []
    while (wait := listening.waits.get(timeout=SECONDS)) is not None:
        waited.append(wait)
    assert waited
    assert all(0 <= wait <= constants.ESCAPE_DELAY for wait in waited)


def test_a_character_and_a_sequence_that_come_in_pieces_are_whole(listening: Listening) -> None:
    listening.start()
    for piece in (b"\xe6\xbc", b"\xa2", b"\x1b", b"[", b"A"):
        assert listening.waits.get(timeout=SECONDS) is None or piece in (b"[", b"A")
        listening.type(piece)
    assert [listening.keys.get(timeout=SECONDS) for _ in range(2)] == ["漢", "up"]


def test_a_byte_that_is_no_text_is_no_end(listening: Listening) -> None:
    listening.start()
    listening.type(b"\xff")
    listening.type(b"k")
    assert "k" in [listening.keys.get(timeout=SECONDS) for _ in range(2)]


def test_it_ends_at_once_when_no_key_matters_any_more(listening: Listening) -> None:
    listening.start()
    assert listening.waits.get(timeout=SECONDS) is None
    listening.leaving.set()
    assert listening.ended()


def test_it_can_be_started_again_after_the_program_was_stopped(listening: Listening) -> None:
    listening.leaving.set()
    listening.leaving.set()
    listening.leaving.clear()
    listening.start()
    listening.type(b"j")
    assert listening.keys.get(timeout=SECONDS) == "j"
    assert [listening.waits.get(timeout=SECONDS) for _ in range(2)] == [None, None]
    assert listening.waits.empty()


def test_a_terminal_that_is_gone_is_not_asked_again(listening: Listening) -> None:
    listening.start()
    assert listening.waits.get(timeout=SECONDS) is None
    os.close(listening.user)  # whoever watches for hang-ups ends the program
    assert listening.waits.get(timeout=SECONDS) is None
    assert listening.waits.empty()
    assert listening.error is None


def test_any_number_of_wake_ups_fits() -> None:
    leaving = Leaving()
    for _ in range(100_000):
        leaving.set()
    leaving.clear()
    assert not leaving.is_set()
    assert not select.select([leaving.fileno()], [], [], 0)[0]

"""Work that blocks, in a thread of its own; what came of it arrives as a message."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from tokentui import text
from tokentui.engine.account_check import AccountProblem
from tokentui.secrets import SecretsError
from tokentui.sources.providers.errors import ProviderError
from tokentui.store import StoreError
from tokentui.ui import crash

if TYPE_CHECKING:
    from textual.message_pump import MessagePump

log = logging.getLogger("tokentui.ui")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something could not be done, in words for the screen."""

    words: str
    hint: str = ""
    field: str = ""

    def __str__(self) -> str:
        return f"{self.words}: {self.hint}" if self.hint else self.words


class Outcome(Message):
    """Work is over."""

    bubble = False

    def __init__(self, topic: str, answer: Any, problem: Problem | None) -> None:
        super().__init__()
        self.topic, self.answer, self.problem = topic, answer, problem


def aside(listener: MessagePump, topic: str, work: Callable[[], object]) -> None:
    """Do some work in another thread; `listener` gets an `Outcome` of that topic.

    A daemon thread: a provider that hangs, or a password manager, does not keep the program from ending.
    """

    def run() -> None:
        answer, problem = None, None
        try:
            answer = work()
        except (AccountProblem, SecretsError, ProviderError, StoreError) as error:
            hint = text.clean(str(getattr(error, "hint", "")), 300)
            problem = Problem(text.clean(str(error), 300), hint, str(getattr(error, "field", "")))
        except Exception as fault:  # its message may quote anything: only its kind is shown
            log.error("%s failed: %s", topic, crash.trace(fault))
            problem = Problem(f"this failed ({type(fault).__name__})", "the log file says more")
        with suppress(RuntimeError):  # the program has ended meanwhile
            listener.post_message(Outcome(topic, answer, problem))

    threading.Thread(target=run, name=f"tokentui-{topic}", daemon=True).start()

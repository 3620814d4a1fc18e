"""What Explore asks the database, in another thread, and the messages the answers come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.message import Message

from tokentui.engine.completions import Completion, completions
from tokentui.engine.selection import Selection
from tokentui.ui.explore_answer import Answer, answer

if TYPE_CHECKING:
    from tokentui.store import Reader, UsageQuery
    from tokentui.store.explain import Request
    from tokentui.ui.feed import Feed


class Answered(Message):
    """The groups are there, or the reason why not."""

    def __init__(self, answer: Answer | None, failure: str = "") -> None:
        super().__init__()
        self.answer = answer
        self.failure = failure


class Ordered(Message):
    """The order of all requests of an answer is known."""

    def __init__(self, answer: Answer, keys: Sequence[int]) -> None:
        super().__init__()
        self.answer = answer
        self.keys = keys


class Read(Message):
    """Some requests have been read."""

    def __init__(self, answer: Answer, keys: Sequence[int], found: Sequence[Request]) -> None:
        super().__init__()
        self.answer = answer
        self.keys = keys
        self.found = found


class Suggested(Message):
    """How a filter may go on."""

    def __init__(self, value: str, cursor: int, found: Sequence[Completion]) -> None:
        super().__init__()
        self.value = value
        self.cursor = cursor
        self.found = found


class Questions:
    """Asks; a newer question of the same kind takes the place of an older one."""

    def __init__(self, feed: Feed, post: Callable[[Message], object]) -> None:
        """`post` is called from other threads."""
        self._feed = feed
        self._send = post

    def groups(self, selection: Selection, query: UsageQuery) -> None:
        """Ask for what is selected: `Answered`."""

        def question(reader: Reader) -> Answer:
            return answer(reader, selection, query)

        self._feed.ask("explore", question, lambda found: self._post(Answered(found)), self._failed)

    def order(self, answer: Answer, order: str, *, descending: bool) -> None:
        """Ask for the order of all its requests, 1.5 s for a million: `Ordered`."""
        self._feed.ask(
            "explore-order",
            lambda reader: reader.request_keys(answer.query, order, descending=descending),
            lambda keys: self._post(Ordered(answer, keys)),
            self._failed,
        )

    def page(self, answer: Answer, keys: Sequence[int]) -> None:
        """Ask for some requests: `Read`."""
        self._feed.ask(
            "explore-page",
            lambda reader: reader.requests_by_key(keys),
            lambda found: self._post(Read(answer, keys, found)),
            self._failed,
        )

    def completions(self, value: str, cursor: int) -> None:
        """Ask how a filter may go on at a place: `Suggested`."""
        self._feed.ask(
            "explore-values",
            lambda reader: completions(value, cursor, reader.values),
            lambda found: self._post(Suggested(value, cursor, found)),
            lambda _reason: None,
        )

    def _failed(self, reason: str) -> None:
        self._post(Answered(None, reason))

    def _post(self, message: Message) -> None:
        with suppress(RuntimeError):  # the program has ended meanwhile
            self._send(message)

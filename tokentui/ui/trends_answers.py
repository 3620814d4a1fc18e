"""What Trends knows already, and what it waits for: one question at a time, none too often."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tokentui.ui.heatmap import HoursQuestion
from tokentui.ui.trends_series import Question

if TYPE_CHECKING:
    from tokentui.store.snapshot import Snapshot

Asked = Question | HoursQuestion


class Answers:
    """The answers that hold for the present snapshot, and the one that is on the screen."""

    def __init__(self, ask: Callable[[Asked], None]) -> None:
        """`ask` has a question asked; `take` gets the answer."""
        self._ask = ask
        self._known: dict[Asked, Any] = {}
        self._shown: tuple[Asked | None, Any] = (None, None)
        """The answer on the screen, which may be of an earlier snapshot."""
        self._last: Asked | None = None
        self._outdated = False
        """Whether there is a newer snapshot than the question that is waited for."""
        self._failure: tuple[Asked | None, str] = (None, "")
        self.waiting: Asked | None = None
        self.resting = False
        """Whether the last question was asked so recently that it is not asked again."""

    def snapshot_changed(self) -> None:
        """No answer holds any longer; what is on the screen stays until there is a new one."""
        self._known.clear()
        self._failure = (None, "")
        self._outdated = True

    def forget(self) -> None:
        """Ask anew, however recently it was asked."""
        self.snapshot_changed()
        self._last = None

    def look(self, question: Asked, snapshot: Snapshot) -> Any:
        """Return what is known, None for nothing, and have the rest asked for."""
        found = self._known.get(question)
        if found is None:
            found, sure = self._from_snapshot(question, snapshot)
            if not sure:
                if self._shown[0] == question:
                    found = self._shown[1]
                self._want(question)
        if found is not None:
            self._shown = (question, found)
        return found

    def take(self, question: Asked, answer: Any, failure: str) -> None:
        """Take an answer; it is not kept when there is a newer snapshot already."""
        if question == self.waiting:
            self.waiting = None
        if failure:
            self._failure = (question, failure)
        elif not self._outdated:
            self._known[question] = answer
        elif question == self._last:
            self._shown = (question, answer)

    def failure(self, question: Asked) -> str:
        """Return why a question has no answer; empty when it has one, or none yet."""
        return self._failure[1] if self._failure[0] == question and self._shown[0] != question else ""

    def missing(self, question: Asked) -> bool:
        """Whether a question is waited for and nothing is known of it yet."""
        return self.waiting == question and self._shown[0] != question

    def _from_snapshot(self, question: Asked, snapshot: Snapshot) -> tuple[Any, bool]:
        """Return what a snapshot knows, and whether that is all there is to know."""
        parts = question.answer_from(snapshot) if isinstance(question, Question) else None
        if parts is None or isinstance(question, HoursQuestion):
            return None, False
        # A bound stands at all models until the database tells which it belongs to.
        return parts, question.by != "model" or all(part.quality == "exact" for part in parts)

    def _want(self, question: Asked) -> None:
        if question in (self.waiting, self._failure[0]) or (question == self._last and self.resting):
            return
        self._last = self.waiting = question
        self._outdated = False
        self._ask(question)

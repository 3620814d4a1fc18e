"""What a Codex rollout says: sessions, models, what each response used, how full the limits are."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from tokentui.sources.logs import codex_tolerant as tolerant
from tokentui.sources.logs.codex_counter import SERVICE, ZERO, Vector, total_key, vector
from tokentui.sources.logs.codex_limits import Limits
from tokentui.sources.logs.codex_marks import COUNT, TURN, USAGE, marked
from tokentui.sources.logs.codex_replay import Ancestry, Row, Siblings, row_of
from tokentui.sources.logs.codex_session import Session, clean_model, session_of
from tokentui.sources.logs.codex_wire import (
    EPOCH,
    UNEXPECTED,
    Info,
    RateLimits,
    TurnLine,
    Usage,
    count_line,
    turn_line,
    usage_line,
)
from tokentui.sources.logs.lines import Findings
from tokentui.sources.logs.recovery import recover
from tokentui.sources.logs.timestamps import EARLIEST, LATEST, microseconds
from tokentui.text import clean
from tokentui.usage import (
    COUNT_REPAIRED,
    MODEL_UNKNOWN,
    TIME_BORROWED,
    TIME_IN_FUTURE,
    UsageRecord,
    record_key,
)

if TYPE_CHECKING:
    from tokentui.sources.logs.codex_compiled import Counting

UNKNOWN_MODEL = "unknown"

SAME_RESPONSE = 5_000_000
"""Microseconds within which a token_count and a token_usage_record of equal counts are one response."""

_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Session).decode


class RolloutParser:
    """Parses the lines of one rollout (a `LineParser`).

    `name` is the file's name; `siblings` finds the parents of forks; `now` is the time in epoch
    microseconds beyond which (by a day) a record is from the future.
    """

    def __init__(
        self,
        state: bytes,
        *,
        name: str,
        siblings: Siblings | None = None,
        now: int | None = None,
    ) -> None:
        self.findings = Findings()
        self._session = _decode(state) if state else session_of(name)
        self._limits = Limits()
        self._siblings = siblings
        self._latest = (clock.time_ns() // 1000 if now is None else now) + _DAY
        self._context: int | None = None
        self._offset = 0  # of the line that is being parsed
        self._ancestry: Ancestry | None = None
        if self._session.replay is not None:
            self._ancestry = Ancestry(self._session.replay, siblings)

    def state(self) -> bytes:
        """Return what must be remembered to go on after the last line fed."""
        return _encode(self._session)

    def feed(self, lines: bytes, offset: int) -> None:
        """Parse whole lines (see `LineParser`)."""
        self._context = None
        for each in marked(lines, self._counting):
            if len(each) == 7:
                time, ordinal, last, total, model, limit_id, limits = each
                row = None if last is None and total is None else (last, total)
                self._count(time, ordinal, row, model, limit_id, limits)
                continue
            kind, start, end = each
            line = lines[start:end]
            self._offset = offset + start
            try:
                if kind == COUNT:
                    count = count_line(line)
                    self._counted(
                        (count.timestamp - EPOCH) // _MICROSECOND, count.ordinal,
                        count.payload.info, count.payload.rate_limits,
                    )
                    continue
                if kind == USAGE:
                    usage = usage_line(line)
                    self._usage((usage.timestamp - EPOCH) // _MICROSECOND, usage.payload, 0)
                    continue
                if kind == TURN and self._turn(turn_line(line)):
                    continue
            except UNEXPECTED:
                pass
            self._look(line)
        self._limits.flush(self.findings.limits)
        self.findings.anomalies += self._session.counter.anomalies
        self._session.counter.anomalies = 0

    def _counting(self) -> Counting | None:
        """Return what responses are counted with; None where each needs a closer look."""
        session = self._session
        if self._ancestry is not None or session.records or self._context is None or not session.model:
            return None
        return session, self.findings.records, self._context, self._limits, self.findings.limits, self._latest

    def _turn(self, line: TurnLine) -> bool:
        """Take a turn_context that is as expected; say False for one of an impossible time."""
        time = (line.timestamp - EPOCH) // _MICROSECOND
        if not EARLIEST <= time < LATEST:
            return False
        self._settle(line.payload, time)
        return True

    def _look(self, line: bytes) -> None:
        """Parse a line that is rare or odd: one of the session's, of wrong types, glued or torn."""
        try:
            value = msgspec.json.decode(line)
        except UNEXPECTED:
            value = None
        if isinstance(value, dict):
            self._line(value)
            return
        found, reason = recover(line)
        for each in found:
            self._line(each.object)
        if reason:
            self.findings.bad.append((self._offset, reason))

    def _line(self, line: dict[str, object]) -> None:
        kind = line.get("type")
        payload = tolerant.as_object(line.get("payload"))
        event = payload.get("type") if kind == "event_msg" else None
        time = microseconds(line.get("timestamp"))
        if kind == "session_meta":
            self._begin(payload, time)
        elif kind == "turn_context":
            self._settle(payload, time)
        elif event == "thread_settings_applied":
            self._settle(tolerant.as_object(payload.get("thread_settings")), time)
        elif event == "token_count":
            info, repaired = tolerant.info(payload.get("info"))
            limits = tolerant.rate_limits(payload.get("rate_limits"))
            ordinal = tolerant.as_whole(line.get("ordinal"))
            self._counted(time, ordinal, info, limits, repaired)
        elif kind == "token_usage_record":
            usage, repaired = tolerant.usage(payload)
            self._usage(time, usage, repaired)

    def _begin(self, payload: dict[str, object], time: int | None) -> None:
        self._session.begin(payload, time)
        self._context = None
        if self._session.replay is not None and self._ancestry is None:
            self._ancestry = Ancestry(self._session.replay, self._siblings)

    def _settle(self, payload: Mapping[str, object], time: int | None) -> None:
        self._session.settle(payload, time)
        self._context = None

    def _counted(
        self,
        time: int | None,
        ordinal: int | None,
        info: Info | None,
        limits: RateLimits | None,
        repaired: int = 0,
    ) -> None:
        """Take in a token_count that was decoded whole."""
        model, limit_id = info.model if info else None, limits.limit_id if limits else None
        self._count(time, ordinal, row_of(info), model, limit_id, limits, repaired)

    def _count(
        self,
        time: int | None,
        ordinal: int | None,
        row: Row | None,
        named: str | None,
        limit_id: str | None,
        limits: RateLimits | bytes | None,
        repaired: int = 0,
    ) -> None:
        """Take in a token_count; `named` is the model it names, which few do."""
        session = self._session
        flags = session.flags
        if time is None or not EARLIEST <= time <= self._latest:
            time, more = self._repaired_time(time)
            flags |= more
        else:
            session.time = time
        if self._ancestry is not None and self._is_inherited(self._ancestry, row, time, ordinal):
            return
        if limits is not None and time:
            self._limits.observe(limit_id, limits, time, self.findings.limits)
        if row is None or session.records:
            return
        last, total = row
        used: Vector | None
        if total is None:
            used = last
            key = record_key(SERVICE, f"{session.thread}:n{session.counted + 1}")
        elif total == session.counter.total:
            return
        else:
            key = total_key(session.thread, total)
            used = session.counter.advance(key, total, last)
        if used is None or not (used[0] or used[3]):  # neither input nor output
            return
        session.counted += 1
        session.pair = (key, time, last or used)
        if repaired:
            flags |= COUNT_REPAIRED
            self.findings.anomalies += repaired
        model = session.model or clean_model(named)
        self._add(key, 0, time, used, flags, model, session.thread)

    def _usage(self, time: int | None, usage: Usage, repaired: int) -> None:
        """Take in a token_usage_record; from the first one on, token_counts only tell limits."""
        session = self._session
        flags = session.flags
        if time is None or not EARLIEST <= time <= self._latest:
            time, more = self._repaired_time(time)
            flags |= more
        else:
            session.time = time
        pair = None if session.records else session.pair
        session.records, session.pair = True, None
        used = vector(usage.usage)
        if used is None or not (used[0] or used[3]):  # neither input nor output
            return
        if repaired:
            flags |= COUNT_REPAIRED
            self.findings.anomalies += repaired
        if pair is not None and abs(time - pair[1]) <= SAME_RESPONSE and _same(pair[2], used):
            if pair[0]:  # said again under its key, now with what was written to the cache
                self._add(pair[0], 1, time, used, flags, session.model, session.thread)
            return
        thread = clean(usage.thread_id, 80) if usage.thread_id else session.thread
        session.counted += 1
        self._add(self._usage_key(usage, thread), 0, time, used, flags, session.model, thread)

    def _usage_key(self, usage: Usage, thread: str) -> int:
        if usage.response_id:
            return record_key(SERVICE, f"resp:{usage.response_id}")
        total = vector(usage.thread_token_usage)
        if total is not None and total != ZERO:
            return total_key(thread, total)
        return record_key(SERVICE, f"{thread}:n{self._session.counted}")

    def _is_inherited(self, ancestry: Ancestry, row: Row | None, time: int, ordinal: int | None) -> bool:
        """Say whether a token_count is the parent's; the first that is not ends the question."""
        session, counter = self._session, self._session.counter
        if row is None:
            return ancestry.replay.in_burst(time)
        last, total = row
        if ancestry.inherits(row, time, ordinal):
            if ancestry.orphaned and ancestry.replay.rows == 1:
                self.findings.anomalies += 1
            if total is not None and total != counter.total:
                counter.advance(total_key(session.thread, total), total, last)
            session.pair = (0, time, last or ZERO)
            return True
        if total is not None and total != counter.total:
            if total == last:  # a sub-agent's counters begin at 0 behind what it inherited
                counter.restart()
            elif last is None and not ancestry.replay.rows and not session.flags:
                counter.total = total  # it may all be the parent's, which is not there to tell
                self.findings.anomalies += 1
        ancestry.close()
        self._ancestry = session.replay = None
        return False

    def _repaired_time(self, time: int | None) -> tuple[int, int]:
        """Return a time to use, 0 where nothing tells one, and what flag says that it is not as logged."""
        self.findings.anomalies += 1
        if time is not None and self._latest < time < LATEST:
            return time, TIME_IN_FUTURE
        return self._session.nearest_time(), TIME_BORROWED

    def _add(self, key: int, rank: int, time: int, used: Vector, flags: int, model: str, thread: str) -> None:
        """Add the record of one response."""
        if not time:
            self.findings.bad.append((self._offset, "no time"))
            return
        whole, cached, written, output, reasoning = used
        if cached + written > whole or reasoning > output:
            cached = min(cached, whole)
            written = min(written, whole - cached)
            reasoning = min(reasoning, output)
            flags |= COUNT_REPAIRED
            self.findings.anomalies += 1
        if not model:
            model = UNKNOWN_MODEL
            flags |= MODEL_UNKNOWN
        session = self._session
        context = self._context
        if context is None or thread != session.thread:
            context = self._context_of(thread)
        self.findings.add(
            UsageRecord(
                key, rank, time, context, session.provider, model,
                whole - cached - written, cached, written, 0, output, reasoning, 0, session.tier, flags,
            )
        )

    def _context_of(self, thread: str) -> int:
        """Return the index of a thread's context in the batch; remember the file's own."""
        context = self.findings.context(self._session.context(thread))
        if thread == self._session.thread:
            self._context = context
        return context


def _same(told: Vector, used: Vector) -> bool:
    """Compare counts but for cache writes, which a token_count may leave out."""
    return told[:2] == used[:2] and told[3:] == used[3:]

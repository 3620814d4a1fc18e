"""What the lines of a Claude Code transcript say about requests.

One request stands on several lines, one for each block of the answer, with the same `message.id`;
its output count may grow from line to line. The same request stands again in resumed, branched and
compacted sessions, in files of side questions and mirrored in the parent of a sub-agent. So the key is
`message.id` alone, the largest output counts, and what a main session says beats any side file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tokentui.sources.logs import compiled
from tokentui.sources.logs.claude_identity import LONG_ID, Identity, IdentityState
from tokentui.sources.logs.claude_limits import SERVICE, limit_reached
from tokentui.sources.logs.claude_lines import (
    CLOUDS,
    SYNTHETIC,
    UNREADABLE,
    Line,
    Usage,
    advisors,
    answer_of,
    decode,
    may_count,
    mirrored,
    provider_of,
    tolerant,
    tolerant_usage,
)
from tokentui.sources.logs.lines import Findings
from tokentui.sources.logs.recovery import recover
from tokentui.sources.logs.timestamps import microseconds
from tokentui.text import clean
from tokentui.usage import (
    COUNT_REPAIRED,
    MODEL_UNKNOWN,
    NANO,
    SIDECHAIN,
    TIME_BORROWED,
    TIME_IN_FUTURE,
    UsageContext,
    UsageRecord,
    record_key,
)

if TYPE_CHECKING:
    from tokentui.sources.logs.claude_compiled import Answer, Place, Taking

_HEAD = 768
"""Where a line's message begins at the latest, but for very long paths: 300 to 400 bytes are usual."""
_BEHIND_MAIN = 1 << 40
"""Taken from the rank of a side chain's copy: more than any count, so main sessions' copies win."""
_DAY = 86_400_000_000
_MOST_UNDATED = 1_000


class _State(msgspec.Struct, array_like=True):
    """What is remembered between two reads of a file."""

    latest: int | None = None
    undated: list[tuple[UsageContext, UsageRecord]] = []
    identity: IdentityState = msgspec.field(default_factory=IdentityState)


class Parser:
    """Reads one transcript. `changed` is when the file was last written, in epoch microseconds."""

    def __init__(self, state: bytes, changed: int) -> None:
        self.findings = Findings()
        remembered = msgspec.msgpack.decode(state, type=_State) if state else _State()
        self._latest = remembered.latest  # the time of the last dated request
        self._undated = remembered.undated  # requests before the first dated one
        self._identity = Identity(remembered.identity)
        self._changed = changed
        self._models: dict[str | None, tuple[str, str]] = {}
        self._contexts: dict[Place, int] = {}
        self._contexts_of = self.findings
        self._last = ("", 0)  # the last message's id and key: its next block has the same

    def state(self) -> bytes:
        """Return what must be remembered to go on."""
        return msgspec.msgpack.encode(_State(self._latest, self._undated, self._identity.state))

    def feed(self, lines: bytes, offset: int) -> None:
        """Parse whole lines (see `LineParser`), but pass over those of users.

        These, tool results above all, are three quarters of a transcript and carry no usage. They
        are recognised by the first thing in their message, before which no other object begins, and
        searched only for the usage of a line that is glued to them.
        """
        size = lines.rfind(b"\n") + 1
        if compiled.Transcript is None:
            self._look(lines, 0, size, offset)
            return
        reader = compiled.Transcript(lines, size, self._changed + _DAY)
        while True:
            found = reader.until(self._taking())
            if reader.time is not None:
                self._latest = reader.time
            if found is None:
                return
            if len(found) == 2:
                self._look(lines, *found, offset)
            else:
                self._answered(found)

    def _taking(self) -> Taking | None:
        """Return what requests are taken with; None where each tells when others were made."""
        if self._undated:
            return None
        findings = self.findings
        if self._contexts_of is not findings:
            self._contexts_of, self._contexts = findings, {}
        return findings.records, self._models, self._contexts, CLOUDS

    def _look(self, lines: bytes, start: int, stop: int, offset: int) -> None:
        """Parse the lines between two places."""
        find, starts = lines.find, lines.startswith
        while start < stop:
            end = find(b"\n", start)
            message = find(b'"message":{', start, start + _HEAD)
            if (
                message >= 0
                and message < end
                and starts(b'"role":"user"', message + 11)
                and find(b"{", start + 1, message) < 0
                and find(b'"output_tokens"', start, end) < 0
            ):
                understood = starts(b"{", start) and lines[end - 2 : end].endswith((b"}", b"}\r"))
            else:
                try:
                    understood = self._plain(decode(lines[start:end]))
                except UNREADABLE:
                    understood = False
            if not understood:
                self._irregular(lines[start:end], offset + start)
            start = end + 1

    def _plain(self, line: Line) -> bool:
        """Take a line that is as expected; say False for one that needs a closer look."""
        message = line.message
        if line.type != "assistant" or message is None or message.usage is None or line.isApiErrorMessage:
            return not may_count(line)
        identity, model, usage = message.id, message.model, message.usage
        if identity is None or len(identity) < LONG_ID or not model or model == SYNTHETIC:
            return False
        if usage.iterations and b"advisor_message" in bytes(usage.iterations):
            return False
        time = microseconds(line.timestamp)
        if time is None:
            return False
        self._answered(answer_of(line, usage, identity, model, time), line.costUSD)
        return True

    def _answered(self, answer: Answer, cost: float | None = None) -> None:
        """Take a request that is as expected."""
        identity, time = answer[:2]
        if identity == self._last[0]:
            key = self._last[1]
        else:
            key = record_key(SERVICE, identity)
            self._last = (identity, key)
        self._latest = time
        if self._undated:
            self._dated(time)
        self._take(answer, key, 0, cost)

    def _irregular(self, line: bytes, offset: int) -> None:
        """Take what can be had from a line that is damaged, or has values of unexpected types."""
        found, reason = recover(line)
        if reason:
            self.findings.bad.append((offset, reason))
        for value, text, after_damage in found:
            # The end of a torn tool input may look like a line, but names no session.
            if not after_damage or "sessionId" in value or "uuid" in value:
                self._object(value, text)

    def _object(self, value: dict[str, object], text: str) -> None:
        if value.get("type") == "progress":
            value = mirrored(value)
        message = value.get("message")
        if value.get("type") == "user" or not isinstance(message, dict) or message.get("role") == "user":
            return
        line, repairs = tolerant(value)
        model = line.message.model or "" if line.message else ""
        time = microseconds(line.timestamp)
        if line.isApiErrorMessage or model == SYNTHETIC:
            if limit := limit_reached(value, time or self._latest or self._changed):
                self.findings.limits.append(limit)
            return
        if line.message is None or line.message.usage is None:
            return
        identity = self._identity.of(value, line, text)
        if time is not None:
            self._latest = time
            self._dated(time)
        self._careful(line, line.message.usage, identity, model, time, repairs)
        for index, advisor, counts in advisors(message.get("usage")):
            usage, repairs = tolerant_usage(counts)
            self._careful(line, usage, f"{identity}:advisor:{index}", advisor, time, repairs)

    def _careful(
        self, line: Line, usage: Usage, identity: str, model: str, time: int | None, repairs: int
    ) -> None:
        """Take a request whose time or counts may have to be repaired."""
        flags = 0
        if repairs:
            self.findings.anomalies += repairs
            flags |= COUNT_REPAIRED
        if not model:
            flags |= MODEL_UNKNOWN
        key = record_key(SERVICE, identity)
        if time is not None:
            self._take(answer_of(line, usage, identity, model, time), key, flags, line.costUSD)
            return
        self.findings.anomalies += 1
        # Before the first dated request there is no neighbour yet: the file's own time stands in.
        borrowed = self._latest if self._latest is not None else self._changed
        answer = answer_of(line, usage, identity, model, borrowed)
        record = self._take(answer, key, flags | TIME_BORROWED, line.costUSD)
        if self._latest is None and record is not None and len(self._undated) < _MOST_UNDATED:
            self._undated.append((self.findings.contexts[record.context], record))

    def _dated(self, time: int) -> None:
        """Give a request's time to those before it that had none and no neighbour yet."""
        for context, record in self._undated:
            index = self.findings.context(context)
            self.findings.add(msgspec.structs.replace(record, time=time, context=index))
        self._undated = []

    def _take(self, answer: Answer, key: int, flags: int, cost: float | None) -> UsageRecord | None:
        """Put a request into the findings; return what was made of it, None when nothing."""
        (
            identity, time, place, side_chain, model, tier,
            uncached, cached, minutes, hour, output, reasoning, searches,
        ) = answer  # fmt: skip
        rank = output
        if side_chain:
            rank -= _BEHIND_MAIN
            flags |= SIDECHAIN
        findings = self.findings
        known = findings.records.get(key)
        if known is not None and known.rank > rank and known.time <= time:
            return None
        if not (uncached or cached or minutes or hour or output):
            return None
        if time > self._changed + _DAY:
            flags |= TIME_IN_FUTURE
        if reasoning > output:
            reasoning = output
            flags |= COUNT_REPAIRED
            findings.anomalies += 1
        known_model = self._models.get(model)
        if known_model is None:
            known_model = self._models[model] = (clean(model, 120), provider_of(model))
        name, provider = known_model
        if provider == "anthropic":
            provider = CLOUDS.get(identity[3:9], provider)
        if grown := known is not None and known.time <= time:
            time, context = known.time, known.context
        else:
            context = self._context(place)
        # In the order of the fields: by name it would take 2.9 µs instead of 0.2 µs.
        record = UsageRecord(
            key, rank, time, context, provider, name, uncached, cached, minutes, hour, output, reasoning,
            searches, clean(tier, 40) if tier else "", flags, None, "", _nano(cost),
        )
        if known is None or (grown and rank > known.rank):
            findings.records[key] = record
        else:
            findings.add(record)
            if findings.records[key] is known:
                return None  # the next block of an answer that says nothing new
        return record

    def _context(self, place: Place) -> int:
        """Return the index of what the request shares with its neighbours."""
        findings = self.findings
        if self._contexts_of is not findings:
            self._contexts_of, self._contexts = findings, {}
        known = self._contexts.get(place)
        if known is None:
            session, folder, branch, version = place
            context = UsageContext(
                service=SERVICE, conversation_id=clean(session, 100), project=clean(folder, 4096),
                branch=clean(branch, 200), tool_version=clean(version, 40), quality="floor",
            )  # fmt: skip
            known = self._contexts[place] = findings.context(context)
        return known


def _nano(dollars: float | None) -> int | None:
    if dollars is None or not 0 <= dollars <= 1_000_000:
        return None
    return round(dollars * NANO)

"""The lines and documents of Gemini CLI as they are written, and what to make of unexpected types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from tokentui.sources.logs import document
from tokentui.sources.logs.counts import LARGEST, count

UNTYPED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What `decode` raises for broken JSON and for fields of another type."""

_Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
_SESSION = re.compile(r'"sessionId"\s*:\s*"([^"\\]{1,200})"')


class Tokens(msgspec.Struct, gc=False):
    """`input` includes `cached`; `thoughts` and `tool` come on top of `output` and `input`."""

    input: _Count = 0
    output: _Count = 0
    cached: _Count = 0
    thoughts: _Count = 0
    tool: _Count = 0
    total: _Count = 0
    repaired: bool = False
    """Not a field of the log: a count was none."""

    @property
    def whole(self) -> int:
        """Every count added up."""
        return self.input + self.cached + self.tool + self.output + self.thoughts

    @property
    def uncached(self) -> int:
        """The prompt tokens billed in full; negative when the log contradicts itself."""
        if self.cached and self.total == self.whole:
            return self.input + self.tool  # some writers keep the cached part out of the input
        return self.input - self.cached + self.tool


class Entry(msgspec.Struct, rename={"session": "sessionId", "start": "startTime", "set": "$set"}):
    """A line: a header, a message or an operation; a document is a header with messages."""

    id: str | int | None = None
    timestamp: str | int | float | None = None
    model: str | None = None
    tokens: Tokens | None = None
    session: str | None = None
    start: str | None = None
    messages: list[Entry] | None = None
    set: Entry | None = None

    @property
    def is_unnamed(self) -> bool:
        """It counts but has no id, so that its place must do."""
        return self.tokens is not None and self.id in (None, "")


def lenient(value: Mapping[str, Any]) -> Entry:
    """Make the best of an object whose fields may be of any type."""
    entry, operation = _lenient_fields(value), value.get("$set")
    entry.messages = _lenient_messages(value.get("messages"))
    if isinstance(operation, dict):
        entry.set = _lenient_fields(operation)
        entry.set.messages = _lenient_messages(operation.get("messages"))
    return entry


def _lenient_messages(values: object) -> list[Entry]:
    whole = values if isinstance(values, list) else []
    return [_lenient_fields(value) for value in whole if isinstance(value, dict)]


def _lenient_fields(value: Mapping[str, Any]) -> Entry:
    name, when, tokens = value.get("id"), value.get("timestamp"), value.get("tokens")
    return Entry(
        id=name if isinstance(name, str | int) else None,
        timestamp=when if isinstance(when, str | int | float) else None,
        model=_text(value.get("model")),
        tokens=_lenient_tokens(tokens) if isinstance(tokens, dict) else None,
        session=_text(value.get("sessionId")),
        start=_text(value.get("startTime")),
    )


def _lenient_tokens(value: Mapping[str, Any]) -> Tokens:
    counts = {name: count(value.get(name)) for name in Tokens.__struct_fields__[:-1]}
    tokens = msgspec.convert({name: number for name, (number, _) in counts.items()}, Tokens)
    tokens.repaired = any(repaired for _, repaired in counts.values())
    return tokens


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def torn(text: str) -> Entry:
    """Return the session and the whole messages of a document that breaks off."""
    session = _SESSION.search(text)
    return lenient({"sessionId": session and session[1], "messages": document.items(text, "messages")})


decode = msgspec.json.Decoder(Entry).decode
"""Read a line or a document; anything but the types above raises one of UNTYPED."""

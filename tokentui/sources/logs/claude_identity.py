"""Which request a line of Claude Code's transcripts belongs to, where `message.id` alone cannot tell."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from tokentui.sources.logs.claude_lines import Line

LONG_ID = 12
"""Shorter ids (`msg_1`) are used again and again by some gateways; Anthropic's have 28 characters."""

_MOST_UNNAMED = 1_000
_LONGEST = 1_000
"""Characters that are remembered of a name."""


class IdentityState(msgspec.Struct, array_like=True):
    """What is remembered of the lines before."""

    chain: tuple[str, str, str, str, str] | None = None
    """The last request with a short id: session, id, model, the identity it got, its last line's uuid."""
    unnamed: dict[str, int] = {}
    """How often a line without any id stood in the file, by its hash."""


class Identity:
    """Names requests; remembers what it must in `state`."""

    def __init__(self, state: IdentityState) -> None:
        self.state = state

    def of(self, value: dict[str, object], line: Line, text: str) -> str:
        """Return the identity of the request a line belongs to; `value` is the line, undigested.

        `message.id`; else `requestId`; else the line's own `uuid`; else its hash and how often the
        same line stood before in the file.
        """
        identity = line.message.id if line.message else None
        if identity:
            return identity if len(identity) >= LONG_ID else self._short(value, line, identity)
        return _text(value.get("requestId")) or _text(value.get("uuid")) or self._unnamed(text)

    def _short(self, value: dict[str, object], line: Line, identity: str) -> str:
        """Return the identity of a request whose id may be another request's as well.

        Its first line's time tells it apart, also in copies of the session. The next line belongs
        to it when it has the same id and model and follows it directly in the same session.
        """
        model = _kept((line.message.model if line.message else None) or "")
        session = _kept(line.session())
        uuid, parent = _kept(_text(value.get("uuid"))), _kept(_text(value.get("parentUuid")))
        identity = _kept(identity)
        chain = self.state.chain
        if chain is not None and chain[:3] == (session, identity, model) and (
            not parent or not chain[4] or parent == chain[4]
        ):
            named = chain[3]
        else:
            named = _kept(f"{identity}:{model}:{line.timestamp or uuid or session}")
        self.state.chain = (session, identity, model, named, uuid)
        return named

    def _unnamed(self, text: str) -> str:
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        seen = self.state.unnamed
        if digest not in seen and len(seen) >= _MOST_UNNAMED:
            del seen[next(iter(seen))]
        seen[digest] = seen.get(digest, 0) + 1
        return f"{digest}:{seen[digest]}"


def _kept(text: str) -> str:
    """Return text as it can be remembered: a lone surrogate has no UTF-8, a field may hold megabytes."""
    text = text[:_LONGEST]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

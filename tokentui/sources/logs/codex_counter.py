"""From Codex's cumulative counters to what each response used.

A `token_count` repeats the session's total and the last response's usage. The same one is written
again for every refresh of the limits, on resume and at the end of a turn (a third to a half of all),
so a response counts once for each distinct total, whatever the last usage beside it says.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import astuple

from tokentui.hashing import blake2b
from tokentui.sources.logs.codex_wire import Tokens
from tokentui.usage import record_key

SERVICE = "codex"
REMEMBERED = 512
"""Totals remembered against being told again. Older ones only cost work: a key is counted once anyway."""

Vector = tuple[int, int, int, int, int]
"""Input, cached, cache write, output, reasoning: as logged, so nested, not disjoint."""

ZERO: Vector = (0, 0, 0, 0, 0)


def vector(tokens: Tokens | None) -> Vector | None:
    """Return counts as a tuple, which compares in one step."""
    if tokens is None:
        return None
    return astuple(tokens)  # its fields are in the order of a Vector


def total_key(thread: str, total: Vector) -> int:
    """Return the key of the response that brought a session to a total."""
    whole, cached, written, output, reasoning = total
    return record_key(SERVICE, f"{thread}:{whole},{cached},{written},{output},{reasoning}")


def total_hash(thread: str) -> blake2b:
    """Return the hash of what all keys of a session begin with: `total_key` in two steps."""
    return blake2b(f"{SERVICE}:{thread}:".encode("utf-8", "surrogatepass"), digest_size=8)


class Counter(msgspec.Struct, array_like=True):
    """The counters of one file as far as they were read."""

    total: Vector = ZERO
    """The newest total."""
    peak: Vector = ZERO
    """The largest total, component by component; kept once the counters have fallen."""
    fell: bool = False
    """A total was smaller than the one before: two lineages share the file, or counters restarted."""
    told: dict[int, None] = {}
    """Keys of the totals told so far, the newest REMEMBERED of them, oldest first."""
    anomalies: int = 0
    """How often the counters fell without the last usage beside them."""

    def advance(self, key: int, total: Vector, last: Vector | None) -> Vector | None:
        """Take in a total that is not the newest; return what was used since, None for nothing new.

        `key` identifies the total (`total_key`).
        """
        if total == ZERO:
            # The context window was exceeded: Codex fills up the sum and clears the parts, and what
            # follows counts from 0. (A first line of zeros is the newest total already.)
            self.total = self.peak = ZERO
            return None
        if key in self.told:
            return None
        self.told[key] = None
        if len(self.told) > REMEMBERED:
            del self.told[next(iter(self.told))]
        before, self.total = self.total, total
        if self.fell:
            self.peak, beyond = _raise(self.peak, total)
            return last if last is not None else beyond
        grown = (
            total[0] - before[0], total[1] - before[1], total[2] - before[2],
            total[3] - before[3], total[4] - before[4],
        )
        if grown == last:
            return last
        if min(grown) < 0:
            self.fell = True
            self.peak, beyond = _raise(before, total)
            self.anomalies += last is None
            return last if last is not None else beyond
        if last is None:
            return grown
        # Less than told as last: that was an older response's. More: the rest belongs to somebody else.
        return (
            min(grown[0], last[0]), min(grown[1], last[1]), min(grown[2], last[2]),
            min(grown[3], last[3]), min(grown[4], last[4]),
        )

    def restart(self) -> None:
        """Count on from 0, as a sub-agent does behind what it inherited."""
        self.total = self.peak = ZERO
        self.fell = False


def _raise(peak: Vector, total: Vector) -> tuple[Vector, Vector]:
    """Return the new high-water mark and by how much it rose."""
    higher = (
        max(peak[0], total[0]), max(peak[1], total[1]), max(peak[2], total[2]),
        max(peak[3], total[3]), max(peak[4], total[4]),
    )
    beyond = (
        higher[0] - peak[0], higher[1] - peak[1], higher[2] - peak[2],
        higher[3] - peak[3], higher[4] - peak[4],
    )
    return higher, beyond

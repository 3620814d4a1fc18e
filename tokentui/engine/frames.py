"""Messages between a parent and its worker processes: four bytes of length, a byte of kind, msgpack.

Every message that wakes its reader costs both sides 20 µs, so a worker sends what it has said in large
pieces: 500 MB of logs make 1,300 messages, and 80 pieces.
"""

from __future__ import annotations

import os
import select
from struct import Struct

import msgspec

PIPE_BYTES = 1 << 20
"""Room for results while the parent is busy with SQLite (Linux: at most 1 MiB without privilege)."""
PIECE_BYTES = 1 << 16
"""From here on a worker sends what it has said, finished or not."""
HELD_BYTES = 4 << 20
"""What a worker holds back at most while its parent stores and takes nothing."""

_LENGTH = Struct("<I")
_NO_LENGTH = bytes(_LENGTH.size)


class Outbox:
    """What a worker has to say."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._encode_into = msgspec.msgpack.Encoder().encode_into
        self._unsent = bytearray()

    def put(self, kind: bytes, message: object) -> None:
        """Add a message, and send all there is once that is worth it. Raises what msgspec raises."""
        start = len(self._unsent)
        self._unsent += _NO_LENGTH + kind
        try:
            self._encode_into(message, self._unsent, -1)
        except BaseException:
            del self._unsent[start:]
            raise
        _LENGTH.pack_into(self._unsent, start, len(self._unsent) - start - _LENGTH.size)
        if len(self._unsent) >= PIECE_BYTES:
            self.send()

    def send(self) -> None:
        """Send what the pipe takes; wait for it only where `HELD_BYTES` are left."""
        while self._unsent:
            try:
                sent = os.write(self._descriptor, self._unsent)
            except BlockingIOError:
                if len(self._unsent) < HELD_BYTES:
                    return
                select.select([], [self._descriptor], [])
            else:
                del self._unsent[:sent]

    def flush(self) -> None:
        """Send all there is, however long that takes."""
        while self._unsent:
            select.select([], [self._descriptor], [])
            self.send()


class Inbox:
    """What has arrived from a worker."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    def receive(self) -> list[tuple[bytes, memoryview]] | None:
        """Return the kind and the msgpack of each whole message; None when the worker is gone."""
        data = os.read(self._descriptor, PIPE_BYTES)
        if not data:
            return None
        if self._rest:
            data = self._rest + data
        view = memoryview(data)
        messages = []
        start = 0
        while len(data) - start >= _LENGTH.size:
            end = start + _LENGTH.size + _LENGTH.unpack_from(data, start)[0]
            if len(data) < end:
                break
            start += _LENGTH.size
            messages.append((data[start : start + 1], view[start + 1 : end]))
            start = end
        self._rest = data[start:]
        return messages


def framed(payload: bytes) -> bytes:
    """Return a message without a kind, for a worker."""
    return _LENGTH.pack(len(payload)) + payload


def read_frame(descriptor: int) -> bytes | None:
    """Wait for a message without a kind; None when the pipe is closed."""
    head = _read_exactly(descriptor, _LENGTH.size)
    return None if head is None else _read_exactly(descriptor, _LENGTH.unpack(head)[0])


def _read_exactly(descriptor: int, count: int) -> bytes | None:
    parts = []
    while count:
        data = os.read(descriptor, min(count, PIPE_BYTES))
        if not data:
            return None
        parts.append(data)
        count -= len(data)
    return b"".join(parts)

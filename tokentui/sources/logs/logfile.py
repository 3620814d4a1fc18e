"""One opened log: a regular file and nothing else, read in blocks, its lines numbered on demand."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from tokentui.usage import BadLine

BLOCK = 1 << 18
"""Bytes asked of the file at once."""

Decompress = Callable[[BinaryIO], BinaryIO]
"""Wraps an opened compressed file into one that reads its content."""


class NotALog(OSError):
    """What the path leads to is no regular file: a link, a directory, a pipe, a device."""


class LogFile:
    """A regular file, opened to read; follows no link, waits for no pipe.

    It ends at the size it had when it was opened, although more may be appended meanwhile: so its
    size and time are those of what is read, and later bytes are a change.
    With `decompress` all offsets count decompressed bytes, and it is read from its start only.
    """

    def __init__(self, path: str, decompress: Decompress | None = None) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO):  # a link (EMLINK on BSD), a socket
                raise NotALog(error.errno, "not a regular file", path) from error
            raise
        self.info = os.fstat(self._descriptor)
        if not stat.S_ISREG(self.info.st_mode):
            self.close()
            raise NotALog(errno.EINVAL, "not a regular file", path)
        self.decompress = decompress
        self._numbered = (0, 0)  # up to which offset newlines were counted, and how many

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def blocks(self, position: int = 0, *, aligned: bool = False) -> Iterator[bytes]:
        """Yield the content from a position on; from the start when compressed.

        With `aligned`, what follows the last newline of a block is read again with the next block, so
        that a line has to be pieced together only where it is longer than a block. No use when compressed.
        """
        if self.decompress:
            with os.fdopen(os.dup(self._descriptor), "rb") as file:
                file.seek(0)
                stream = self.decompress(file)
                while block := stream.read(BLOCK):
                    yield block
            return
        end = self.info.st_size
        while position < end and (block := self.at(position, min(BLOCK, end - position))):
            position += (block.rfind(b"\n") + 1 if aligned else 0) or len(block)
            yield block

    def at(self, position: int, length: int) -> bytes:
        """Return up to `length` bytes at a position of a file that is not compressed."""
        return os.pread(self._descriptor, length, position)

    def piece(self, position: int, length: int) -> bytes:
        """Return `length` bytes at a position, however many reads that takes; fewer at the end."""
        pieces: list[bytes] = []
        end = position + length
        while position < end and (piece := self.at(position, end - position)):
            pieces.append(piece)
            position += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def numbered(self, bad: Iterable[tuple[int, str]]) -> list[BadLine]:
        """Give lines, named by their offset, their number in the file.

        Newlines are counted here, in one more pass, because only few files have a bad line.
        """
        found: list[BadLine] = []
        position, newlines = (0, 0) if self.decompress else self._numbered
        start, block, blocks = position, b"", self.blocks(position)
        for offset, reason in sorted(bad):
            while offset >= start + len(block):
                newlines += block.count(b"\n", position - start)
                start = position = start + len(block)
                block = next(blocks, b"")
                if not block:
                    break
            newlines += block.count(b"\n", position - start, max(offset - start, 0))
            position = max(position, min(offset, start + len(block)))
            found.append(BadLine(offset=offset, line=newlines + 1, reason=reason))
        self._numbered = (position, newlines)
        return found

"""Rollouts that Codex compressed with zstd, read as a stream."""

from __future__ import annotations

import errno
import io
from typing import TYPE_CHECKING, BinaryIO

from tokentui.sources.logs.logfile import Decompress

if TYPE_CHECKING:
    import zstandard

SUFFIX = ".zst"


def decompression(path: str) -> Decompress | None:
    """Return what reads the content of a rollout; None for one that is not compressed."""
    return _Decompressed.of if path.endswith(SUFFIX) else None


class _Decompressed(io.RawIOBase):
    """The content of a compressed file, however many frames that is; damage is an OSError."""

    def __init__(self, stream: zstandard.ZstdDecompressionReader, damage: type[Exception]) -> None:
        self._stream = stream
        self._damage = damage

    @classmethod
    def of(cls, file: BinaryIO) -> BinaryIO:
        import zstandard  # only rollouts older than a week are compressed, and only where switched on

        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True, closefd=False)
        return cls(stream, zstandard.ZstdError)  # type: ignore[return-value]  # LogFile only reads

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except self._damage as error:
            raise OSError(errno.EBADMSG, f"damaged zstd data: {error}") from error

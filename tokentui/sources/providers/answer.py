"""Bytes of an answer to what they say: unpacked under a cap, decoded exactly, or refused."""

from __future__ import annotations

import json
import zlib
from decimal import Decimal
from typing import Any

from tokentui.sources.providers.errors import ChangedFormat, Unavailable

MAX_BODY_BYTES = 16 << 20
"""Packed and unpacked; a month of usage of a large organisation is below 2 MB."""


def too_long(host: str) -> Unavailable:
    """Return the error for an answer that has no end."""
    return Unavailable(f"{host} answered more than {MAX_BODY_BYTES >> 20} MiB")


def unpacked(body: bytes, packing: str, host: str) -> bytes:
    """Return a body without its content encoding. Raises Unavailable.

    Not by httpx, which unpacks a piece whole: a bomb of 300 KB takes 178 MB there.
    """
    packing = packing.strip().lower()
    if packing in ("", "identity"):
        return body
    if packing not in ("gzip", "deflate"):
        raise Unavailable(f"{host} packed its answer in a way it was not asked for")
    try:
        found = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise Unavailable(f"{host} answered with something that cannot be unpacked") from None
    if len(found) > MAX_BODY_BYTES:
        raise too_long(host)
    return found


def decoded(body: bytes, content_type: str, host: str) -> Any:
    """Return the JSON of an answer; numbers with a point as Decimal, exactly.

    Raises Unavailable for a web page (a login page on the way), ChangedFormat for what is no JSON.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/html" or body[:1] == b"<":
        raise Unavailable(f"{host} answered with a web page", "is there a login page between here and it?")
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ChangedFormat("the answer", "is no JSON") from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)

"""Answers that come in pages, with a guard against a server that never ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from tokentui.sources.providers.errors import ChangedFormat
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client

MAX_PAGES = 200


async def pages(
    client: Client, path: str, params: Sequence[tuple[str, str]], *, cursor: str = "page",
    headers: dict[str, str] | None = None,
) -> AsyncIterator[Row]:  # fmt: skip
    """Yield the pages of an answer with `has_more` and `next_page`, which is sent back as `cursor`.

    Raises ChangedFormat when a page comes again, or after 200 pages.
    """
    seen: set[str] = set()
    following: list[tuple[str, str]] = []
    for _ in range(MAX_PAGES):
        page = Row(await client.get(path, [*params, *following], headers=headers))
        yield page
        if not page.flag("has_more") or not page.has("next_page"):
            return
        token = page.text("next_page", limit=4_000)
        if token in seen:
            raise ChangedFormat("next_page", "comes again: the pages have no end")
        seen.add(token)
        following = [(cursor, token)]
    raise ChangedFormat("has_more", f"is still true after {MAX_PAGES} pages")

"""The store: everything that is known, in one SQLite file. The only room that knows SQL.

Names are imported when they are first used: reading needs neither Peewee (80 ms) nor msgspec.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentui.store.connection import connect as connect
    from tokentui.store.errors import NewerDatabase as NewerDatabase
    from tokentui.store.errors import StoreError as StoreError
    from tokentui.store.ingest import Ingested as Ingested
    from tokentui.store.queries import Reader as Reader
    from tokentui.store.queries import open_reader as open_reader
    from tokentui.store.snapshot_query import holds_until as holds_until
    from tokentui.store.usage_table import UsageQuery as UsageQuery
    from tokentui.store.usage_table import UsageTable as UsageTable
    from tokentui.store.usage_table import Where as Where
    from tokentui.store.writer import Writer as Writer
    from tokentui.store.writer import open_writer as open_writer

_HOMES = {
    "connect": "connection",
    "NewerDatabase": "errors",
    "StoreError": "errors",
    "Ingested": "ingest",
    "Reader": "queries",
    "open_reader": "queries",
    "holds_until": "snapshot_query",
    "UsageQuery": "usage_table",
    "UsageTable": "usage_table",
    "Where": "usage_table",
    "Writer": "writer",
    "open_writer": "writer",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)

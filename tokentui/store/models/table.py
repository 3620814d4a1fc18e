"""What every table has in common."""

from __future__ import annotations

from typing import Any

from peewee import SQL, BigIntegerField, DatabaseProxy, Field, Model, TextField

database = DatabaseProxy()
"""Stands for whichever database the tables are bound to."""


def count(**options: Any) -> Field:
    """Return a whole number that is 0 until something counts."""
    return BigIntegerField(constraints=[SQL("DEFAULT 0")], default=0, **options)


def text() -> Field:
    """Return a text that is empty until something is said."""
    return TextField(constraints=[SQL("DEFAULT ''")], default="")


class Table(Model):
    """A table of the database that the proxy points at."""

    class Meta:
        database = database
        legacy_table_names = False

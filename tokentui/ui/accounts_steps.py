"""What adding an account asks for: which services there are, where a key may be, what else one needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from tokentui.billing import Account
from tokentui.sources.providers import Provider

PASTE = "paste"
PLACES = {
    "env": ("an environment variable", "its name, such as: OPENAI_ADMIN_KEY"),
    "file": ("a file that only you can read", "its full path, such as: ~/.keys/openai"),
    "command": ("what a command prints", "the command, such as: pass show openai"),
}
"""The kind of a reference -> how it is offered, and what is asked for."""


class Place(NamedTuple):
    """Where a key may be."""

    name: str
    """`paste`, a kind of PLACES, or a whole reference."""
    words: str


class Field(NamedTuple):
    """What is asked for beside the key."""

    name: str
    """`name`, `base_url`, or that of an option of the provider."""
    title: str
    hint: str = ""
    value: str = ""
    """What stands there at first."""
    required: bool = True


def services(rows: Iterable[Provider], typed: str) -> list[Provider]:
    """Return the services whose name holds every word that was typed."""
    wanted = typed.casefold().split()
    return [row for row in rows if all(word in f"{row.title} {row.name}".casefold() for word in wanted)]


def places(row: Provider, found: Sequence[str]) -> list[Place]:
    """Return where the key of a service may be; `found` are references of keys that were found."""
    own = [reference for reference in found if reference.removeprefix("env:") in row.environment]
    return [
        Place(PASTE, "paste it: it goes into the encrypted vault"),
        *(Place(each, f"${each.removeprefix('env:')}, which is set here") for each in own),
        *(Place(kind, words) for kind, (words, _) in PLACES.items()),
    ]


def fields(row: Provider, taken: Collection[str], given: Collection[str]) -> list[Field]:
    """Return what is still to be asked for.

    `taken` are the names of the accounts that the service has, `given` those of the fields that are known.
    """
    wanted: list[Field] = []
    if "" in taken:
        there = ", ".join(sorted(filter(None, taken)))
        wanted.append(
            Field("name", "A name for this account", f"there is one already{f': {there}' if there else ''}")
        )
    if _moves(row):
        local = row.dashboard_url is None
        hint = next((note for note in row.notes if "base URL" in note), "")
        own = f"empty: {row.base_url}"
        field = Field("base_url", "Base URL", hint or own, row.base_url if local else "", required=local)
        wanted.append(field)
    wanted += [Field(each.name, each.title, each.hint) for each in row.options if each.required]
    return [each for each in wanted if each.name not in given]


def typed(account: Account, field: Field) -> str:
    """Return what an account has in a field, to be mended where it will not do."""
    if field.name in ("name", "base_url"):
        return str(getattr(account, field.name))
    return account.options.get(field.name, "")


def _moves(row: Provider) -> bool:
    """Whether people have it at different addresses: on their own machine, or on another platform."""
    return row.dashboard_url is None or any("base URL" in note for note in row.notes)

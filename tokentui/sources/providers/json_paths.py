"""A small language for places in an answer: `data.balance`, `limits[0].used`, `usage[].cost`.

Names are separated by points, `[0]` is the first of a list, `[]` each of it. The answer itself is `.`
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tokentui.sources.providers.errors import ChangedFormat
from tokentui.sources.providers.fields import Row

Step = str | int | None
"""A name, a place in a list, or None for each of a list."""

LONGEST = 200
_PIECE = re.compile(r"(?P<name>[^.\[\]\s][^.\[\]]*)|\[(?P<index>\d{0,6})\]|(?P<point>\.)")


class Path(NamedTuple):
    """A place in an answer."""

    text: str
    steps: tuple[Step, ...]

    @property
    def each(self) -> tuple[Step, ...]:
        """The steps up to the last `[]`; empty where there is none."""
        last = max((at for at, step in enumerate(self.steps) if step is None), default=-1)
        return self.steps[: last + 1]


def parse(text: str) -> Path:
    """Return the path that a text means. Raises ValueError, which says what is wrong with it."""
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} signs")
    if text == ".":
        return Path(text, ())
    steps: list[Step] = []
    at, expects_name = 0, True
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            raise ValueError(f"cannot be read from “{text[at : at + 10]}” on")
        if found["point"]:
            if expects_name:
                raise ValueError("has a point too many")
            expects_name = True
        elif found["name"] is not None:
            if not expects_name:
                raise ValueError("lacks a point between two names")
            steps.append(found["name"])
            expects_name = False
        else:
            if expects_name and steps:
                raise ValueError("has a point before a bracket")
            steps.append(int(found["index"]) if found["index"] else None)
            expects_name = False
        at = found.end()
    if expects_name:
        raise ValueError("ends with a point" if steps else "is empty")
    return Path(text, tuple(steps))


class Field(NamedTuple):
    """A value with the object it stands in, to be read as `fields.Row` reads."""

    row: Row
    name: str


def rows(answer: object, steps: tuple[Step, ...]) -> Iterator[tuple[object, str]]:
    """Yield what lies at a place, with its place: more than one where `[]` is in it.

    Raises ChangedFormat where the answer is of another shape.
    """
    found = [(answer, "")]
    for step in steps:
        below: list[tuple[object, str]] = []
        for value, place in found:
            below += _below(value, place, step)
        found = below
    yield from found


def field(answer: object, steps: tuple[Step, ...], place: str = "") -> Field:
    """Return the one value at a place without `[]`, which need not be there. Raises ChangedFormat."""
    if not steps:
        return Field(Row({place or ".": answer}), place or ".")
    value: object = answer
    for step in steps[:-1]:
        ((value, place),) = _below(value, place, step)
    last = steps[-1]
    if isinstance(last, str):
        return Field(Row(value, place), last)
    ((value, place),) = _below(value, place, last)
    return Field(Row({place: value}), place)


def _below(value: object, place: str, step: Step) -> list[tuple[object, str]]:
    if isinstance(step, str):
        where = f"{place}.{step}" if place else step
        if not isinstance(value, Mapping):
            raise ChangedFormat(place or "the answer", "is no object")
        if value.get(step) is None:
            raise ChangedFormat(where)
        return [(value[step], where)]
    if not isinstance(value, list):
        raise ChangedFormat(place or "the answer", "is no list")
    if step is None:
        return [(each, f"{place}[{number}]") for number, each in enumerate(value)]
    if step >= len(value):
        raise ChangedFormat(f"{place}[{step}]")
    return [(value[step], f"{place}[{step}]")]

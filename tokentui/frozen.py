"""Frozen data classes that cost nothing to define: the first screen imports 15 of them, a report 40.

`dataclasses.dataclass` writes and compiles six functions for each class, 0.5 ms of every start; here all
classes share one of each. To a type checker it is `dataclasses.dataclass` itself, and so it is to
`dataclasses.replace`, `fields` and `asdict`.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen, slots):  # noqa: ARG001 (the signature that type checkers know)
        """Make a class of annotated fields frozen, comparable and with slots."""
        return _made


__all__ = ["dataclass"]


def _made(kind: Any) -> Any:
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(kind)
    fields = dataclasses.fields(made)
    hashed = [each.name for each in fields if (each.compare if each.hash is None else each.hash)]
    shared: dict[str, Any] = {
        "_names": tuple(each.name for each in fields),
        "_put": tuple(getattr(made, each.name).__set__ for each in fields),
        "_compared": attrgetter(*(each.name for each in fields if each.compare)),
        "_hashed": attrgetter(*hashed),
        "_checked": getattr(made, "__post_init__", None),
        "__init__": _init, "__repr__": _repr, "__eq__": _equal, "__hash__": _hash,
        "__setattr__": _refuse, "__delattr__": _refuse,
        "__getstate__": _state, "__setstate__": _restore,
    }  # fmt: skip
    for name, value in shared.items():
        setattr(made, name, value)
    return made


def _init(self: Any, *given: Any, **named: Any) -> None:
    kind = type(self)
    if named or len(given) != len(kind._names):
        given = _all_values(kind, given, named)
    for put, value in zip(kind._put, given, strict=True):
        put(self, value)
    if kind._checked is not None:
        kind._checked(self)


def _all_values(kind: Any, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    names = kind._names
    if len(given) > len(names):
        raise TypeError(f"{kind.__name__} has {len(names)} fields, {len(given)} were given")
    values = list(given)
    for name in names[len(given) :]:
        if name in named:
            values.append(named.pop(name))
            continue
        field = kind.__dataclass_fields__[name]
        if field.default is not dataclasses.MISSING:
            values.append(field.default)
        elif field.default_factory is not dataclasses.MISSING:
            values.append(field.default_factory())
        else:
            raise TypeError(f"{kind.__name__} needs {name}")
    if named:
        raise TypeError(f"{kind.__name__} has no {', '.join(named)}, or was given it twice")
    return tuple(values)


def _repr(self: Any) -> str:
    shown = ", ".join(
        f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr
    )
    return f"{type(self).__qualname__}({shown})"


def _equal(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self is other or self._compared(self) == self._compared(other)


def _hash(self: Any) -> int:
    return hash(self._hashed(self))


def _refuse(self: Any, name: str, *_: object) -> None:
    raise dataclasses.FrozenInstanceError(f"{type(self).__name__}.{name} cannot be changed")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self._names]


def _restore(self: Any, state: list[Any]) -> None:
    for put, value in zip(self._put, state, strict=True):
        put(self, value)

"""Frozen data: what `dataclasses` would have made, at a tenth of the price."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, field, replace

import pytest

from tokentui.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A point with a word on it."""

    x: int
    y: int = 2
    words: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("left of everything")


def test_fields_are_given_by_place_by_name_or_not_at_all() -> None:
    assert Point(1, words=("a",)) == Point(1, 2, ("a",), {})
    assert repr(Point(1)) == "Point(x=1, y=2, words=())"


@pytest.mark.parametrize(
    ("given", "named", "said"),
    [((), {}, "needs x"), ((1,), {"z": 1}, "no z"), ((1,), {"x": 1}, "twice"), ((1,) * 5, {}, "4 fields")],
)
def test_fields_that_are_missing_unknown_or_given_twice_are_refused(
    given: tuple[int, ...], named: dict[str, int], said: str
) -> None:
    with pytest.raises(TypeError, match=said):
        Point(*given, **named)  # type: ignore[arg-type]


def test_it_does_not_change_and_can_be_a_key() -> None:
    point = Point(1, about={"not": "hashable"})
    with pytest.raises(FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del point.y
    with pytest.raises(AttributeError):
        point.z = 2  # type: ignore[attr-defined]
    assert {point: 1}[Point(1, about={"not": "hashable"})] == 1
    assert point != Point(1, 3)


def test_each_default_of_a_factory_is_its_own() -> None:
    assert Point(1).about is not Point(1).about


def test_it_is_checked_replaced_and_sent_like_any_data_class() -> None:
    with pytest.raises(ValueError, match="left of everything"):
        replace(Point(1), x=-1)
    assert replace(Point(1), y=7) == Point(1, 7)
    assert asdict(Point(1)) == {"x": 1, "y": 2, "words": (), "about": {}}
    assert pickle.loads(pickle.dumps(Point(1, 7))) == Point(1, 7)

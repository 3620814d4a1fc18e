"""Round ticks for a value axis."""

from __future__ import annotations

from collections.abc import Callable

_TICKS = 4
"""How many steps the value axis has at most."""


def value_axis(
    top: float, label: Callable[[float, float], str], *, whole: bool
) -> tuple[list[float], list[str]]:
    """Return the ticks of an axis from 0 to `top`, and what `label(tick, step)` writes at each."""
    step = nice_step(top, whole=whole)
    ticks = [step * number for number in range(int(top / step) + 1)]
    return ticks, [label(tick, step) for tick in ticks]


def nice_step(most: float, *, whole: bool = False) -> float:
    """Return a round step (1, 2, 2.5 or 5 times a power of ten) of which at most `_TICKS` cover `most`.

    `whole` steps have no fraction.
    """
    power = 1.0 if whole else 10.0**-12
    if most <= 0:
        return 1.0
    while True:
        for factor in (1.0, 2.0, 2.5, 5.0):
            step = factor * power
            if step * _TICKS >= most and not (whole and step % 1):
                return step
        power *= 10

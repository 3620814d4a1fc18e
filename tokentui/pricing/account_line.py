"""What one account pays, in one line: `gpt-5.5 1.25/10; * -20 %`.

Parts are set apart by `;`. A part is about a model, by its name as it is logged:

    gpt-5.5 1.25/10                 dollars per million tokens: input/output, then, if they are told,
    gpt-5.5 1.25/10/0.125/1.5       those read from a cache and those written to one
    claude* -20 %                   20 % less than it would cost else; `*` stands for anything, `+5 %` is more
    gpt-5.5 1.10/9 from 2026-06-01  from a day on (UTC), until a later price of the same model
    * -20 % from 2026-01-01 to 2026-12-31

A price is what the account pays: no percentage is taken off it. Of several percentages the first that fits
counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tokentui.pricing.overlay import LINE, MAX_RATE, AccountPrices, Discount, PriceRow
from tokentui.text import clean

EXAMPLE = "gpt-5.5 1.25/10; * -20 %"

LONGEST = 500
"""Characters; whoever has more to say writes rows into the price file."""

_RATES = ("in", "out", "read", "write")
_NUMBER = r"[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+"
_PERCENT = re.compile(rf"(?:^|(?<=\s))(?P<sign>[-+−–]?)\s*(?P<number>{_NUMBER})\s*%$")
_PRICE = re.compile(rf"(?:^|(?<=\s))\$?(?:{_NUMBER})(?:\s*/\s*\$?(?:{_NUMBER}))*$")
_DAY = re.compile(r"\s(?P<word>from|to)\s+(?P<day>\S+)$")


class LineError(ValueError):
    """A line of prices cannot be read; the message names the part and the reason.

    `example` is a line that would be right.
    """

    def __init__(self, place: str, reason: str, example: str = EXAMPLE) -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.example = example


def parse(line: str, account: str) -> AccountPrices:
    """Return what a line says of an account (`service` or `service/name`); nothing for an empty one.

    Raises LineError.
    """
    if len(line) > LONGEST:
        raise LineError("", f"longer than {LONGEST} characters; rows in prices.toml have room for more")
    rows: list[PriceRow] = []
    discounts: list[Discount] = []
    for place, part in _parts(line):
        said = _part(part, place, account)
        if isinstance(said, PriceRow):
            if any((each.model, each.since) == (said.model, said.since) for each in rows):
                raise LineError(place, f"{clean(said.model, 60)} has a price already", EXAMPLE)
            rows.append(said)
        else:
            if any((each.model, each.since, each.until) == ("*", date.min, date.max) for each in discounts):
                raise LineError(place, "never counts: a part before it holds for every model; put it first")
            discounts.append(said)
    written = [*map(_written, rows), *map(_written, discounts)]
    return AccountPrices("; ".join(written), tuple(rows), tuple(discounts))


def _parts(line: str) -> Iterator[tuple[str, str]]:
    parts = [" ".join(each.split()) for each in line.lower().split(";")]
    for number, part in enumerate(parts, 1):
        if part:
            yield (f"part {number} (“{clean(part, 60)}”)" if len(parts) > 1 else f"“{clean(part, 60)}”"), part


def _part(part: str, place: str, account: str) -> PriceRow | Discount:
    days: dict[str, date] = {}
    while found := _DAY.search(part):
        if found["word"] in days:
            raise LineError(place, f"says “{found['word']}” twice", f"* -20 % {found['word']} 2026-01-01")
        days[found["word"]] = _day(found["day"], place)
        part = part[: found.start()].rstrip()
    since, until = days.get("from", date.min), days.get("to", date.max)
    if until < since:
        raise LineError(place, "ends before it begins", "* -20 % from 2026-01-01 to 2026-12-31")
    if found := _PERCENT.search(part):
        model = part[: found.start()].strip() or "*"
        return Discount("*", model, _percent(found["sign"], found["number"], place), since, until, account)
    if found := _PRICE.search(part):
        if "to" in days:
            reason = "a price holds until a later one of the same model; only a percentage ends"
            raise LineError(place, reason, "gpt-5.5 1.25/10 from 2026-06-01")
        return _price(part[: found.start()].strip(), found[0], place, since, account)
    reason = "neither a price (input/output, dollars per million tokens) nor a percentage with its sign"
    raise LineError(place, reason)


def _price(model: str, said: str, place: str, since: date, account: str) -> PriceRow:
    parts = [each.strip().removeprefix("$").strip() for each in said.split("/")]
    if not model or "*" in model:
        raise LineError(place, "a price is one model's; only a percentage is for many", "gpt-5.5 1.25/10")
    if not 2 <= len(parts) <= len(_RATES):
        reason = "a price is input/output, or input/output/cache read/cache write"
        raise LineError(place, reason, "gpt-5.5 1.25/10")
    rates = {name: _number(part, place) for name, part in zip(_RATES, parts, strict=False)}
    if max(rates.values()) > MAX_RATE:
        raise LineError(place, "more than 1,000,000 dollars per million tokens", "gpt-5.5 1.25/10")
    return PriceRow(model, "", since, "", rates, account, LINE)


def _percent(sign: str, number: str, place: str) -> Decimal:
    percent = _number(number, place)
    if not sign and percent:
        raise LineError(place, f"-{number} % for less, or +{number} % for more?", f"* -{number} %")
    percent = -percent if sign == "+" else percent
    if not -1000 <= percent <= 100:
        raise LineError(place, "must lie between -100 % (free) and +1000 %", "* -20 %")
    return percent + 0  # no negative zero


def _number(text: str, place: str) -> Decimal:
    if "," in text:
        raise LineError(place, f"“{text}” has a comma: decimals have a point, parts a semicolon")
    if len(text) > 18:
        raise LineError(place, "a number has more than 18 characters")
    return Decimal(text).normalize()  # 1.20 and 1.2 are the same, also for `identity`


def _day(text: str, place: str) -> date:
    try:
        if len(text) == len("2026-06-01"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise LineError(place, f"“{clean(text, 20)}” is no day", "gpt-5.5 1.25/10 from 2026-06-01")


def _written(said: PriceRow | Discount) -> str:
    begins = "" if said.since == date.min else f" from {said.since.isoformat()}"
    if isinstance(said, PriceRow):
        return f"{said.model} {'/'.join(_digits(said.rates[n]) for n in _RATES if n in said.rates)}{begins}"
    ends = "" if said.until == date.max else f" to {said.until.isoformat()}"
    return f"{said.model} {'+' if said.percent < 0 else '-'}{_digits(abs(said.percent))} %{begins}{ends}"


def _digits(number: Decimal) -> str:
    return f"{number:f}"

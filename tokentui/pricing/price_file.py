"""The user's own prices: `prices.toml` beside the settings. Every part of it is optional.

    # A price row counts from its day on (UTC), until a later row of the same model. Without `from` it
    # counts always, without `provider` whoever served the model. Rates are US dollars per million tokens,
    # `web_search_kcount` per thousand searches; text or number. A token whose rate is not named: cached
    # ones cost what an input token costs (1-hour writes: what a 5-minute write costs; Claude's: Anthropic's
    # multiples of it), others have no price.
    [[price]]
    model = "acme-1"
    provider = "acme"
    from = 2026-01-01
    input_mtok = "1.20"
    output_mtok = "6"
    cache_read_mtok = "0.12"
    cache_write_5m_mtok = "1.50"
    cache_write_1h_mtok = "2.40"
    service_tier = "batch"              # only where the row is not about the standard tier

    # Names that stand for another model, for prices only. A prefix says whose: "openai/gpt-5.4".
    [alias]
    "codex-auto-review" = "gpt-5.4"

    # What a contract takes off, whatever the prices come from; the first that fits counts. `*` stands for
    # anything. From the day `from` up to and including the day `to` (UTC). A negative percentage adds.
    [[discount]]
    provider = "aws.bedrock"
    model = "*claude*"
    percent = 12.5
    from = 2026-01-01
    to = 2026-12-31

    # What one account pays, `service` or `service/name`, in one line: see `account_line`. The form of the
    # account and `tokentui account edit --price` write it. Rows and discounts can name an `account`, too.
    # Both hold for that account alone and win over what is said of all, the line over the rows; no
    # discount is taken off a price that is said of an account.
    [account]
    "openai-api/work" = "gpt-5.5 1.25/10; * -20 %"
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from tokentui.pricing import account_line
from tokentui.pricing.match import provider_id
from tokentui.pricing.overlay import (
    MAX_RATE,
    ROW,
    AccountPrices,
    Discount,
    Overlay,
    PriceFileError,
    PriceRow,
)
from tokentui.text import clean

MAX_BYTES = 1 << 20
"""A price file is a page or two; a larger one is some other file."""

RATE_KEYS = {
    "input_mtok": "in",
    "output_mtok": "out",
    "cache_read_mtok": "read",
    "cache_write_5m_mtok": "write",
    "cache_write_1h_mtok": "write_1h",
    "web_search_kcount": "search",
}


def load(path: Path) -> Overlay:
    """Return what the price file says; an empty overlay when there is no such file.

    Raises PriceFileError when it cannot be read, is no TOML, or a row is wrong.
    """
    text = _read(path)
    if text is None:
        return Overlay()
    import tomllib  # 4 ms that a start without a price file need not spend

    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise PriceFileError(f"{path}: this is not TOML: {_plain(error)}", _EXAMPLE) from None
    try:
        return _overlay(table)
    except _Wrong as wrong:
        raise PriceFileError(f"{path}: {wrong}", wrong.example) from None


def _read(path: Path) -> str | None:
    try:
        # O_NONBLOCK: a named pipe in the file's place must not hang the start.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise PriceFileError(f"{path}: this is not a regular file")
            raw = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise PriceFileError(f"{path}: cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise PriceFileError(f"{path}: larger than 1 MiB, so this is no price file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"{path}, line {raw.count(bytes([10]), 0, error.start) + 1}"
        raise PriceFileError(f"{place}: this is not UTF-8 text", "save the file as UTF-8") from None


_EXAMPLE = '[[price]] model = "acme-1" from = 2026-01-01 input_mtok = "1.20" output_mtok = "6"'


class _Wrong(Exception):
    """A part of the file is wrong: where, why, and a line that would be right."""

    def __init__(self, where: str, reason: str, example: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.example = f"such as: {example}"


def _overlay(table: Mapping[str, Any]) -> Overlay:
    for key in table:
        if key not in ("price", "alias", "discount", "account"):
            known = "known: [[price]], [alias], [[discount]], [account]"
            raise _Wrong(_plain(key), f"is not known ({known})", _EXAMPLE)
    rows = [_price_row(row, where) for row, where in _rows_in(table, "price")]
    discounts = [_discount(row, where) for row, where in _rows_in(table, "discount")]
    return Overlay(
        rows=tuple(row for row in rows if not row.account),
        aliases=_aliases(table.get("alias", {})),
        discounts=tuple(each for each in discounts if not each.account),
        accounts=_accounts(_lines(table.get("account", {})), rows, discounts),
    )


def _lines(table: object) -> dict[str, AccountPrices]:
    """Return what [account] says, by account in lower case."""
    example = f'"openai-api/work" = "{account_line.EXAMPLE}"'
    if not isinstance(table, dict):
        raise _Wrong("account", "is a table, [account]", example)
    found: dict[str, AccountPrices] = {}
    for name, line in table.items():
        where, account = f"[account] {_plain(name)}", name.strip().lower()
        if not account or account in found:
            raise _Wrong(where, "is there twice" if account else "the account's name is missing", example)
        if not isinstance(line, str):
            raise _Wrong(where, "must be a text in quotes", example)
        try:
            found[account] = account_line.parse(line, account)
        except account_line.LineError as error:
            raise _Wrong(where, str(error), error.example) from None
    return found


def _accounts(
    lines: Mapping[str, AccountPrices], rows: Sequence[PriceRow], discounts: Sequence[Discount]
) -> dict[str, AccountPrices]:
    found = dict(lines)
    for account in ({row.account for row in rows} | {each.account for each in discounts}) - {""}:
        line = found.get(account, AccountPrices())
        found[account] = AccountPrices(
            line.line,
            (*line.rows, *(row for row in rows if row.account == account)),
            (*line.discounts, *(each for each in discounts if each.account == account)),
        )
    return {account: own for account, own in found.items() if own.rows or own.discounts}


def _rows_in(table: Mapping[str, Any], kind: str) -> list[tuple[dict[str, Any], str]]:
    rows = table.get(kind, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _Wrong(kind, f"is written with two brackets, [[{kind}]]", f"[[{kind}]]")
    return [(row, f"[[{kind}]] number {number}{_named(row)}") for number, row in enumerate(rows, 1)]


def _named(row: Mapping[str, Any]) -> str:
    model = row.get("model")
    return f" ({_plain(model)})" if isinstance(model, str) and model else ""


def _price_row(row: dict[str, Any], where: str) -> PriceRow:
    _known(row, where, ("model", "provider", "account", "from", "service_tier", *RATE_KEYS))
    model = _text(row, where, "model", 'model = "acme-1"')
    if not model:
        raise _Wrong(where, "model is missing", 'model = "acme-1"')
    rates = {name: _rate(row[key], f"{where}, {key}", key) for key, name in RATE_KEYS.items() if key in row}
    if not rates:
        raise _Wrong(where, "names no rate", 'input_mtok = "1.20"')
    provider = _text(row, where, "provider", 'provider = "openai"')
    account = _text(row, where, "account", 'account = "openai-api/work"')
    return PriceRow(
        model=model,
        provider=provider_id(provider) if provider else "",
        since=_day(row, where, "from", date.min),
        service_tier=_text(row, where, "service_tier", 'service_tier = "batch"'),
        rates=rates,
        account=account,
        strength=ROW if account else 0,
    )


def _discount(row: dict[str, Any], where: str) -> Discount:
    _known(row, where, ("provider", "model", "account", "percent", "from", "to"))
    if "percent" not in row:
        raise _Wrong(where, "percent is missing", "percent = 12.5")
    percent = _number(row["percent"], f"{where}, percent", "percent = 12.5")
    if not -1000 <= percent <= 100:
        raise _Wrong(f"{where}, percent", "must lie between -1000 and 100", "percent = 12.5")
    since, until = _day(row, where, "from", date.min), _day(row, where, "to", date.max)
    if until < since:
        raise _Wrong(where, "ends before it begins", "from = 2026-01-01, to = 2026-12-31")
    provider = _text(row, where, "provider", 'provider = "openai"') or "*"
    model = _text(row, where, "model", 'model = "gpt-5*"') or "*"
    account = _text(row, where, "account", 'account = "openai-api/work"')
    return Discount(provider, model, percent, since, until, account)


def _aliases(table: object) -> dict[str, str]:
    example = '"codex-auto-review" = "gpt-5.4"'
    if not isinstance(table, dict):
        raise _Wrong("alias", "is a table, [alias]", example)
    found: dict[str, str] = {}
    for name, target in table.items():
        if not isinstance(target, str) or not target.strip():
            raise _Wrong(f"[alias] {_plain(name)}", "must be the name of a model, in quotes", example)
        found[name.strip().lower()] = target.strip().lower()
    for name, target in found.items():
        if target in found:
            raise _Wrong(f"[alias] {_plain(name)}", f"{_plain(target)} is an alias itself", example)
    return found


def _known(row: Mapping[str, Any], where: str, keys: tuple[str, ...]) -> None:
    for key in row:
        if key not in keys:
            raise _Wrong(where, f"{_plain(key)} is not known (known: {', '.join(keys)})", _EXAMPLE)


def _text(row: Mapping[str, Any], where: str, key: str, example: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise _Wrong(f"{where}, {key}", "must be a text in quotes", example)
    return value.strip().lower()


def _day(row: Mapping[str, Any], where: str, key: str, default: date) -> date:
    value = row.get(key, default)
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _Wrong(f"{where}, {key}", "must be a day, without quotes", f"{key} = 2026-01-01")
    return value


def _rate(value: object, where: str, key: str) -> Decimal:
    example = f'{key} = "1.20"'
    number = _number(value, where, example)
    if not 0 <= number <= MAX_RATE:
        raise _Wrong(where, "must lie between 0 and 1,000,000 dollars per million tokens", example)
    return number


def _number(value: object, where: str, example: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise _Wrong(where, "must be a number", example)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise _Wrong(where, f"is no number: {_plain(value)}", example) from None
    if not number.is_finite() or not -18 <= int(number.normalize().as_tuple().exponent) <= 18:
        raise _Wrong(where, "must be a plain number with at most 18 decimals", example)
    return number


def _plain(value: object) -> str:
    return clean(value, 60)



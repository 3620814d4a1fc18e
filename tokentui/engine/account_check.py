"""Whether an account can be as it was asked for; who sets it up hears which field is wrong, and why."""

from __future__ import annotations

import re

from msgspec.structs import replace

from tokentui import secrets
from tokentui.billing import FEATURES, Account
from tokentui.sources.providers import Provider, find, rows
from tokentui.text import clean

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MOST_TEXT = 200


class AccountProblem(Exception):
    """Something about an account cannot be as asked: says which field, why, and what would do."""

    def __init__(self, message: str, hint: str = "", *, field: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.field = field


def row_of(service: str) -> Provider:
    """Return the provider of a service. Raises AccountProblem."""
    row = rows().get(service) or find(service)
    if row is None:
        hint = f"there are: {', '.join(rows())}"
        raise AccountProblem(f"there is no service “{clean(service, 60)}”", hint, field="service")
    return row


def opt_ins(row: Provider) -> dict[str, str]:
    """Return what is off until the user turns it on -> the warning shown before."""
    found: dict[str, str] = {
        feature: row.capabilities[feature].note or "not documented by the provider"
        for feature in FEATURES
        if row.capabilities[feature].offer == "opt-in"
    }
    for option in row.options:
        if option.name == "opt_in":
            what, _, why = option.hint.partition(": ")
            found[what] = why
    return {**found, **row.opt_ins}


def holds_key(text: str) -> bool:
    """Tell whether a text that will be shown contains what is probably a key; teams have UUIDs as ids."""
    return secrets.looks_like_key(text) and not _UUID.fullmatch(text.strip())


def checked(account: Account) -> Account:
    """Return an account as it is stored, or raise AccountProblem about its first wrong field."""
    row = row_of(account.service)
    if holds_key(account.name):
        hint = "a key is asked for, or read from standard input; replace this one, lists of programs show it"
        raise AccountProblem("the name looks like a key (it is not shown)", hint, field="name")
    account = replace(account, service=row.name, name=account.name.strip().lower())
    if account.name and not _NAME.fullmatch(account.name):
        hint = "letters, digits, . _ and - only, at most 40, such as: work"
        raise AccountProblem("this is no name for an account", hint, field="name")
    texts = {name: getattr(account, name) for name in ("label", "organization", "project", "base_url")}
    for field, value in {**texts, **account.options, "prices": account.prices}.items():
        if (len(value) > _MOST_TEXT and field != "prices") or value != clean(value, len(value)):
            raise AccountProblem(f"the {field} holds what cannot be shown, or is too long", field=field)
        if holds_key(value):
            raise AccountProblem(f"the {field} looks like a key (it is not shown)", field=field)
    if account.secret_reference:
        try:
            secrets.parse(account.secret_reference)
        except secrets.SecretsError as error:
            raise AccountProblem(str(error), error.hint, field="key") from None
    _check_numbers(account, row)
    if account.prices:
        from tokentui.pricing import account_line

        try:
            account = replace(account, prices=account_line.parse(account.prices, account.key).line)
        except account_line.LineError as error:
            raise AccountProblem(str(error), f"such as: {error.example}", field="prices") from None
    if account.base_url or row.base_url:
        from tokentui.sources.providers.errors import Refused
        from tokentui.sources.providers.http import checked

        try:
            checked(account.base_url or row.base_url)
        except Refused as error:
            raise AccountProblem(str(error), error.hint, field="base_url") from None
    for option in row.options:
        if option.required and not account.options.get(option.name):
            raise AccountProblem(f"{option.title} is missing", option.hint, field=option.name)
    return account


def _check_numbers(account: Account, row: Provider) -> None:
    floors = [each.interval_seconds for each in row.capabilities.values() if each.interval_seconds]
    if account.interval_seconds and account.interval_seconds < min(floors, default=0):
        hint = f"{row.title} is asked every {min(floors)} seconds at most; 0 means its own pace"
        raise AccountProblem("this is too often", hint, field="interval_seconds")
    for field in ("monthly_limit", "session_limit", "token_limit", "interval_seconds"):
        value = getattr(account, field)
        if value is not None and not 0 <= value < 1 << 60:
            raise AccountProblem(f"the {field.replace('_', ' ')} is out of range", field=field)

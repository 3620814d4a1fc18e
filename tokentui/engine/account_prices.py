"""What an account pays, in the user's price file: read for lists, written for the form and the command line.

It is a line of the table [account] there (see `pricing.account_line`) and no column beside the account's
other fields: whatever prices a request reads this one file, worker processes without a database as well; a
change of it is noticed, and put on what is stored, as any change of the user's prices is; and tools that were
only found in logs, which have no fields, can have prices of their own.
"""

from __future__ import annotations

import fcntl
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from tokentui import own_files
from tokentui.config import Paths, with_line
from tokentui.engine.account_check import AccountProblem
from tokentui.pricing import PriceFileError, price_file
from tokentui.pricing.overlay import AccountPrices
from tokentui.text import clean

TABLE = "account"


def lines(paths: Paths) -> Mapping[str, str]:
    """Return what accounts pay, by `service/name`; nothing while the price file cannot be used."""
    return {account: own.line for account, own in _said(paths).items() if own.line}


def remark(paths: Paths, account: str) -> str:
    """Return what is to be known of what is computed for an account; empty where it is at list prices."""
    own = _said(paths).get(account)
    if own is None:
        return ""
    return f"what is computed is at your own prices for this account, {own.line or 'rows'} in prices.toml"


def _said(paths: Paths) -> Mapping[str, AccountPrices]:
    try:
        return price_file.load(paths.price_overlay).accounts
    except PriceFileError:
        return {}


def put(paths: Paths, account: str, line: str) -> None:
    """Write what an account pays into the price file; an empty line takes it out.

    Every other line of the file stays as it is. Raises AccountProblem, and then the file is as it was.
    """
    with _alone(paths):
        problem = _problem(paths, account, line)
    if problem is not None:
        raise problem  # here, where no OSError is its context: that would be taken for one of the database


@contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    """Let one program at a time read the file and write it: of two changes at once one would be lost.

    Its folder is locked, as the file itself is replaced. Where folders cannot be locked, nothing is.
    """
    try:
        paths.price_overlay.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(paths.price_overlay.parent, os.O_RDONLY)
    except OSError:
        yield  # writing says why
        return
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _problem(paths: Paths, account: str, line: str) -> AccountProblem | None:
    """Write it; return why it cannot be written."""
    path = paths.price_overlay
    try:
        price_file.load(path)
        text = (own_files.read(path) or b"").decode("utf-8-sig")
    except (PriceFileError, own_files.NotReadable) as error:
        hint = getattr(error, "hint", "") or "mend it first"
        return AccountProblem(f"the price file cannot be used: {clean(error, 300)}", hint, field="prices")
    table = tomllib.loads(text).get(TABLE, {})
    name = next((each for each in table if each.strip().lower() == account), None)
    if name is None and not line:
        return None
    try:
        own_files.write(path, with_line(text, TABLE, name or account, line or None).encode())
    except OSError as error:
        return AccountProblem(f"{path}: cannot be written: {error.strerror}", field="prices")
    return None

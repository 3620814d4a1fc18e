"""`tokentui account`: set accounts up, test them, change and remove them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tokentui.cli import KEY_REJECTED, Failure, LazyGroup, Misuse, output
from tokentui.cli.account_fields import changed, fields
from tokentui.cli.surroundings import look_around

if TYPE_CHECKING:  # `tokentui --help` reads this module, and needs none of the accounts
    from tokentui.billing import Account, KeyReport
    from tokentui.engine.accounts import Accounts
    from tokentui.secrets import Secret

_PLANS = {name: f"tokentui.cli.plans:{name}" for name in ("subscribe", "plans", "unsubscribe")}

class Rejected(Failure):
    """A provider did not take a key."""

    exit_code = KEY_REJECTED


@click.group(
    cls=LazyGroup, lazy=_PLANS, no_args_is_help=True,
    short_help="Accounts at providers: add, test, change, remove.",
)
def account() -> None:
    """Accounts at providers, whose usage APIs are asked with your keys.

    A key is asked for without echo, or read from standard input; never given on the command line. It goes
    into the vault (tokentui vault), or stays where --key-env, --key-file or --key-command say it is.
    """


@account.command("list", short_help="The accounts there are.")
@click.option("--json", "as_json_", is_flag=True, help="Print JSON.")
def list_(as_json_: bool) -> None:
    """Print the accounts: state, last answer, next question, age of the key."""
    from tokentui.cli.account_report import as_json, listing

    accounts = _accounts()
    views = accounts.listed()
    if as_json_:
        output.write(
            json.dumps({"schema": 1, "accounts": [as_json(view) for view in views]}, indent=2) + "\n"
        )
        return
    output.write(
        listing(views, accounts.offered(), output.columns_of(sys.stdout), output.coloured(sys.stdout))
    )


@account.command(short_help="Set an account up.")
@click.argument("service")
@click.argument("name", default="")
@fields
@click.option("--no-test", is_flag=True, help="Do not ask the provider what the key may do.")
def add(service: str, name: str, no_test: bool, **given: object) -> None:
    """Set up an account of SERVICE; a NAME tells several apart (tokentui providers lists the services)."""
    from tokentui.billing import Account
    from tokentui.engine.account_check import checked, row_of

    accounts = _accounts()
    row = row_of(service)
    draft = checked(changed(Account(row.name, name), given))
    if any(view.account.key == draft.key for view in accounts.listed()):
        hint = f"change it: tokentui account edit {draft.key}; or give this one a name as well"
        raise Misuse(f"there is an account {draft.key} already", hint=hint)
    key = None
    if row.key_help and not draft.secret_reference:
        _require_vault(accounts)
        key = _asked_key(f"Key of {row.title}")
    if not no_test:
        _test(accounts, draft, key, hint="--no-test saves it all the same")
    if key is not None:
        _open_vault(accounts)
    view = accounts.add(draft, key)
    output.write(f"added {view.account.key}; its first figures come with the next collection\n")


@account.command(short_help="Change an account.")
@click.argument("key", metavar="ACCOUNT")
@fields
def edit(key: str, **given: object) -> None:
    """Change fields of ACCOUNT (service, or service/name); of one that only logs tell of, its limits."""
    from tokentui.engine import own_limits

    accounts = _accounts()
    before = own_limits.view(accounts, key).account
    after = changed(before, given)
    if after == before:
        raise Misuse("nothing to change was named", hint="such as: --monthly-limit 150")
    changes = {name: getattr(after, name) for name in before.__struct_fields__}
    named = {name: value for name, value in changes.items() if value != getattr(before, name)}
    own_limits.change(accounts, key, named)
    output.write(f"changed {before.key}\n")


@account.command(short_help="Ask a provider what the key may do.")
@click.argument("key", metavar="ACCOUNT")
def test(key: str) -> None:
    """Ask ACCOUNT's provider what its key may do."""
    accounts = _accounts()
    view = accounts.view(key)
    if view.account.secret_reference.startswith("vault:"):
        _open_vault(accounts)
    how = "rotate" if view.account.secret_reference.startswith("vault:") else "edit"
    _test(accounts, view.account, None, hint=f"then: tokentui account {how} {view.account.key}")


@account.command(short_help="See live rate limits, by one paid request.")
@click.argument("key", metavar="ACCOUNT")
@click.option("--yes", is_flag=True, help="Do not ask: send it, and pay for it.")
@click.option("--model", default="", metavar="NAME", help="Whose limits; else the cheapest model.")
def probe(key: str, yes: bool, model: str) -> None:
    """Send one paid request with ACCOUNT's key: the headers of its answer tell the live rate limits.

    It says first what it costs, and asks. Nothing else in tokentui ever sends such a request.
    """
    from tokentui.engine.account_probe import probe as sent
    from tokentui.engine.account_probe import proposal

    accounts = _accounts()
    wanted = proposal(accounts, key, model)
    output.write(wanted.sentence + "\n")
    if not yes:
        if not sys.stdin.isatty():
            raise Failure("there is no terminal to ask on", hint="--yes sends it without asking")
        click.confirm("Send it, and pay for it?", abort=True, err=True)
    view = accounts.view(key)
    if view.account.secret_reference.startswith("vault:"):
        _open_vault(accounts)
    with _rejections("nothing was stored"):
        _tell(sent(accounts, wanted))


@account.command(short_help="Stop asking for an account.")
@click.argument("key", metavar="ACCOUNT")
def pause(key: str) -> None:
    """Stop asking for ACCOUNT; what is known of it stays."""
    output.write(f"paused {_accounts().pause(key).account.key}\n")


@account.command(short_help="Go on asking for an account.")
@click.argument("key", metavar="ACCOUNT")
def resume(key: str) -> None:
    """Go on asking for ACCOUNT."""
    output.write(f"resumed {_accounts().pause(key, active=True).account.key}\n")


@account.command(short_help="Replace an account's key in the vault.")
@click.argument("key", metavar="ACCOUNT")
@click.option("--no-test", is_flag=True, help="Do not ask the provider what the new key may do.")
def rotate(key: str, no_test: bool) -> None:
    """Replace the key of ACCOUNT in the vault."""
    accounts = _accounts()
    view = accounts.view(key)
    _require_vault(accounts)
    new = _asked_key(f"New key of {view.account.key}")
    if not no_test:
        _test(accounts, view.account, new, hint="--no-test replaces it all the same")
    _open_vault(accounts)
    accounts.rotate(key, new)
    output.write(f"the key of {view.account.key} is replaced; withdraw the old one at the provider\n")


@account.command(short_help="Remove an account.")
@click.argument("key", metavar="ACCOUNT")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(key: str, yes: bool) -> None:
    """Remove ACCOUNT, what its provider said of it, and its key in the vault; says first what goes."""
    from tokentui.engine.account_words import removal_words

    accounts = _accounts()
    view = accounts.view(key)
    output.write(removal_words(view, accounts.removal(key)) + "\n")
    if not yes:
        if not sys.stdin.isatty():
            raise Failure("there is no terminal to ask on", hint="--yes removes it without asking")
        click.confirm(f"Remove {view.account.key}?", abort=True, err=True)
    left = accounts.remove(key)
    output.write(f"removed {view.account.key}{'; ' if left else ''}{left}\n")


@account.command(short_help="Who changed what.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--json", "as_json_", is_flag=True, help="Print JSON.")
def audit(limit: int, as_json_: bool) -> None:
    """Print who changed which account, newest first; never a key."""
    from tokentui.cli.account_report import audit_json, audit_table

    entries = _accounts().audit_log(limit)
    if as_json_:
        output.write(json.dumps({"schema": 1, "entries": audit_json(entries)}, indent=2) + "\n")
        return
    output.write(audit_table(entries, output.columns_of(sys.stdout), output.coloured(sys.stdout)))


def _accounts() -> Accounts:
    from tokentui.engine.accounts import Accounts

    here = look_around()
    return Accounts(here.paths, here.settings)


def _asked_key(question: str) -> Secret:
    """Return a key, typed without echo or from standard input."""
    from tokentui import secrets

    if sys.stdin.isatty():
        typed = secrets.Secret(click.prompt(question, hide_input=True, err=True))
    else:
        typed = secrets.Secret(sys.stdin.buffer.readline(16_384).decode("utf-8", "replace").strip())
    return secrets.key_of(typed, "the key")


def _require_vault(accounts: Accounts) -> None:
    """Fail where a key cannot be kept: before it is asked for, with nobody to type a passphrase.

    Raises Failure or SecretsError.
    """
    if sys.stdin.isatty():
        return
    state = accounts.vault_state
    if state == "none":
        raise Failure("there is no vault to keep the key in", hint="tokentui vault init makes one")
    if state == "locked":
        from tokentui.engine import keychain

        keychain.vault_of(look_around().paths).unlock()  # fails again, and says why


def _open_vault(accounts: Accounts) -> None:
    """Make sure the vault takes a key: made when there is none, opened when it is locked."""
    from tokentui.cli.passphrase import Passphrases

    _require_vault(accounts)
    state = accounts.vault_state
    if state == "none":
        output.write("The key goes into a vault, which is made now.\n")
        accounts.create_vault(Passphrases().new(None))
    elif state == "locked":
        accounts.unlock(Passphrases().old(None))


def _test(accounts: Accounts, draft: Account, key: Secret | None, *, hint: str) -> None:
    """Tell what a key may do. Raises Failure; with exit code 3 when it is rejected."""
    with _rejections(hint):
        _tell(accounts.test(draft, key))


@contextmanager
def _rejections(hint: str) -> Iterator[None]:
    """Turn what a provider refuses into a Failure; with exit code 3 when it is the key."""
    from tokentui.sources.providers.errors import KeyRejected, ProviderError

    try:
        yield
    except ProviderError as error:
        kind = Rejected if isinstance(error, KeyRejected) else Failure
        raise kind(str(error), hint=f"{error.hint}\n{hint}" if error.hint else hint) from None


def _tell(report: KeyReport) -> None:
    output.write(f"{report.summary}\n")
    for warning in report.warnings:
        output.write(f"  note: {warning}\n")

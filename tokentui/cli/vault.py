"""`tokentui vault`: make, open, change and look at the vault that keeps the keys."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from tokentui import config, secrets
from tokentui.cli import Misuse, output
from tokentui.cli.passphrase import Passphrases
from tokentui.secrets import Document, NewSlot, Secret, SourceSlot, Vault
from tokentui.text import clean, tilde

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

FILE_HELP = "Read the passphrase from this file (mode 600), or with - the next line of standard input."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which slots a command line asks for."""

    keyring: bool = False
    key_file: str | None = None
    command: str | None = None
    credential: str | None = None

    def slots(self) -> list[NewSlot]:
        """Return the slots, in the order of the options. Raises `BadReference`."""
        named = (("file", self.key_file), ("command", self.command), ("systemd", self.credential))
        found: list[NewSlot] = [secrets.KeyringSlot()] if self.keyring else []
        for scheme, text in named:
            if text is not None:
                source = secrets.parse(f"{scheme}:{os.path.abspath(text) if scheme == 'file' else text}")
                assert not isinstance(source, secrets.FromEnvironment | secrets.FromVault)
                found.append(SourceSlot(source))
        return found


def ways(decorated: Decorated) -> Decorated:
    """Add the options that name a slot."""
    for option in (
        click.option("--credential", metavar="NAME", help="Opened by a systemd credential."),
        click.option("--command", metavar="WORDS", help="Opened by the first line a command prints."),
        click.option("--key-file", metavar="PATH", help="Opened by a private file; made when there is none."),
        click.option("--keyring", is_flag=True, help="Opened by a random key in the system's keyring."),
    ):
        decorated = option(decorated)
    return decorated


def passphrase_file(option: str, text: str) -> Callable[[Decorated], Decorated]:
    """Return an option that names where a passphrase is read from."""
    return click.option(option, metavar="PATH", help=text)


@click.group(no_args_is_help=False, short_help="The encrypted file that keeps the keys.")
def vault() -> None:
    """The encrypted file that keeps the keys of your accounts.

    It is opened by any one of its slots: a passphrase, the system's keyring, a command, a key file or a
    systemd credential. Passphrases are asked for or read from a file, never given on the command line.
    """


@vault.command(short_help="Make the vault.")
@ways
@click.option("--no-passphrase", is_flag=True, help="Only the slots named here: losing them loses the keys.")
@passphrase_file("--passphrase-file", FILE_HELP)
def init(no_passphrase: bool, passphrase_file: str | None, **ways: Any) -> None:
    """Make the vault, opened by a passphrase and by whatever else is named."""
    kept = _vault()
    if kept.exists:
        raise secrets.VaultExists(f"{kept.path}: there is a vault already", "tokentui vault status shows it")
    slots = Wanted(**ways).slots()
    if no_passphrase and not slots:
        raise Misuse("--no-passphrase leaves no way to open it", hint="add --keyring or --key-file PATH")
    if not no_passphrase:
        slots.insert(0, secrets.PassphraseSlot(Passphrases().new(passphrase_file)))
    kept.create(slots, _now())
    output.write(f"made {tilde(kept.path)}, opened by: {', '.join(each.kind for each in slots)}\n")
    if no_passphrase:
        output.write("nothing else opens it; `tokentui vault slots add --passphrase` adds a passphrase\n")


@vault.command(short_help="Show slots, keys and their age.")
@click.option("-j", "--json", "as_json", is_flag=True, help="JSON.")
def status(as_json: bool) -> None:
    """Show the slots, the names of the keys and how old each is. Nothing is opened."""
    kept = _vault()
    document = kept.read()
    if as_json:
        output.write(json.dumps(_as_json(kept.path, document), indent=2) + "\n")
        return
    colour, width = output.coloured(sys.stdout), output.columns_of(sys.stdout)
    output.write(f"{tilde(kept.path)}, made {_day(document.created)}\n\n")
    output.write(_slot_table(document, width, colour))
    if not document.items:
        output.write("\nNo key is in it yet.\n")
        return
    now = time.time()
    rows = [
        [
            output.Cell(item.name), output.Cell(_day(item.changed)), output.Cell(f"{item.age_days(now):,}"),
            output.Cell(str(item.version)),
            output.Cell("now" if item.is_due(now) else f"{item.rotate_days} days" if item.rotate_days else "",
                        style=output.YELLOW if item.is_due(now) else ""),
        ]
        for item in sorted(document.items.values(), key=lambda item: item.name)
    ]  # fmt: skip
    columns = [
        output.Column("key", numeric=False), output.Column("put in", numeric=False, keep=2),
        output.Column("age, days"), output.Column("version", keep=1), output.Column("replace after"),
    ]  # fmt: skip
    output.write("\n" + output.table(columns, rows, width=width, colour=colour))


@vault.command("unlock-test", short_help="Try to open the vault.")
@passphrase_file("--passphrase-file", FILE_HELP)
def unlock_test(passphrase_file: str | None) -> None:
    """Try the slots in the order a start does, and say which opens the vault and how long each takes."""
    kept = _vault()
    try:
        attempts = kept.unlock(Passphrases().old(passphrase_file) if passphrase_file else None)
    except secrets.VaultLocked as locked:
        if passphrase_file or not _asks(kept):
            raise
        output.write(f"{clean(locked, 500)}\n")
        attempts = kept.unlock(Passphrases().old(None))
    for each in attempts:
        how = each.problem or "opens it"
        output.write(f"{each.slot.id}  {each.slot.kind}: {clean(how)} ({each.seconds:.2f} s)\n")


@vault.command(short_help="Encrypt everything anew.")
@passphrase_file("--passphrase-file", FILE_HELP)
@passphrase_file("--new-passphrase-file", "The same, for the new passphrase.")
def rekey(passphrase_file: str | None, new_passphrase_file: str | None) -> None:
    """Encrypt all keys under a new data key, with a new passphrase; every other slot is made anew.

    Afterwards the old passphrase opens nothing here. Old copies of the file elsewhere it still opens:
    replace the keys at their providers, too, when it may be known.
    """
    asked = Passphrases()
    kept = _open(asked, passphrase_file)
    new: Secret | None = None
    if new_passphrase_file or any(slot.kind == "passphrase" for slot in kept.read().slots):
        new = asked.new(new_passphrase_file)
    for problem in kept.rekey(new, _now()):
        _warn(problem)
    output.write(f"{tilde(kept.path)} has a new data key, and its slots are new\n")


@vault.group(no_args_is_help=False, short_help="List, add and remove slots.")
def slots() -> None:
    """The ways to open the vault."""


@slots.command("list", short_help="Show the slots.")
def list_slots() -> None:
    """Show the slots."""
    output.write(_slot_table(_vault().read(), output.columns_of(sys.stdout), output.coloured(sys.stdout)))


@slots.command("add", short_help="Add a way to open the vault.")
@ways
@click.option("--passphrase", is_flag=True, help="Opened by one more passphrase.")
@passphrase_file("--passphrase-file", FILE_HELP)
@passphrase_file("--new-passphrase-file", "The same, for the passphrase that is added.")
def add_slot(
    passphrase: bool, passphrase_file: str | None, new_passphrase_file: str | None, **ways: Any
) -> None:
    """Add one way to open the vault."""
    wanted = Wanted(**ways).slots()
    adds_passphrase = passphrase or new_passphrase_file is not None
    if len(wanted) + adds_passphrase != 1:
        example = "tokentui vault slots add --keyring"
        raise Misuse("exactly one way to open the vault is expected", hint=f"such as: {example}")
    asked = Passphrases()
    kept = _open(asked, passphrase_file)
    new = wanted[0] if wanted else secrets.PassphraseSlot(asked.new(new_passphrase_file))
    slot = kept.add_slot(new, _now())
    output.write(f"added slot {slot.id}: {slot.kind} {clean(secrets.described(slot))}".rstrip() + "\n")


@slots.command("remove", short_help="Take a slot out.")
@click.argument("slot_id", metavar="ID")
@passphrase_file("--passphrase-file", FILE_HELP)
def remove_slot(slot_id: str, passphrase_file: str | None) -> None:
    """Take a slot out. The last one stays: without it nobody could open the vault."""
    kept = _open(Passphrases(), passphrase_file)
    if problem := kept.remove_slot(slot_id):
        _warn(problem)
    output.write(f"removed slot {clean(slot_id, 40)}; older copies of the vault it still opens\n")


def _vault() -> Vault:
    path = config.paths(os.environ).data_dir / secrets.FILE_NAME
    return Vault(path, secrets.Means.of(os.environ))


def _open(asked: Passphrases, passphrase_file: str | None) -> Vault:
    """Return the vault, open: by the passphrase that is named, or by itself, or by asking."""
    kept = _vault()
    if passphrase_file:
        kept.unlock(asked.old(passphrase_file))
        return kept
    try:
        kept.unlock()
    except secrets.VaultLocked:
        if not _asks(kept):
            raise
        kept.unlock(asked.old(None))
    return kept


def _asks(kept: Vault) -> bool:
    """Tell whether a passphrase would help and there is somebody to ask."""
    return sys.stdin.isatty() and any(slot.kind == "passphrase" for slot in kept.read().slots)


def _slot_table(document: Document, width: int, colour: bool) -> str:
    columns = [output.Column(title, numeric=False) for title in ("slot", "kind", "since", "where")]
    rows = [
        [output.Cell(clean(each)) for each in (slot.id, slot.kind, _day(slot.created), _where(slot))]
        for slot in document.slots
    ]
    return output.table(columns, rows, width=width, colour=colour)


def _where(slot: secrets.Slot) -> str:
    """Return where a slot's key is; the reason when its settings say nothing."""
    try:
        return secrets.described(slot)
    except secrets.VaultDamaged as error:
        return str(error)


def _as_json(path: str, document: Document) -> dict[str, object]:
    now = time.time()
    return {
        "schema": 1,
        "path": path,
        "created": _moment(document.created),
        "slots": [
            {"id": slot.id, "kind": slot.kind, "created": _moment(slot.created),
             "where": _where(slot) or None}
            for slot in document.slots
        ],
        "keys": [
            {
                "name": item.name, "version": item.version, "created": _moment(item.created),
                "changed": _moment(item.changed), "age_days": item.age_days(now),
                "rotate_days": item.rotate_days or None, "due": item.is_due(now),
            }
            for item in document.items.values()
        ],
    }  # fmt: skip


def _moment(seconds: int) -> str:
    """Return a time as ISO 8601 in UTC; the farthest there is, when a file says something absurd."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return "9999-12-31T23:59:59Z"


def _day(seconds: int) -> str:
    return _moment(seconds)[:10]


def _now() -> int:
    return int(time.time())


def _warn(problem: str) -> None:
    from tokentui.cli.failures import note

    note(f"this is left over: {clean(problem)}")

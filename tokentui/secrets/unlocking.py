"""Which slots are tried to open a vault, in which order, and how each attempt went."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tokentui.secrets import slots
from tokentui.secrets.document import KINDS, Document, Slot
from tokentui.secrets.errors import SecretsError
from tokentui.secrets.secret import Secret
from tokentui.secrets.slots import PASSPHRASE_VARIABLE, Means

REFUSED = "what was found there does not open it"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One slot that was tried."""

    slot: Slot
    seconds: float
    problem: str = ""
    """Why it did not open; empty when it did."""


def try_slots(document: Document, means: Means) -> tuple[Secret | None, list[Attempt]]:
    """Try what asks nobody, in the order of `KINDS`, then the passphrase in the environment if there is one.

    Returns the data key, None when no slot opened, and every attempt.
    """
    attempts: list[Attempt] = []
    for slot in sorted(filter(slots.asks_nobody, document.slots), key=lambda slot: KINDS.index(slot.kind)):
        if data_key := _tried(slot, lambda slot: slots.opened(slot, document.id, means), attempts):
            return data_key, attempts
    if means.environ.get(PASSPHRASE_VARIABLE):
        data_key, more = try_passphrase(document, Secret(means.environ[PASSPHRASE_VARIABLE]))
        return data_key, attempts + more
    return None, attempts


def try_passphrase(document: Document, phrase: Secret) -> tuple[Secret | None, list[Attempt]]:
    """Try a passphrase on every slot that takes one."""
    attempts: list[Attempt] = []
    for slot in document.slots:
        if slots.asks_nobody(slot):
            continue
        if data_key := _tried(slot, lambda slot: slots.opened_by(phrase, slot, document.id), attempts):
            return data_key, attempts
    return None, attempts


def _tried(
    slot: Slot, opened: Callable[[Slot], Secret | None], attempts: list[Attempt]
) -> Secret | None:
    start = time.monotonic()
    data_key, problem = None, ""
    try:
        data_key = opened(slot)
    except SecretsError as error:
        problem = str(error)
    if data_key is None and not problem:
        problem = REFUSED
    attempts.append(Attempt(slot, time.monotonic() - start, problem))
    return data_key

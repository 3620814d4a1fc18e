"""What each service can be asked for, made from both registries, so that no table can say anything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tokentui.billing import Capability
from tokentui.sources import Source, tools
from tokentui.sources.providers import Provider, rows

QUESTIONS = ("sessions", "history", "cost", "limits", "balance")
"""The columns: single sessions, use over time, money, how full limits are, what is left."""

WORDS = {"yes": "yes", "key": "with key", "opt-in": "opt-in", "paid": "paid", "local": "local", "no": "no"}
"""How an offer is written."""

MEANINGS = (
    ("yes", "any key of the service shows it"),
    ("with key", "it needs a special key; the account's set-up says which"),
    ("opt-in", "off until you turn it on, after a warning"),
    ("paid", "by one paid request, sent when you ask for it and say yes: `tokentui account probe`"),
    ("local", "from this machine's own files or programs"),
    ("no", "not offered; the reason stands in `tokentui providers NAME`"),
)

_LOGS = Capability("local", "from the tool's session logs on this machine")
_COMPUTED = Capability("local", "computed from the logs at list prices; no bill")
_LIMITS = {
    "claude-code": Capability("local", "from Claude Code's status line: tokentui statusline"),
    "codex": Capability("local", "from the newest rate limits in its logs"),
}
_NO_LIMITS = Capability("no", "its logs name no limits")
_NO_BALANCE = Capability("no", "a plan has no balance")


class Offers(NamedTuple):
    """One service and what can be known of it."""

    name: str
    title: str
    kind: str
    """`logs` or `api`."""
    capabilities: Mapping[str, Capability]
    """By the names of QUESTIONS."""
    dashboard_url: str | None
    key_help: str
    notes: tuple[str, ...]


def matrix() -> list[Offers]:
    """Return all services: the tools whose logs are read, then the providers."""
    known = rows()
    read = [_joined(_of_logs(source), known.get(source.name)) for source in tools()]
    names = {each.name for each in read}
    return read + [_of_api(row) for row in known.values() if row.name not in names]


def table() -> str:
    """Return the matrix as a Markdown table, as the README has it."""
    heads = ("service", *QUESTIONS, "dashboard")
    lines = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    for each in matrix():
        offers = [WORDS[each.capabilities[question].offer] for question in QUESTIONS]
        where = f"[page]({each.dashboard_url})" if each.dashboard_url else "–"
        lines.append(f"| {each.title} (`{each.name}`) | {' | '.join(offers)} | {where} |")
    return "\n".join(lines) + "\n"


def _of_logs(source: Source) -> Offers:
    capabilities = {
        "sessions": _LOGS, "history": _LOGS, "cost": _COMPUTED,
        "limits": _LIMITS.get(source.name, _NO_LIMITS), "balance": _NO_BALANCE,
    }  # fmt: skip
    return Offers(source.name, source.title, "logs", capabilities, source.dashboard_url, "", ())


def _joined(offers: Offers, row: Provider | None) -> Offers:
    """Return a tool's offers with what its provider adds to its logs."""
    if row is None:
        return offers
    capabilities = dict(offers.capabilities)
    for feature, more in row.capabilities.items():
        if more.offer == "no":
            continue
        known = capabilities[feature]
        if known.offer == "no":
            capabilities[feature] = more
        else:
            note = f"{known.note}; {WORDS[more.offer]}: {more.note}"
            capabilities[feature] = Capability(known.offer, note, more.interval_seconds)
    return offers._replace(capabilities=capabilities, key_help=row.key_help, notes=row.notes)


def _of_api(row: Provider) -> Offers:
    capabilities: dict[str, Capability] = {"sessions": row.sessions}
    for feature, capability in row.capabilities.items():
        capabilities[feature] = capability
    return Offers(row.name, row.title, "api", capabilities, row.dashboard_url, row.key_help, row.notes)

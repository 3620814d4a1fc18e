"""What the registry knows of each provider."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from tokentui.billing import Capability, Feature

NOT_OFFERED = Capability("no")


class Span(NamedTuple):
    """Which time is asked for, in UTC epoch microseconds; both ends lie on UTC midnights."""

    start: int
    end: int
    """Exclusive."""


class Option(NamedTuple):
    """What only this provider must be told beside the key."""

    name: str
    title: str
    required: bool = False
    hint: str = ""


class Probe(NamedTuple):
    """One paid request that shows the live rate limits: sent when the user has said yes, never by itself.

    Its provider's module has `async def probe(client, account, model) -> rate_limits.Probed`.
    """

    model: str
    """The cheapest one; another can be named."""
    input_tokens: int = 100
    """More than it takes, for the price that is told before."""
    most: int = 0
    """Nano-dollars it comes to at most with that model, where the price list does not know it."""


class Provider(NamedTuple):
    """A service whose figures come from its API, or from a program on this machine."""

    name: str
    """The service: `openai-api`."""
    title: str
    module: str
    """Where its code lives; imported when first used."""
    base_url: str
    """Including the version prefix; empty where there is none (a program, a file)."""
    dashboard_url: str | None
    key_help: str
    """Which key it needs, and where one is made; empty where none is needed."""
    capabilities: Mapping[Feature, Capability]
    environment: tuple[str, ...] = ()
    """Variables in which such a key is often found; offered to the user, never taken silently."""
    options: tuple[Option, ...] = ()
    sessions: Capability = NOT_OFFERED
    """Whether single sessions are known (from logs on this machine)."""
    history_days: int = 31
    """How far back history is fetched by itself."""
    reach_days: int = 0
    """How far back it is fetched when the user names an earlier day; 0 = `history_days`."""
    notes: tuple[str, ...] = ()
    """What a user should know before adding it."""
    provider_name: str = ""
    """Under which its models are in the price list (`openai`); empty where tokens are not priced."""
    opt_ins: Mapping[str, str] = {}
    """What is off by default -> the warning shown before it is turned on."""
    probe: Probe | None = None
    """How live rate limits are looked at, for money; None where they need no such request."""

    def load(self) -> ModuleType:
        """Import and return its module."""
        return import_module(self.module)

"""What the price data leaves out: tiers before they were verified, Anthropic's cache multiples, old names.

genai-prices has rates of service tiers from October 2026 on, when its authors verified them, and says
that it does not model their history. The published multiples of the standard rates fill that gap.

Sources, read in October 2026:
* Anthropic, https://platform.claude.com/docs/en/about-claude/pricing: cache writes cost 1.25 times (5
  minutes) and 2 times (1 hour) the input rate, reads 0.1 times; web searches $10 per thousand; batches
  half of everything; fast mode 6 times on Opus 4.6 and 4.7, 2 times on Opus 4.8. The priority tier is a
  commitment paid in advance: its tokens are shown at the standard rates.
* OpenAI, https://developers.openai.com/api/docs/pricing: batch and flex half; priority 2 times on GPT-5.4
  and GPT-5.3-Codex, 2.5 times on GPT-5.5, and not for requests at long-context rates.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

RULES = 1
"""Raised when this table or a rule of pricing changes: what had no price is then tried again."""

STANDARD = frozenset({"", "standard", "default", "auto", "on_demand", "standard_only", "scale"})
"""Tiers billed at the standard rates. A tier that neither this nor the price data knows has no price."""

BASE_ONLY = frozenset({"priority", "fast"})
"""OpenAI's tiers that a long-context request does not get; it pays the standard long-context rates."""

CLAUDE_CACHE = {"read": Decimal("0.1"), "write": Decimal("1.25"), "write_1h": Decimal(2)}
"""Multiples of Anthropic's input rate, where a row of theirs lacks the rate itself."""

ANTHROPIC_SEARCH = Decimal(10)
"""US dollars per thousand web searches."""


class Multiple(msgspec.Struct, frozen=True):
    """What a tier costs, as a multiple of the standard rates of all tokens."""

    provider: str
    model: str
    """A model's id in the price data; empty for all models of the provider."""
    tier: str
    factor: Decimal
    since: date = date.min
    """First day on which it counts; of several rows of a tier the last that counts is in force."""


MULTIPLES = (
    Multiple("anthropic", "claude-opus-4-6", "fast", Decimal(6)),
    Multiple("anthropic", "claude-opus-4-7", "fast", Decimal(6)),
    Multiple("anthropic", "claude-opus-4-8", "fast", Decimal(2)),
    Multiple("anthropic", "", "batch", Decimal("0.5")),
    Multiple("anthropic", "", "priority", Decimal(1)),
    Multiple("openai", "", "batch", Decimal("0.5")),
    Multiple("openai", "", "flex", Decimal("0.5")),
    Multiple("openai", "gpt-5.3-codex", "priority", Decimal(2)),
    Multiple("openai", "gpt-5.4", "priority", Decimal(2)),
    Multiple("openai", "gpt-5.5", "priority", Decimal("2.5")),
    Multiple("openai", "gpt-5.3-codex", "fast", Decimal(2)),
    Multiple("openai", "gpt-5.4", "fast", Decimal(2)),
    Multiple("openai", "gpt-5.5", "fast", Decimal("2.5")),
)


FORMER_NAMES = {
    # Gemini Pro Vision before it had a version number in its name.
    ("google", "gemini-pro-vision"): "gemini-1.0-pro-vision-001",
    ("google", "gemini-1.0-pro-vision"): "gemini-1.0-pro-vision-001",
}
"""Names that models were sold under and that the price data has by a later name only."""


def multiple(provider: str, model: str, tier: str, day: date) -> Decimal | None:
    """Return what a tier costs on a day, as a multiple of the standard rates; None when nobody says."""
    for each in reversed(MULTIPLES):
        if (each.provider, each.tier) == (provider, tier) and each.model in ("", model) and each.since <= day:
            return each.factor
    return None

"""One row a provider, sorted as the set-up lists them. What is known of each: where it is documented."""

from __future__ import annotations

from tokentui.billing import Capability
from tokentui.sources.providers.provider import Option, Provider

_HOUR, _MINUTE = 3600, 60

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "openai-api", "OpenAI API", "tokentui.sources.providers.openai",
        "https://api.openai.com/v1", "https://platform.openai.com/usage",
        "an admin key (sk-admin-…) of the organization: platform.openai.com/settings/organization/admin-keys;"
        " a restricted one with the scope api.usage.read is enough",
        {
            "history": Capability("key", "needs an admin key", 5 * _MINUTE),
            "cost": Capability("key", "needs an admin key", 30 * _MINUTE),
            "limits": Capability("key", "the organization's spend limit; needs an admin key", _HOUR),
            "balance": Capability("no", "OpenAI offers no balance to API keys; see its billing page"),
        },
        ("OPENAI_ADMIN_KEY",),
        (Option("legacy", "legacy usage", hint="yes: a project key and /v1/usage, sparse and without cost"),),
        history_days=90, provider_name="openai",
        notes=("Days are UTC days. Usage may not add up to the bill: the bill counts.",),
    ),
    Provider(
        "anthropic-api", "Anthropic API", "tokentui.sources.providers.anthropic",
        "https://api.anthropic.com/v1", "https://platform.claude.com/usage",
        "an admin key (sk-ant-admin01-…) of an organization: platform.claude.com/settings/admin-keys;"
        " individual accounts have none",
        {
            "history": Capability("key", "needs an admin key of an organization", 5 * _MINUTE),
            "cost": Capability("key", "needs an admin key; without Priority Tier", 30 * _MINUTE),
            "limits": Capability("key", "the configured rate limits, not what is left", 6 * _HOUR),
            "balance": Capability("no", "Anthropic offers no balance; see platform.claude.com/cost"),
        },
        ("ANTHROPIC_ADMIN_KEY",),
        (
            Option("opt_in", "further reports", hint="claude_code: Claude Code's own daily report"),
        ),
        history_days=90, provider_name="anthropic",
        notes=("Days are UTC days. An admin key can also create keys and members: keep it in the vault.",),
    ),
)  # fmt: skip
"""All of them."""

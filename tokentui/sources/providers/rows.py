"""One row a provider, sorted as the set-up lists them. What is known of each: where it is documented."""

from __future__ import annotations

from tokentui.billing import Capability
from tokentui.sources.providers.provider import Option, Probe, Provider

_HOUR, _MINUTE = 3600, 60
_YEARS = 730
"""Days of history that can be asked for where no document names an end of it."""

_NO_USAGE = Capability("no", "it offers no usage API; what local tools used with it is in their logs")
_NO_LIMITS = Capability("no", "it names limits only in the headers of paid requests")
_PROBED = Capability("paid", "live rate limits, by one request that is sent when you ask for it")
_LOCAL = Capability("no", "local: nothing to pay")
_FROM_LOGS = Capability("no", "no API; known from the session logs on this machine")
_PLAN = Capability("no", "the plan costs the same every month: enter it as a subscription")

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
        history_days=90, reach_days=_YEARS, provider_name="openai",
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
        history_days=90, reach_days=_YEARS, provider_name="anthropic",
        notes=("Days are UTC days. An admin key can also create keys and members: keep it in the vault.",),
    ),
    Provider(
        "openrouter", "OpenRouter", "tokentui.sources.providers.openrouter",
        "https://openrouter.ai/api/v1", "https://openrouter.ai/activity",
        "any key (sk-or-v1-…) shows its own limit; credits and activity need a management key:"
        " openrouter.ai/settings/management-keys",
        {
            "history": Capability("key", "needs a management key; the last 30 completed days", _HOUR),
            "cost": Capability("key", "needs a management key; the last 30 completed days", _HOUR),
            "limits": Capability("yes", "the key's own limit", 3 * _MINUTE),
            "balance": Capability("key", "needs a management key", 5 * _MINUTE),
        },
        ("OPENROUTER_MANAGEMENT_KEY", "OPENROUTER_API_KEY"),
        history_days=30,
    ),
    Provider(
        "claude-code", "Claude Code", "tokentui.sources.providers.claude_code",
        "https://api.anthropic.com", "https://claude.ai/settings/usage", "",
        {
            "history": _FROM_LOGS, "cost": _FROM_LOGS,
            "limits": Capability("opt-in", "all windows, from an undocumented endpoint", 5 * _MINUTE),
            "balance": _PLAN,
        },
        options=(Option("user_agent", "user agent", hint="sent in place of tokentui's, at your own risk"),),
        notes=("`tokentui statusline` gets the 5 hours and the week from Claude Code itself, without this.",),
        opt_ins={
            "limits": "reads Claude Code's login (~/.claude/.credentials.json, never changed or renewed) and"
            " asks api/oauth/usage with it. Anthropic does not document that address; its terms allow this"
            " login for Claude Code and its own apps only: others may not collect or store it. It may stop at"
            " any time; other programs are often answered with 429. Prefer tokentui statusline",
        },
    ),
    Provider(
        "codex", "Codex", "tokentui.sources.providers.codex",
        "https://chatgpt.com/backend-api", "https://chatgpt.com/codex/settings/usage", "",
        {
            "history": _FROM_LOGS, "cost": _FROM_LOGS,
            "limits": Capability("opt-in", "the plan's windows, asked of codex app-server", 5 * _MINUTE),
            "balance": _PLAN,
        },
        notes=("Without this the newest limits in Codex's logs are shown.",),
        opt_ins={
            "limits": "starts your own `codex app-server` every five minutes, which asks OpenAI with Codex's"
            " login and ends after the answer; tokentui sees no login",
            "limits-wham": "instead of codex app-server, reads Codex's login (~/.codex/auth.json, never"
            " changed or renewed) and asks chatgpt.com/backend-api/wham/usage with it, which OpenAI does not"
            " document for others and may close at any time. Prefer codex app-server",
        },
    ),
    Provider(
        "github-copilot", "GitHub Copilot", "tokentui.sources.providers.github_copilot",
        "https://api.github.com", "https://github.com/settings/billing",
        "a fine-grained token with “Plan: read” (github.com/settings/personal-access-tokens);"
        " for an organization “Administration: read”",
        {
            "history": Capability("key", "needs a token with “Plan: read”", 30 * _MINUTE),
            "cost": Capability("key", "needs a token with “Plan: read”", 30 * _MINUTE),
            "limits": Capability("key", "an organization's seats; allowances are told to nobody else", _HOUR),
            "balance": Capability("no", "GitHub bills Copilot monthly; there is no balance"),
        },
        ("GITHUB_BILLING_TOKEN",),
        (Option("user", "user name", hint="whose billing, if not the token's owner's"),),
        opt_ins={
            "copilot-internal": "asks copilot_internal/user for your allowance and what is left of it. GitHub"
            " does not document it and may close it at any time. It needs the token of GitHub's own programs"
            " (key from the command `gh auth token`), which may do far more than read billing",
        },
        history_days=31,
        notes=("A person's billing shows what that person bought; an organization's seats are its own.",),
    ),
    Provider(
        "xai", "xAI", "tokentui.sources.providers.xai",
        "https://management-api.x.ai/v1", "https://console.x.ai/team/default/usage",
        "a management key that may read billing: console.x.ai, Settings, Management Keys",
        {
            "history": Capability("no", "xAI tells spending, not tokens"),
            "cost": Capability("key", "needs a management key", 10 * _MINUTE),
            "limits": Capability("key", "the month's spending limit; needs a management key", 30 * _MINUTE),
            "balance": Capability("key", "prepaid credit; needs a management key", 10 * _MINUTE),
        },
        ("XAI_MANAGEMENT_KEY",),
        (Option("team_id", "team id", required=True, hint="from console.x.ai, Settings, Team"),),
        reach_days=_YEARS,
    ),
    Provider(
        "deepseek", "DeepSeek", "tokentui.sources.providers.deepseek",
        "https://api.deepseek.com", "https://platform.deepseek.com/usage",
        "any API key: platform.deepseek.com/api_keys",
        {
            "history": _NO_USAGE, "cost": _NO_USAGE, "limits": _NO_LIMITS,
            "balance": Capability("yes", "", 10 * _MINUTE),
        },
        ("DEEPSEEK_API_KEY",),
    ),
    Provider(
        "moonshot", "Moonshot", "tokentui.sources.providers.moonshot",
        "https://api.moonshot.ai/v1", "https://platform.moonshot.ai/console/account",
        "any API key of the same platform: platform.moonshot.ai/console/api-keys",
        {
            "history": _NO_USAGE, "cost": _NO_USAGE, "limits": _NO_LIMITS,
            "balance": Capability("yes", "", 10 * _MINUTE),
        },
        ("MOONSHOT_API_KEY",),
        notes=("For the Chinese platform set the base URL to https://api.moonshot.cn/v1 (in CNY).",),
    ),
    Provider(
        "kimi-code", "Kimi Code", "tokentui.sources.providers.kimi_code",
        "https://api.kimi.com/coding/v1", "https://www.kimi.com/code/console",
        "a Kimi Code key (sk-kimi-…): www.kimi.com/code/console",
        {
            "history": _NO_USAGE, "cost": _PLAN, "limits": Capability("key", "a plan's windows", 5 * _MINUTE),
            "balance": _PLAN,
        },
        ("KIMI_API_KEY",),
    ),
    Provider(
        "zai", "Z.AI", "tokentui.sources.providers.zai",
        "https://api.z.ai", "https://z.ai/manage-apikey/coding-plan/personal/my-plan",
        "a key of a GLM coding plan: z.ai/manage-apikey",
        {
            "history": _NO_USAGE, "cost": _PLAN, "limits": Capability("key", "a plan's windows", 5 * _MINUTE),
            "balance": _PLAN,
        },
        ("ZAI_API_KEY", "GLM_API_KEY"),
        notes=("For the Chinese platform set the base URL to https://open.bigmodel.cn.",),
    ),
    Provider(
        "minimax", "MiniMax", "tokentui.sources.providers.minimax",
        "https://www.minimax.io", "https://platform.minimax.io/user-center/payment/coding-plan",
        "a coding-plan key (sk-cp-…); pay-as-you-go keys are not accepted",
        {
            "history": _NO_USAGE, "cost": _PLAN, "limits": Capability("key", "a plan's windows", 5 * _MINUTE),
            "balance": _PLAN,
        },
        ("MINIMAX_API_KEY",),
        notes=("For the Chinese platform set the base URL to https://www.minimaxi.com.",),
    ),
    Provider(
        "mistral", "Mistral", "tokentui.sources.providers.mistral",
        "https://api.mistral.ai/v1", "https://admin.mistral.ai/organization/usage",
        "an admin key of an Enterprise organization; other keys can only be checked",
        {
            "history": Capability("no", "its admin API documents no field of its usage report"),
            "cost": Capability("key", "the running month; needs an admin key (Enterprise)", _HOUR),
            "limits": Capability("key", "the month's limit; needs an admin key (Enterprise)", _HOUR),
            "balance": Capability("no", "Mistral offers no balance"),
        },
        ("MISTRAL_ADMIN_KEY",),
        notes=("Amounts are in the organization's currency, mostly EUR.",),
    ),
    Provider(
        "cursor", "Cursor", "tokentui.sources.providers.cursor",
        "https://api.cursor.com", "https://cursor.com/dashboard?tab=usage",
        "an admin key of a team, read-only is enough: cursor.com/dashboard, Settings, Advanced",
        {
            "history": Capability("key", "needs a team's admin key", _HOUR),
            "cost": Capability("key", "needs a team's admin key", _HOUR),
            "limits": Capability("no", "the admin API names no limits of a plan"),
            "balance": Capability("no", "Cursor offers no balance"),
        },
        ("CURSOR_ADMIN_API_KEY",),
        history_days=30,
    ),
    Provider(
        "litellm", "LiteLLM proxy", "tokentui.sources.providers.litellm",
        "http://127.0.0.1:4000", None,
        "a virtual key of the proxy, or its master key",
        {
            "history": Capability("yes", "", 5 * _MINUTE),
            "cost": Capability("yes", "", 5 * _MINUTE),
            "limits": Capability("yes", "the key's budget", 5 * _MINUTE),
            "balance": Capability("yes", "what is left of the budget", 5 * _MINUTE),
        },
        ("LITELLM_API_KEY",),
        (Option("user_id", "user id", hint="of a key that is no admin's: only its own activity is told"),),
        notes=("Set the base URL to where the proxy listens.",),
        reach_days=_YEARS,
    ),
    Provider(
        "vercel", "Vercel AI Gateway", "tokentui.sources.providers.vercel",
        "https://ai-gateway.vercel.sh/v1", "https://vercel.com/dashboard/ai-gateway",
        "a key of the gateway: vercel.com, AI Gateway, API keys",
        {
            "history": Capability("no", "its report costs money with each question; tokentui never asks"),
            "cost": Capability("no", "its report costs money with each question; tokentui never asks"),
            "limits": _NO_LIMITS,
            "balance": Capability("yes", "", 10 * _MINUTE),
        },
        ("AI_GATEWAY_API_KEY",),
    ),
    Provider(
        "groq", "Groq", "tokentui.sources.providers.groq",
        "https://api.groq.com/openai/v1", "https://console.groq.com/dashboard/usage",
        "any API key: console.groq.com/keys",
        {
            "history": _NO_USAGE, "cost": _NO_USAGE, "limits": _PROBED,
            "balance": Capability("no", "Groq offers no balance"),
        },
        ("GROQ_API_KEY",),
        (Option("probe_model", "model of the probe", hint="for the rate limits of another model"),),
        notes=("The key is checked; use is told on Groq's page, or entered by hand with tokentui track.",),
        provider_name="groq", probe=Probe("llama-3.1-8b-instant"),
    ),
    Provider(
        "perplexity", "Perplexity", "tokentui.sources.providers.perplexity",
        "https://api.perplexity.ai", "https://console.perplexity.ai",
        "any API key: console.perplexity.ai",
        {
            "history": _NO_USAGE, "cost": _NO_USAGE, "limits": _PROBED,
            "balance": Capability("no", "Perplexity offers no balance to API keys"),
        },
        ("PERPLEXITY_API_KEY",),
        (Option("probe_model", "model of the probe", hint="for the rate limits of another model"),),
        notes=("The key is checked; use is told on its page, or entered by hand with tokentui track.",),
        provider_name="perplexity", probe=Probe("perplexity/sonar", most=1_000_000),
    ),
    Provider(
        "ollama", "Ollama", "tokentui.sources.providers.ollama",
        "http://127.0.0.1:11434", None, "",
        {
            "history": Capability("no", "Ollama keeps no history"), "cost": _LOCAL,
            "limits": Capability("local", "models installed and loaded; no usage limits", 15),
            "balance": _LOCAL,
        },
    ),
    Provider(
        "lm-studio", "LM Studio", "tokentui.sources.providers.lm_studio",
        "http://127.0.0.1:1234", None, "",
        {
            "history": Capability("no", "LM Studio keeps no history"), "cost": _LOCAL,
            "limits": Capability("local", "models installed and loaded; no usage limits", 15),
            "balance": _LOCAL,
        },
    ),
)  # fmt: skip
"""All of them."""

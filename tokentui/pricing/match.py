"""Which model of the price data a logged name means. Names are only ever taken apart, never guessed.

A name is tried as it was logged, then with its decorations taken off one by one: the provider's prefix,
a context-window tag, Bedrock's version, an effort, `-fast`, a date. A similar name never matches:
genai-prices' rules are followed to the letter, and where such a rule only asks for a beginning, what
follows must not make it another model (`claude-opus-4-1` does not price a `claude-opus-4-10`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import msgspec

from tokentui.pricing.snapshot import Clause, Model, Provider, Snapshot
from tokentui.pricing.supplements import FORMER_NAMES

PROVIDERS = {
    "aws.bedrock": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "fireworks_ai": "fireworks",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "github.copilot": "github-copilot",
    "meta_ai": "meta",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "moonshot_ai": "moonshotai",
    "together_ai": "together",
    "x_ai": "x-ai",
    "xai": "x-ai",
    "z-ai": "zai",
    "z_ai": "zai",
}
"""OpenTelemetry's provider names, and those in use as prefixes, by genai-prices' name; others are equal."""

MAKERS = (
    "anthropic", "openai", "google", "deepseek", "x-ai", "mistral", "moonshotai", "minimax", "zai", "zhipuai",
    "cohere", "meta", "perplexity", "voyageai", "cursor", "arcee",
)  # fmt: skip
"""Providers with models of their own: where a name is looked up when nobody says who served it."""

NO_MODEL = frozenset({"", "unknown", "<synthetic>", "synthetic", "none", "null"})
"""What tools write where no model answered."""

# As text: `re` compiles each at its first use (15 of them take 4 ms) and remembers it.
_TAG = r"\[\d+[km]\]$"
_PATH = r"^(?:publishers/[^/]+/models|models|accounts/[^/]+/models)/"
_BEDROCK = r"^(?:[a-z]{2}(?:-gov)?|apac|global|regional)?\.?(?:anthropic|openai)\.(?=[a-z])"
_BEDROCK_VERSION = r"-v\d+(?::\d+)?(?::\d+k)?$"
_AT = r"@(?:\d{8}|default|latest)$"
_FAST = r"-fast$"
_EFFORT = r"-(?:none|minimal|low|medium|high|xhigh)$"
_EFFORT_OF_CLAUDE = r"(?<=\d)-max$"
_DATE = r"-(?:20\d{2}(?:0[1-9]|1[0-2])\d{2}|20\d{2}-(?:0[1-9]|1[0-2])-\d{2})$"
_COMPACT_DATE = r"(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)"

_OTHER_MODEL = r"[-_. ](?:mini|nano|lite|micro|small|large|pro|plus|max|ultra|flash|turbo|fast)(?=$|[-_. @])"
"""Words that make a name with the same beginning another model with another price."""


class Spelling(NamedTuple):
    """One way to write a logged name."""

    name: str
    fast: bool = False
    """The name ended in `-fast`: the faster, dearer way to the same model."""


class Found(msgspec.Struct, frozen=True):
    """A model of the price data."""

    provider: str
    """Whose row it is, by genai-prices' name."""
    model: Model
    fast: bool


def provider_id(name: str) -> str:
    """Return genai-prices' name of a provider; an unknown one comes back as it is."""
    plain = name.strip().lower()
    return PROVIDERS.get(plain) or (plain if plain.startswith("huggingface_") else plain.replace("_", "-"))


def spellings(model: str) -> list[Spelling]:
    """Return the ways to write a logged name, as it was logged first, the barest last; lower case."""
    found = [Spelling(model.strip().lower())]

    def without(pattern: str, *, fast: bool = False) -> None:
        name, was_fast = found[-1]
        if (bare := re.sub(pattern, "", name)) != name and bare:
            found.append(Spelling(bare, was_fast or fast))

    without(_TAG)
    without(_PATH)
    vendor, _, rest = found[-1].name.partition("/")
    if rest and (provider_id(vendor) in MAKERS or vendor == "openrouter"):
        found.append(Spelling(rest))
    without(_BEDROCK)
    without(_BEDROCK_VERSION)
    without(_AT)
    without(_FAST, fast=True)
    without(_EFFORT)
    if found[-1].name.startswith("claude"):
        without(_EFFORT_OF_CLAUDE)
    without(_FAST, fast=True)
    without(_DATE)
    return found


class Catalogue:
    """The models of a snapshot, found by provider and logged name."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._provider = lru_cache(maxsize=None)(snapshot.provider)

    def find(self, provider_name: str, model: str) -> Found | None:
        """Return the model that a logged name means at a provider; None when there is no such row.

        Without a provider (a gateway that does not say) the name must be exactly that of a model of
        one maker, or carry the maker's name as a prefix.
        """
        names = spellings(model)
        if names[0].name in NO_MODEL:
            return None
        if provider_name:
            return self._sold_by(provider_id(provider_name), names)
        return self._of_prefix(names) or self._of_one_maker(names)

    def _sold_by(self, provider: str, names: list[Spelling]) -> Found | None:
        about = self._provider(provider)
        if about is None:
            return None
        for seller in (provider, *about.fallbacks, *_claude_of(provider, names)):
            rows = self._provider(seller)
            for name, fast in names if rows else ():
                if rows and (model := _first(rows, FORMER_NAMES.get((seller, name), name))):
                    return Found(seller, model, fast)
        return None

    def _of_prefix(self, names: list[Spelling]) -> Found | None:
        """Find `openai/gpt-5.4` at OpenAI: the prefix names the maker."""
        for name in names:
            vendor, slash, _ = name.name.partition("/")
            if slash and (maker := provider_id(vendor)) in MAKERS:
                return self._sold_by(maker, names)
        return None

    def _of_one_maker(self, names: list[Spelling]) -> Found | None:
        for name, fast in names:
            found = [
                (maker, about, model)
                for maker in MAKERS
                if (about := self._provider(maker))
                and (model := _exact(about, FORMER_NAMES.get((maker, name), name)))
            ]
            if len(found) > 1:  # Google sells Claude under Anthropic's names, but it makes Gemini
                found = [each for each in found if not each[1].makes or matches(each[1].makes, name)]
            if found:
                return Found(found[0][0], found[0][2], fast) if len(found) == 1 else None
        return None


def matches(clause: Clause, name: str, model_id: str = "") -> bool:
    """Tell whether a name (in lower case) fulfils a rule of the price data."""
    if isinstance(clause, list):
        if clause and clause[0] == "&":
            return all(matches(each, name, model_id) for each in clause[1:])
        return any(matches(each, name, model_id) for each in clause)
    sign, text = clause[:1], clause[1:]
    if sign == "=":
        return name == (text or model_id.lower())
    if sign == "^":
        return name.startswith(text) and not _goes_on(text, name[len(text) :])
    if sign == "*":
        _, found, after = name.partition(text)
        return bool(found) and not _goes_on(text, after)
    if sign == "$":
        return name.endswith(text)
    return sign == "~" and re.search(text, name) is not None


def _first(provider: Provider, name: str) -> Model | None:
    """Return the first model that a name matches, as genai-prices tries them."""
    for each in dict.fromkeys((name, _with_dashes(name))):
        for model in provider.models:
            if matches(model.match, each, model.id):
                return model
    return None


def _exact(provider: Provider, name: str) -> Model | None:
    """Return the model of which this is the id, or a text that one of its rules spells out."""
    for model in provider.models:
        if name == model.id.lower() or name in _texts(model.match):
            return model
    return None


def _texts(clause: Clause) -> Iterator[str]:
    if isinstance(clause, list):
        for each in clause:
            yield from _texts(each)
    elif clause[:1] in ("=", "^", "*", "$"):
        yield clause[1:]


def _claude_of(provider: str, names: list[Spelling]) -> tuple[str, ...]:
    """Bedrock sells Claude at Anthropic's prices; where it has no row of its own, theirs counts."""
    return ("anthropic",) if provider == "aws" and "claude" in names[0].name else ()


def _goes_on(text: str, rest: str) -> bool:
    """Tell whether what follows a rule's text makes the name that of another model."""
    if rest[:1].isdigit() and text[-1:].isdigit():
        # `claude-sonnet-4-2025` + `0514` is a date, `gemini-2.0-flash-0` + `01` a release.
        run = re.search(r"\d+$", text)
        return run is not None and run[0] != "0" and not run[0].startswith("20")
    return re.search(_OTHER_MODEL, rest.partition(":")[0]) is not None


def _with_dashes(name: str) -> str:
    """Write `-20251211` as `-2025-12-11`, the form of genai-prices' names."""

    def dashed(found: re.Match[str]) -> str:
        year, month, day = (int(found[n]) for n in (2, 3, 4))
        try:
            date(year, month, day)
        except ValueError:
            return found[0]
        return f"-{year:04}-{month:02}-{day:02}"

    return re.sub(_COMPACT_DATE, dashed, name)

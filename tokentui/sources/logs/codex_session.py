"""What a rollout has said of its session so far: who, where, which model, how far the counters are."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from tokentui.sources.logs import codex_tolerant as tolerant
from tokentui.sources.logs.codex_counter import SERVICE, Counter, Vector
from tokentui.sources.logs.codex_replay import Replay
from tokentui.sources.logs.timestamps import microseconds
from tokentui.text import clean
from tokentui.usage import SIDECHAIN, UsageContext

_THREAD = re.compile(r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\.jsonl")
_ID = 80
"""Characters of an id; a UUID has 36."""
_PATH = 1000
_MODEL = 120

# Codex's provider ids are the keys of the user's config.toml; these are the usual ones.
_PROVIDERS = {
    "": "openai",
    "azure": "azure.ai.openai",
    "azure-openai": "azure.ai.openai",
    "oss": "ollama",
    "amazon-bedrock": "aws.bedrock",
    "bedrock": "aws.bedrock",
    "google": "gcp.gemini",
    "gemini": "gcp.gemini",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
    "mistral": "mistral_ai",
}
_STANDARD_TIERS = ("default", "auto", "standard")


class Session(msgspec.Struct, array_like=True):
    """What later lines lean on; it travels in the checkpoint."""

    thread: str
    named: bool = False
    """The session_meta was seen; until then `thread` comes from the file's name."""
    parent: str = ""
    project: str = ""
    branch: str = ""
    version: str = ""
    provider: str = "openai"
    model: str = ""
    tier: str = ""
    flags: int = 0
    """Flags of every record: SIDECHAIN."""
    time: int = 0
    """The newest usable time, for lines that have none."""
    counted: int = 0
    """How many responses were counted."""
    records: bool = False
    """There are token_usage_records, so token_counts count no longer."""
    pair: tuple[int, int, Vector] | None = None
    """Key (0: inherited), time and counts of the newest token_count; its record may follow."""
    counter: Counter = msgspec.field(default_factory=Counter)
    replay: Replay | None = None
    """Set as long as lines may be the parent's."""

    def begin(self, payload: dict[str, object], time: int | None) -> None:
        """Take in a session_meta: the first is the file's own, later ones are the ancestors' of a fork.

        Only its own keys count: the instructions it quotes may hold anything.
        """
        started = time or microseconds(payload.get("timestamp")) or self.time
        thread = _id(payload.get("id"))
        if self.named:
            if self.replay is not None and thread != self.thread:
                self.replay.saw_ancestor(started)
            return
        self.named = True
        self.thread = thread or self.thread
        self.time = started
        self.project = text(payload.get("cwd"), _PATH)
        self.branch = text(tolerant.as_object(payload.get("git")).get("branch"), 200)
        self.version = text(payload.get("cli_version"), 40)
        self.provider = _provider(payload.get("model_provider"))
        self._descend(payload, started)

    def _descend(self, payload: dict[str, object], started: int) -> None:
        """Take in whose child a session is, and whether its file begins with what the parent did."""
        source = tolerant.as_object(payload.get("source"))
        if "subagent" in source or payload.get("thread_source") == "subagent":
            self.flags = SIDECHAIN
        spawn = tolerant.as_object(tolerant.as_object(source.get("subagent")).get("thread_spawn"))
        named = (
            payload.get("forked_from_id"),
            payload.get("parent_thread_id"),
            spawn.get("parent_thread_id"),
        )
        parent = next((id_ for id_ in map(_id, named) if id_ and id_ != self.thread), "")
        tree = _id(payload.get("session_id"))
        self.parent = parent or (tree if tree != self.thread else "")
        # A history_base stands for the history itself: such a file repeats nothing.
        if parent and not isinstance(payload.get("history_base"), dict):
            own_from = tolerant.as_whole(payload.get("subagent_history_start_ordinal"))
            self.replay = Replay(parent, started, started, own_from)

    def settle(self, payload: Mapping[str, object], time: int | None) -> None:
        """Take in the model, the place and the tier of the requests that follow."""
        self.time = time or self.time
        if isinstance(model := payload.get("model"), str):
            self.model = clean_model(model)
        self.project = text(payload.get("cwd"), _PATH) or self.project
        if provider := text(payload.get("model_provider_id"), 60):
            self.provider = _provider(provider)
        if "service_tier" in payload:
            tier = text(payload["service_tier"], 40)
            self.tier = "" if tier in _STANDARD_TIERS else tier

    def context(self, thread: str) -> UsageContext:
        """Return what the requests of a thread of this file have in common."""
        return UsageContext(
            service=SERVICE,
            conversation_id=thread,
            parent_conversation_id=self.parent if thread == self.thread else "",
            project=self.project,
            branch=self.branch,
            tool_version=self.version,
        )

    def nearest_time(self) -> int:
        """Return the time for a line without one: its predecessor's, or the session's birth; else 0."""
        return self.time or _born(self.thread)


def session_of(name: str) -> Session:
    """Return the session of a file of which nothing but the name is known."""
    found = _THREAD.search(name)
    stem = name.removesuffix(".zst").removesuffix(".jsonl")
    return Session(found[1].lower() if found else clean(stem, _ID))


def clean_model(value: object) -> str:
    """Return the name of a model as a record holds it; empty for none."""
    return text(value, _MODEL).strip()


def text(value: object, limit: int) -> str:
    """Return foreign text cleaned; empty for what is no text."""
    return clean(value, limit) if isinstance(value, str) else ""


def _id(value: object) -> str:
    return text(value, _ID).strip()


def _provider(value: object) -> str:
    name = text(value, 60).strip().lower()
    return _PROVIDERS.get(name, name)


def _born(thread: str) -> int:
    """Return when a thread was made, from its UUIDv7; 0 where the id does not say."""
    digits = thread.replace("-", "")
    if len(digits) != 32 or digits[12] != "7":
        return 0
    try:
        return int(digits[:12], 16) * 1000
    except ValueError:
        return 0

"""A secret shows itself nowhere, whatever is done to it."""

from __future__ import annotations

import ast
import copy
import dataclasses
import gc
import io
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.pretty import pretty_repr

import tokentui
from tests.vaults import CANARY, shown_by
from tokentui.secrets import BadKey, Secret, key_of, looks_like_key, redacted

ROOT = Path(tokentui.__file__).parent

MAY_REVEAL = {"secrets/sealing.py": "encrypts it", "secrets/system_keyring.py": "hands it to the keyring"}
"""The files that may see a key's text, and what for."""

MAY_PASS_ON = {"engine/accounts.py", "engine/polling.py"}
"""The files that may give the guarded client the way to a key's text without seeing it."""


@dataclasses.dataclass
class Account:
    label: str
    key: Secret


def rich_print(secret: Secret) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(secret, {"key": secret}, [secret])
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def logged(secret: Secret) -> str:
    stream = io.StringIO()
    logger = logging.Logger("canary")
    logger.addHandler(logging.StreamHandler(stream))
    logger.error("key %s %r", secret, {"key": secret})
    return stream.getvalue()


WAYS: dict[str, Callable[[Secret], object]] = {
    "str": str,
    "repr": repr,
    "format": lambda secret: f"{secret} {secret!r} {secret!s:>80} {secret:>80}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    "attributes": lambda secret: "{0._held} {0.__class__.__slots__}".format(secret),  # noqa: UP032
    "container": lambda secret: [(secret,), {"key": secret}, {1: [secret]}],
    "pprint": lambda secret: pprint.pformat({"key": [secret] * 30}),
    "rich": rich_print,
    "rich repr": lambda secret: pretty_repr({"key": secret}),
    "dataclass": lambda secret: (Account("a", secret), dataclasses.asdict(Account("a", secret))),
    "copy": lambda secret: (copy.copy(secret), copy.deepcopy({"key": secret})),
    "logging": logged,
    "all attributes": lambda secret: [getattr(secret, name, "") for name in dir(secret)],
    "fingerprint": lambda secret: secret.fingerprint,
    "exception": lambda secret: "".join(traceback.format_exception(ValueError("bad", secret))),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_shown_in_no_way(way: str) -> None:
    assert CANARY not in str(WAYS[way](Secret(CANARY)))


REFUSED: dict[str, Callable[[Secret], object]] = {
    "pickle": pickle.dumps,
    "old pickle": lambda secret: pickle.dumps(secret, protocol=0),
    "json": lambda secret: json.dumps({"key": secret}),
    "msgspec": msgspec.json.encode,
    "length": len,  # type: ignore[dict-item]
    "iteration": list,  # type: ignore[dict-item]
    "vars": vars,
    "hash": hash,
    "change": lambda secret: setattr(secret, "_held", lambda: "other"),
    "new attribute": lambda secret: setattr(secret, "note", CANARY),
    "delete": lambda secret: delattr(secret, "_held"),
    "subclass": lambda _: type("Open", (Secret,), {}),
}  # fmt: skip


@pytest.mark.parametrize("way", REFUSED)
def test_a_secret_cannot_be_written_down_or_changed(way: str) -> None:
    with pytest.raises((TypeError, AttributeError)) as caught:
        REFUSED[way](Secret(CANARY))
    assert CANARY not in str(caught.value)


def test_secrets_are_equal_by_their_text_and_tell_other_types_apart() -> None:
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret(CANARY + "x")
    assert Secret("ключ\udcff") == Secret("ключ\udcff")
    assert Secret(CANARY) != CANARY


def test_the_fingerprint_tells_keys_apart() -> None:
    assert Secret("a").fingerprint == Secret("a").fingerprint
    assert Secret("a").fingerprint != Secret("b").fingerprint
    assert len(Secret("a").fingerprint) == 8


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"), ("  \n", "empty"), (f"{CANARY} x", "blank"), (f"{CANARY}\nx", "blank"),
        (f"{CANARY}\x1b[31m", "control"), (CANARY * 1000, "longer"),
        (f"{CANARY}é", f"its character {len(CANARY) + 1} is not ASCII, and a key travels in an HTTP header"),
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_being_quoted(text: str, reason: str) -> None:
    with pytest.raises(BadKey, match=reason) as caught:
        key_of(Secret(text), "env:OPENAI_ADMIN_KEY")
    assert "env:OPENAI_ADMIN_KEY" in str(caught.value)
    assert CANARY not in shown_by(caught.value)


def test_a_key_loses_the_blanks_around_it() -> None:
    assert key_of(Secret(f"  {CANARY}\r\n"), "file:/x") == Secret(CANARY)


def test_a_text_loses_the_secrets_that_are_alive() -> None:
    secret = Secret("plain-words")
    assert redacted("the key is plain-words.") == "the key is ***."
    del secret
    gc.collect()
    assert redacted("the key is plain-words.") == "the key is plain-words."


@pytest.mark.parametrize(
    "key",
    [
        "sk-ant-admin01-abcdefgh", "sk-proj-abc_defghijk", "ghp_abcdefghijkl", "github_pat_11ABCDEF0abc",
        "xai-0123456789abcdef", "gsk_abcdefghij", "pplx-0123456789", "AIzaSyA0123456789abc",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "0123456789abcdef0123456789abcdef",
    ],
)  # fmt: skip
def test_what_looks_like_a_key_is_hidden_wherever_it_stands(key: str) -> None:
    assert looks_like_key(key)
    assert key not in redacted(f"GET /v1?key={key}&x=1 failed")
    assert key not in redacted(f"Bearer {key}")


@pytest.mark.parametrize(
    "text", ["claude-opus-4-8", "gpt-5.6-terra", "OPENAI_ADMIN_KEY", "/home/ada/work", "task-12", "risk-free"]
)
def test_ordinary_words_are_no_keys(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(
    "name",
    ["my-company-openai-admin-key-of-2026", "99ee88d2-6046-4ea7-92c2-acac464b1412", "/keys/openai-2026"],
)
def test_a_long_name_is_no_key(name: str) -> None:
    assert not looks_like_key(name)


@given(st.text(max_size=60), st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=6))
def test_no_text_keeps_a_live_secret(text: str, key: str) -> None:
    secret = Secret(key)
    assert key not in redacted(text + key + text).replace("***", "")
    assert secret == Secret(key)


def reveals(source: str) -> tuple[int, int]:
    """Return how often a text is taken out of a secret, and how often the way to it is mentioned."""
    nodes = list(ast.walk(ast.parse(source)))
    mentioned = [node for node in nodes if isinstance(node, ast.Attribute) and node.attr == "reveal"]
    called = [node for node in nodes if isinstance(node, ast.Call) and node.func in mentioned]
    return len(called), len(mentioned)


def test_only_the_files_that_need_a_keys_text_take_it_out() -> None:
    found = {
        str(path.relative_to(ROOT)): reveals(path.read_text("utf-8"))
        for path in ROOT.rglob("*.py")
        if path != ROOT / "secrets" / "secret.py" and "reveal" in path.read_text("utf-8")
    }
    assert {name for name, (called, _) in found.items() if called} == set(MAY_REVEAL)
    assert {name for name, (_, mentioned) in found.items() if mentioned} <= MAY_REVEAL.keys() | MAY_PASS_ON


def test_the_search_for_reveals_finds_one() -> None:
    assert reveals("send(key.reveal)") == (0, 1)
    assert reveals("send(key.reveal())") == (1, 1)

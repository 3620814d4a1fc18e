"""Where a key comes from: read in one place, one place at a time, and never quoted when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vaults import CANARY, shown_by
from tokentui.secrets import (
    BadReference,
    FromCommand,
    FromCredential,
    FromEnvironment,
    FromFile,
    FromVault,
    Reference,
    choose,
    offered,
    parse,
)

GOOD: list[tuple[str, Reference]] = [
    ("env:OPENAI_ADMIN_KEY", FromEnvironment("OPENAI_ADMIN_KEY")),
    ("command:op read 'op://private/open ai/key'", FromCommand(("op", "read", "op://private/open ai/key"))),
    ("command:~/bin/key", FromCommand(("~/bin/key",))),
    ("file:/run/keys/openai", FromFile("/run/keys/openai")),
    ("file:~/.keys/openai", FromFile("~/.keys/openai")),
    ("systemd:openai", FromCredential("openai")),
    ("vault:openai-work", FromVault("openai-work")),
]


@pytest.mark.parametrize(("text", "reference"), GOOD)
def test_a_reference_names_its_place_and_is_written_back_the_same(text: str, reference: Reference) -> None:
    assert parse(f" {text} ") == reference
    assert parse(str(reference)) == reference


BAD = [
    CANARY, f"env:{CANARY}", f"vault:{CANARY}", f"systemd:{CANARY}", f"file:{CANARY}",
    f"command:echo {CANARY}",
    f"keyring:{CANARY}", f"command:pass show openai | head {CANARY}", f"command:'{CANARY}", f"https://{CANARY}",
    "", "env:", "command:", "file:", "vault:", "env:A B", "env:1A", "vault:../x", "vault:a/b", "file:keys/x",
    "command:./key.sh", "command:bin/key", "command:pass show x > y", "file:/a\0b", "env:" + "A" * 65,
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_reference_is_refused_with_an_example_and_not_quoted(text: str) -> None:
    with pytest.raises(BadReference) as caught:
        parse(text)
    assert caught.value.hint
    assert CANARY not in str(caught.value) + caught.value.hint


def test_a_key_in_place_of_a_reference_is_told_so() -> None:
    with pytest.raises(BadReference, match="a key itself does not belong here"):
        parse(CANARY)


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        reference = parse(text)
    except BadReference:
        return
    assert parse(str(reference)) == reference


def test_the_first_place_that_is_configured_counts(tmp_path: Path) -> None:
    settings: dict[str, object] = {
        "api_key_command": ["pass", "show", "openai"],
        "api_key_env": "OPENAI_ADMIN_KEY",
        "api_key_file": "/run/keys/openai",
        "api_key": "vault:shared",
    }
    (tmp_path / "openai").write_text("key")
    environ = {"TOKENTUI_KEY_OPENAI": "x", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    expected: list[tuple[str, Reference]] = [
        ("api_key_command", FromCommand(("pass", "show", "openai"))),
        ("api_key_env", FromEnvironment("OPENAI_ADMIN_KEY")),
        ("TOKENTUI_KEY_OPENAI", FromEnvironment("TOKENTUI_KEY_OPENAI")),
        ("CREDENTIALS_DIRECTORY", FromCredential("openai")),
        ("api_key_file", FromFile("/run/keys/openai")),
        ("api_key", FromVault("shared")),
        ("", FromVault("openai")),
    ]
    for name, reference in expected:
        assert choose("openai", settings, environ) == reference
        settings.pop(name, None)
        environ.pop(name, None)


def test_an_account_of_any_name_has_a_variable_of_its_own() -> None:
    environ = {"TOKENTUI_KEY_OPENAI_WORK_2": "x"}
    assert choose("openai-work.2", {}, environ) == FromEnvironment("TOKENTUI_KEY_OPENAI_WORK_2")


@pytest.mark.parametrize(
    "settings",
    [
        {"api_key_command": "pass show openai"}, {"api_key_command": []}, {"api_key_command": [""]},
        {"api_key_command": ["a", 1]}, {"api_key_command": ["a\0"]}, {"api_key_command": ["echo", CANARY]},
        {"api_key_command": ["./a"]}, {"api_key_command": ["a"], "api_key_command_env": "A"},
        {"api_key_command": ["a"], "api_key_command_env": ["A B"]}, {"api_key_env": CANARY},
        {"api_key_env": 1},
        {"api_key_file": CANARY}, {"api_key_file": ["/a"]}, {"api_key": CANARY}, {"api_key": True},
    ],
)  # fmt: skip
def test_a_wrong_setting_is_an_error_and_no_other_place_is_taken(settings: dict[str, object]) -> None:
    with pytest.raises(BadReference) as caught:
        choose("openai", settings, {})
    assert CANARY not in str(caught.value) + caught.value.hint


def test_a_command_may_be_given_a_variable_by_name() -> None:
    settings = {"api_key_command": ["op", "read", "x"], "api_key_command_env": ["OP_SERVICE_ACCOUNT_TOKEN"]}
    assert choose("openai", settings, {}) == FromCommand(("op", "read", "x"), ("OP_SERVICE_ACCOUNT_TOKEN",))


def test_well_known_variables_are_offered_by_name_only() -> None:
    found = offered({"OPENAI_ADMIN_KEY": CANARY, "GROQ_API_KEY": "  ", "EDITOR": "vi"})
    assert found == [FromEnvironment("OPENAI_ADMIN_KEY")]
    assert choose("openai", {}, {"OPENAI_ADMIN_KEY": CANARY}) == FromVault("openai")


@pytest.mark.parametrize("text", [CANARY, f"env:{CANARY}", f"command:echo {CANARY}", f"file:{CANARY}"])
def test_a_crash_report_with_local_variables_shows_no_key_that_was_refused(text: str) -> None:
    with pytest.raises(BadReference) as caught:
        parse(text)
    assert CANARY not in shown_by(caught.value)
    with pytest.raises(BadReference) as caught:
        choose("openai", {"api_key": text}, {})
    assert CANARY not in shown_by(caught.value)

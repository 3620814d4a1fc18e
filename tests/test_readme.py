"""The README tells the truth: every command, every setting, the two lines that do everything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tokentui.cli import COMMANDS
from tokentui.cli.detect import Asked
from tokentui.config import __main__ as documentation
from tokentui.engine.filters import KEYS
from tokentui.engine.reports import SORTS
from tokentui.sources import SOURCES, Source
from tokentui.sources import __main__ as offers
from tokentui.store.usage_table import DIMENSIONS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
START = "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/tokentui"
TEST = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/python -m pytest -n 2"


@pytest.mark.parametrize("line", [START, TEST])
def test_one_line_does_everything(line: str) -> None:
    assert f"```sh\n{line}\n```" in README


def test_the_check_of_a_change_runs_exactly_the_readmes_line() -> None:
    assert TEST in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_explained(command: str) -> None:
    assert re.search(rf"^\| `tokentui {command}\b", README, re.MULTILINE)


def test_the_settings_are_those_of_the_code() -> None:
    assert documentation.written(README) == README, "run: python -m tokentui.config README.md"
    assert "| `week_start` | `\"monday\"` |" in documentation.table()


def test_what_services_offer_is_what_the_registry_says() -> None:
    assert offers.written(README) == README, "run: python -m tokentui.sources README.md"
    assert "| OpenAI API (`openai-api`) | no | with key |" in offers.offers()
    assert "| any API key: platform.deepseek.com/api_keys | `DEEPSEEK_API_KEY` |" in offers.needed()


@pytest.mark.parametrize("word", [*DIMENSIONS, *KEYS, *SORTS])
def test_every_word_of_a_report_is_named(word: str) -> None:
    assert re.search(rf"\b{word}\b", README)


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_says_where_it_looks(source: Source) -> None:
    row = re.search(rf"^\| {re.escape(source.title)} \|.*$", README, re.MULTILINE)
    assert row is not None
    asked = Asked({})
    source.load().roots(Path("/home/ada"), asked)
    for variable in asked.names - {"HOME"}:
        assert f"`{variable}`" in row[0]

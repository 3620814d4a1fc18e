"""`config.toml` while the program runs, and changes that leave everything else in it alone."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui import config
from tokentui.config import ConfigError, Settings, Watched, edit

MINE = """\
# My settings.

week_start = "sunday"   # as at home
moon_phase = "full"     # of a newer version
sources_off = [
    "codex",  # for now
]

# Folders of the laptop.
[extra_roots]
codex = ["/mnt/laptop/.codex"]

[keys]
refresh = "f5"
"""


def written(path: Path, text: str) -> None:
    """Write a file so that it looks another one, also within a tick of the file system's clock."""
    path.write_text(text)
    os.utime(path, ns=(0, written.tick))
    written.tick += 1


written.tick = 1


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A person's settings."""
    path = tmp_path / "config.toml"
    written(path, MINE)
    return path


def test_a_change_of_the_file_is_taken_over(file: Path) -> None:
    watched = Watched(file, config.load(file))
    assert not watched.look()
    written(file, MINE.replace("sunday", "saturday"))
    assert watched.look()
    assert watched.settings.week_start == "saturday"
    assert not watched.look()
    file.unlink()
    assert watched.look()
    assert watched.settings == Settings()


def test_a_mistake_leaves_the_last_good_settings_and_is_told_with_place_and_example(file: Path) -> None:
    watched = Watched(file, config.load(file))
    written(file, MINE.replace('"sunday"', '"someday"'))
    assert watched.look()
    assert watched.settings.week_start == "sunday"
    assert f"{file}, line 3: week_start must be monday" in watched.problem
    assert 'such as: week_start = "monday"' in watched.problem
    written(file, MINE)
    assert watched.look()
    assert (watched.settings.week_start, watched.problem) == ("sunday", "")


def test_one_change_changes_one_line(file: Path) -> None:
    watched = Watched(file, config.load(file))
    watched.change("week_start", "monday")
    watched.change("week_start", "saturday")
    watched.change("theme", "light")
    assert not watched.look()
    lines = file.read_text().splitlines()
    assert set(MINE.splitlines()) - set(lines) == {'week_start = "sunday"   # as at home'}
    assert set(lines) - set(MINE.splitlines()) == {'week_start = "saturday"', 'theme = "light"'}
    assert config.load(file) == watched.settings
    assert watched.settings.theme == "light"


def test_the_remark_on_a_changed_line_stays(file: Path) -> None:
    config.change(file, "week_start", "saturday")
    assert 'week_start = "saturday"   # as at home' in file.read_text()


def test_a_table_and_a_long_list_are_changed_and_what_is_between_them_stays(file: Path) -> None:
    config.change(file, "extra_roots", {"codex": ["/a b"], "claude-code": ["~/c"]})
    config.change(file, "sources_off", None)
    text = file.read_text()
    assert "# Folders of the laptop." in text
    assert '[keys]\nrefresh = "f5"' in text
    read = tomllib.loads(text)
    assert read["extra_roots"] == {"codex": ["/a b"], "claude-code": ["~/c"]}
    assert "sources_off" not in read
    assert read["moon_phase"] == "full"


def test_a_wrong_value_is_refused_before_anything_is_written(file: Path) -> None:
    with pytest.raises(ConfigError, match="retention_days must be 0 for ever, or at least 60") as caught:
        config.change(file, "retention_days", 3)
    assert "retention_days = 400" in caught.value.hint
    assert file.read_text() == MINE


def test_a_file_that_is_no_toml_is_never_overwritten(file: Path) -> None:
    written(file, "week_start = \n")
    with pytest.raises(ConfigError, match="not TOML"):
        config.change(file, "theme", "dark")
    with pytest.raises(ConfigError, match="not TOML"):
        config.save(file, Settings(theme="dark"))
    assert file.read_text() == "week_start = \n"


def test_a_wrong_value_can_be_put_right(file: Path) -> None:
    written(file, "# mine\nweek_start = 5\n")
    assert config.change(file, "week_start", "sunday").week_start == "sunday"
    assert file.read_text() == '# mine\nweek_start = "sunday"\n'


def test_saving_what_is_in_the_file_changes_no_byte(file: Path) -> None:
    config.save(file, config.load(file))
    assert file.read_text() == MINE


def test_the_place_of_a_key_in_a_table_is_found(file: Path) -> None:
    assert config.line_of(file, "refresh", "keys").endswith("line 14")
    assert config.line_of(file, "week_start").endswith("line 3")
    assert config.line_of(file, "nothing") == str(file)


def test_every_setting_has_a_meaning_an_example_that_is_right_and_a_sound_default() -> None:
    for each in config.documented():
        assert each.doc.endswith(".")
        key, value = next(iter(tomllib.loads(each.example).items()))
        assert key == each.name
        each.check(value)
        assert each.check(tomllib.loads(f"x = {edit.literal(each.default)}")["x"]) == each.default
        assert all(each.check(choice) == choice for choice in each.choices)


WRONG = [
    ("billing_day = 32", "billing_day must be a day of the month, 1 to 31"),
    ("billing_day = 1.5", "billing_day must be a whole number, not one with a point"),
    ("retention_days = true", "retention_days must be a whole number, not true or false"),
    ('currency = "BTC"', "currency must be one of USD"),
    ('theme = "pink"', "theme must be dark, light, high-contrast, terminal or empty, not “pink”"),
    ('ascii = "yes"', "ascii must be true or false, without quotes, not a text"),
    ("idle_lock_minutes = -1", "idle_lock_minutes must be 0 for never"),
    ("idle_lock_minutes = inf", "idle_lock_minutes must be 0 for never"),
    ('keys = "q"', "keys must be a table of commands, not a text"),
    ("keys = { quit = 5 }", "keys of “quit” must be a key in quotes, not a number"),
    ('keys = { quit = "" }', "keys of “quit” names no key"),
]


@pytest.mark.parametrize(("line", "reason"), WRONG)
def test_every_wrong_value_is_told(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "c.toml").write_text(line + "\n")
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path / "c.toml")
    assert f"line 1: {reason}" in str(caught.value)
    assert caught.value.hint


keys = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(codec="utf-8"), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
others = st.text("abcxyz", min_size=1, max_size=3)


@given(st.dictionaries(others, values, max_size=4), values, values)
def test_any_value_can_be_set_and_taken_away_in_any_file(
    table: dict[str, object], first: object, second: object
) -> None:
    import tomli_w

    before = tomli_w.dumps(table)
    text = before
    for value in (first, second):
        changed = edit.changed(text, "the_key", value)
        assert changed is not None
        assert tomllib.loads(changed) == {**table, "the_key": value}
        text = changed
    taken = edit.changed(text, "the_key", None)
    assert taken is not None
    assert tomllib.loads(taken) == table

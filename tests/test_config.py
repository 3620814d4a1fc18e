"""Settings and paths: what a person writes is understood, or told where it is wrong."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui import config
from tokentui.config import ConfigError, Settings


def test_the_files_lie_in_the_xdg_directories() -> None:
    found = config.paths({"HOME": "/home/ana", "XDG_CONFIG_HOME": "/etc/ana", "XDG_STATE_HOME": "relative"})
    assert found.config_file == Path("/etc/ana/tokentui/config.toml")
    assert found.price_overlay == Path("/etc/ana/tokentui/prices.toml")
    assert found.database == Path("/home/ana/.local/share/tokentui/tokentui.db")
    assert found.lease == Path("/home/ana/.local/share/tokentui/writer.lock")
    assert found.backups == Path("/home/ana/.local/share/tokentui/backups")
    assert found.log_file == Path("/home/ana/.local/state/tokentui/tokentui.log")
    assert found.price_cache == Path("/home/ana/.cache/tokentui/prices.json")


@pytest.mark.parametrize(
    ("value", "root"),
    [("/srv/t", "/srv/t"), ("~/t", "/home/ana/t"), ("/srv/../srv/t/", "/srv/t"), ("t", f"{os.getcwd()}/t")],
)
def test_one_variable_puts_everything_under_one_directory(value: str, root: str) -> None:
    found = config.paths({"HOME": "/home/ana", "TOKENTUI_HOME": value, "XDG_DATA_HOME": "/elsewhere"})
    every = (
        found.config_file, found.price_overlay, found.database, found.lease, found.backups, found.log_file,
        found.price_cache,
    )
    assert [path for path in every if not path.is_relative_to(root)] == []
    assert len(set(every)) == len(every)


def test_no_settings_file_means_the_defaults(tmp_path: Path) -> None:
    assert config.load(tmp_path / "none.toml") == Settings()
    assert config.load(tmp_path / "no" / "folder.toml") == Settings()


def test_every_setting_is_read(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '\ufefftime_zone = "Europe/Berlin"\nweek_start = "Sunday"\npoll_seconds = 2\n'
        'sources_off = ["codex"]\n[extra_roots]\n"claude-code" = ["/mnt/a", "/mnt/b"]\n', "utf-8",
    )
    settings = config.load(file)
    roots = {"claude-code": ("/mnt/a", "/mnt/b")}
    assert settings == Settings("Europe/Berlin", "sunday", 2.0, ("codex",), roots)
    assert settings.warnings == ()


WRONG = [
    ('week_start = "mon"', "week_start must be monday, sunday or saturday, not “mon”", "monday"),
    ("time_zone = 3", "time_zone must be a text in quotes, not a number", "Europe/Berlin"),
    ('time_zone = "Mars/Base"', "time_zone names no time zone: “Mars/Base”", "Europe/Berlin"),
    ('time_zone = "../../etc/passwd"', "time_zone names no time zone", "Europe/Berlin"),
    ("poll_seconds = true", "poll_seconds must be a number of seconds, not true or false", "poll_seconds"),
    ("poll_seconds = nan", "poll_seconds must lie between", "poll_seconds"),
    ("poll_seconds = 0", "poll_seconds must lie between", "poll_seconds"),
    ('sources_off = "codex"', "sources_off must be a list of texts, not a text", "sources_off"),
    ("sources_off = [1979-05-27]", "sources_off must be a text in quotes, not a date or time", "sources_off"),
    ("extra_roots = []", "extra_roots must be a table of sources, not a list", "extra_roots"),
    ('extra_roots = { codex = ["~/a", "b"] }', "extra_roots must hold full paths, not “b”", "extra_roots"),
    ('monthly_budget = "600"', "monthly_budget must be a number of dollars, not a text", "budget = 600"),
    ("monthly_budget = -1", "monthly_budget must be 0 for none, or lie between", "monthly_budget = 600"),
    ("monthly_budget = nan", "monthly_budget must be 0 for none, or lie between", "monthly_budget = 600"),
    ("[extra_roots]\ncodex = 5", "extra_roots must be a list of texts, not a number", "extra_roots"),
]


@pytest.mark.parametrize(("line", "reason", "example"), WRONG)
def test_a_wrong_value_is_told_with_file_line_reason_and_example(
    tmp_path: Path, line: str, reason: str, example: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"# mine\n\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        config.load(file)
    assert f"{file}, line 3: " in str(caught.value)
    assert reason in str(caught.value)
    assert example in caught.value.hint


def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('week_start = "monday"\ntime_zone = Europe/Berlin\n')
    with pytest.raises(ConfigError, match=r"config\.toml: this is not TOML: .*line 2"):
        config.load(file)


@pytest.mark.parametrize("content", [b"a = " + b"[" * 60_000, b"a = " + b"9" * 9_000, b"a = '\xff'"])
def test_hostile_files_are_errors_not_crashes(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError):
        config.load(file)


def test_what_is_no_settings_file_is_refused(tmp_path: Path) -> None:
    large, pipe = tmp_path / "large.toml", tmp_path / "pipe.toml"
    large.write_bytes(b"#" * (config.MAX_CONFIG_BYTES + 1))
    os.mkfifo(pipe)
    for path, reason in ((large, "1 MiB"), (pipe, "regular"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigError, match=reason):
            config.load(path)


SECRETS = ["sk-ant-api03-abcdef", "ghp_16C7e42F292c6912E7", "AIzaSyD-9tSrke72", "0123456789abcdef" * 2]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_key_in_the_wrong_place_is_never_repeated(tmp_path: Path, secret: str) -> None:
    file = tmp_path / "config.toml"
    for line in (f'week_start = "{secret}"', f'time_zone = "{secret}"', f'sources_off = "{secret}"'):
        file.write_text(line + "\n")
        with pytest.raises(ConfigError) as caught:
            config.load(file)
        assert secret not in f"{caught.value} {caught.value.hint} {caught.value!r} {caught.value.__cause__}"
    file.write_text(f'"{secret}" = 1\napi_key = "{secret}"\n')
    settings = config.load(file)
    assert secret not in " ".join(settings.warnings) + repr(settings)
    assert "“api_key”" in " ".join(settings.warnings)


def test_settings_of_a_newer_version_are_told_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('week_start = "sunday"\nmoon_phase = "full"\n[alerts]\nquiet = true\n')
    settings = config.load(file)
    assert [warning.split(" is ")[0] for warning in settings.warnings] == [
        "unknown setting “moon_phase”", "unknown setting “alerts”",
    ]
    config.save(file, settings)
    assert config.load(file) == settings
    assert "quiet = true" in file.read_text()


def test_saved_settings_are_private_and_whole(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles" / "config.toml", tmp_path / "config.toml"
    settings = Settings(time_zone="UTC", sources_off=("codex",), extra_roots={"claude-code": ("/mnt/a",)})
    config.save(real, settings)
    link.symlink_to(real)
    config.save(link, settings)
    assert link.is_symlink()
    assert config.load(link) == settings
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert os.listdir(real.parent) == ["config.toml"]


def test_a_failed_save_leaves_the_old_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    config.save(file, Settings(week_start="sunday"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        config.save(file, Settings(week_start="saturday"))
    assert config.load(file).week_start == "sunday"
    assert sorted(os.listdir(tmp_path)) == ["config.toml", "home"]


texts = st.text(max_size=20)
folders = st.tuples(st.sampled_from("/~"), texts).map("".join)


@given(st.sampled_from(config.WEEK_STARTS), st.lists(texts), st.dictionaries(texts, st.lists(folders)))
def test_what_is_saved_is_what_is_loaded(week: str, off: list[str], roots: dict[str, list[str]]) -> None:
    import tempfile

    settings = Settings("", week, 5.0, tuple(off), {key: tuple(value) for key, value in roots.items()})
    with tempfile.TemporaryDirectory() as folder:
        config.save(Path(folder) / "c.toml", settings)
        assert config.load(Path(folder) / "c.toml") == settings


def test_the_paths_cost_no_toml() -> None:
    code = (
        "import sys; import tokentui.config as c; c.paths({});"
        "print(sorted({'tomllib', 'tomli_w', 'zoneinfo', 'msgspec'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"

"""Where tokentui keeps its files, and the settings a person may write into `config.toml`.

Nothing but the standard library is imported here, and TOML only when a file is read or written:
the command line needs the paths on every start, the settings file on few.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

MAX_CONFIG_BYTES = 1 << 20
"""A settings file is a page or two; a larger one is some other file."""

WEEK_STARTS = ("monday", "sunday", "saturday")
"""The days that weeks begin with somewhere in the world."""

# Prefixes of the keys of well-known services, and any long run that mixes letters and digits.
_SECRET = re.compile(
    r"(?:^|[^a-z0-9])(?:sk|pk|rk|gh[opsu]|xox[a-z]|glpat|github_pat|gsk|pplx|hf|xai)[-_]\w|AIza|AKIA|eyJ"
    r"|(?=[A-Za-z_-]*\d)[\w+/=-]{20,}",
)


class ConfigError(Exception):
    """The settings file cannot be used; the message names file, place and reason.

    `hint` is a line that would be right, or what to do; empty when there is none.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Paths:
    """Where every file of tokentui lies."""

    config_dir: Path
    data_dir: Path
    state_dir: Path
    cache_dir: Path

    @property
    def config_file(self) -> Path:
        """The settings."""
        return self.config_dir / "config.toml"

    @property
    def price_overlay(self) -> Path:
        """The user's own prices, aliases and discounts."""
        return self.config_dir / "prices.toml"

    @property
    def database(self) -> Path:
        """Everything that was ever recorded."""
        return self.data_dir / "tokentui.db"

    @property
    def lease(self) -> Path:
        """Locked by the one process that writes the database; lies beside it."""
        return self.data_dir / "writer.lock"

    @property
    def backups(self) -> Path:
        """The folder of the daily copies of the database."""
        return self.data_dir / "backups"

    @property
    def log_file(self) -> Path:
        """What went wrong and when, for a person who is asked about it."""
        return self.state_dir / "tokentui.log"

    @property
    def price_cache(self) -> Path:
        """Prices that can be computed anew at any time."""
        return self.cache_dir / "prices.json"


def paths(environ: Mapping[str, str]) -> Paths:
    """Return where the files lie: below `TOKENTUI_HOME` when it is set, else in the XDG directories.

    A relative XDG directory is ignored, as the XDG specification asks; a relative `TOKENTUI_HOME`
    starts at the working directory.
    """
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    own = environ.get("TOKENTUI_HOME", "").strip()
    if own:
        root = Path(os.path.abspath(home / own[2:] if own.startswith("~/") else own))
        return Paths(root, root, root, root / "cache")

    def xdg(variable: str, default: str) -> Path:
        value = environ.get(variable, "")
        return (Path(value) if value.startswith("/") else home / default) / "tokentui"

    return Paths(
        config_dir=xdg("XDG_CONFIG_HOME", ".config"),
        data_dir=xdg("XDG_DATA_HOME", ".local/share"),
        state_dir=xdg("XDG_STATE_HOME", ".local/state"),
        cache_dir=xdg("XDG_CACHE_HOME", ".cache"),
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may set in `config.toml`; every key is a field of the same name."""

    time_zone: str = ""
    """Zone that days begin in, such as `Europe/Berlin`; empty means `TZ`, or else the system's zone."""

    week_start: str = "monday"
    """First day of a week: `monday`, `sunday` or `saturday`."""

    poll_seconds: float = 1.0
    """How often logs that are being written are looked at, in seconds (0.2 to 60)."""

    sources_off: tuple[str, ...] = ()
    """Sources that are not read, such as `["gemini-cli"]`."""

    extra_roots: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """More folders to read logs from, by source, such as `"codex" = ["/mnt/laptop/.codex"]`."""

    unknown: Mapping[str, object] = field(default_factory=dict, hash=False, repr=False)
    """Keys of the file that this version does not know; they are kept when the settings are saved."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should hear about the file, one sentence each."""
        known = ", ".join(_CHECKS)
        return tuple(f"unknown setting {shown(key)} is ignored (known: {known})" for key in self.unknown)


def load(path: Path) -> Settings:
    """Return the settings in the file `path`; the defaults when there is no such file.

    Raises `ConfigError` when the file cannot be read, is no TOML, or a value is wrong.
    """
    text = _read(path)
    if text is None:
        return Settings()
    import tomllib  # 4 ms that a start without a settings file need not spend

    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "too long a number or too deep"
        hint = 'such as: time_zone = "Europe/Berlin"'
        raise ConfigError(f"{path}: this is not TOML: {reason}", hint) from None
    values: dict[str, Any] = {}
    for key in _CHECKS.keys() & table.keys():
        check, example = _CHECKS[key]
        try:
            values[key] = check(table[key])
        except ValueError as error:
            raise ConfigError(f"{path}{_line_of(key, text)}: {key} {error}", f"such as: {example}") from None
    return Settings(**values, unknown={key: table[key] for key in table if key not in _CHECKS})


def save(path: Path, settings: Settings) -> None:
    """Write the settings that differ from the defaults to `path`: whole or not at all, for the user only.

    Raises `ConfigError` when the file cannot be written; it is then unchanged.
    """
    import tomli_w  # 3 ms; only a change of the settings needs it

    default = Settings()
    table: dict[str, object] = {
        each.name: getattr(settings, each.name)
        for each in fields(settings)
        if each.name in _CHECKS and getattr(settings, each.name) != getattr(default, each.name)
    }
    text = tomli_w.dumps(table | dict(settings.unknown))
    target = os.path.realpath(path)  # the file may be a link into a repository of dotfiles; the link stays
    draft = f"{target}.{os.urandom(4).hex()}"
    try:
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft)
            raise
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def shown(value: str) -> str:
    """Return a foreign word as a message may quote it: short, printable, and never a key."""
    if _SECRET.search(value):
        return "(looks like a secret, not shown)"
    word = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value)
    return f"“{word[:40]}…”" if len(word) > 40 else f"“{word}”"


def _read(path: Path) -> str | None:
    """Return the text of the file; None when there is none."""
    try:
        # O_NONBLOCK: a named pipe in the file's place must not hang the start.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigError(f"{path}: this is not a regular file")
            raw = file.read(MAX_CONFIG_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    if len(raw) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: larger than 1 MiB, so this is no settings file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: this is not UTF-8 text", "save the file as UTF-8") from None


def _line_of(key: str, text: str) -> str:
    """Return `, line 3` where `key` stands in the file; empty when it is not found."""
    found = re.search(rf"^[ \t]*(?:\[+[ \t]*)?[\"']?{re.escape(key)}\b", text, re.MULTILINE)
    return f", line {text.count(chr(10), 0, found.start()) + 1}" if found else ""


_KINDS: dict[type, str] = {
    bool: "true or false", str: "a text", int: "a number", float: "a number", list: "a list", dict: "a table",
}


def _kind(value: object) -> str:
    """Name the type of a TOML value in a person's words."""
    return _KINDS.get(type(value), "a date or time")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a text in quotes, not {_kind(value)}")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"must be a list of texts, not {_kind(value)}")
    return tuple(_text(item) for item in value)


def _zone(value: object) -> str:
    name = _text(value).strip()
    if not name:
        return ""
    from zoneinfo import ZoneInfo  # 5 ms, and only a file that sets a zone needs it

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"names no time zone: {shown(name)}") from None
    return name


def _week_start(value: object) -> str:
    day = _text(value).strip().lower()
    if day not in WEEK_STARTS:
        raise ValueError(f"must be monday, sunday or saturday, not {shown(day)}")
    return day


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number of seconds, not {_kind(value)}")
    if not 0.2 <= value <= 60:
        raise ValueError("must lie between 0.2 and 60 seconds")
    return float(value)


def _roots(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError(f"must be a table of sources, not {_kind(value)}")
    found = {source: _texts(folders) for source, folders in value.items()}
    if relative := [each for each in sum(found.values(), ()) if not each.startswith(("/", "~"))]:
        raise ValueError(f"must hold full paths, not {shown(relative[0])}")
    return found


_CHECKS: dict[str, tuple[Callable[[object], Any], str]] = {
    "time_zone": (_zone, 'time_zone = "Europe/Berlin"'),
    "week_start": (_week_start, 'week_start = "monday"'),
    "poll_seconds": (_seconds, "poll_seconds = 1.0"),
    "sources_off": (_texts, 'sources_off = ["gemini-cli"]'),
    "extra_roots": (_roots, 'extra_roots = { codex = ["/mnt/laptop/.codex"] }'),
}

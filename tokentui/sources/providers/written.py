"""providers.toml: the user's own providers, each a block; what is wrong with one leaves the others alone.

    [acme]                                        # the name of the service
    title = "Acme AI"
    url = "https://api.acme.example/v1"           # https, or this machine
    header = "Authorization: Bearer {key}"        # leave it out where no key is needed
    interval = "10m"                              # s, m, h; at least 1m
    [acme.balance]
    path = "credits"                              # below the url
    amount = "data.balance"                       # where the figure stands
    unit = "cents"                                # or dollars, which is also any whole currency
    [acme.limits.monthly]                         # as many as there are
    path = "limits"
    used = "limits[0].used"                       # or `remaining`, with `limit`; or `used_percent`
    limit = "limits[0].cap"
    resets_at = "limits[0].reset"
    window = "30d"
    [acme.cost]
    path = "usage"
    query = { from = "{from_date}", to = "{to_date}" }
    method = "POST"                               # where it is not GET, with what it sends as JSON:
    body = { group = ["day"], since = "{from_seconds}" }
    day = "usage[].date"                          # or period = "month" for one figure
    amount = "usage[].cost"

    [my-script]                                   # a program that prints JSON lines: see script.py
    command = ["/home/me/bin/usage", "--json"]
    interval = "15m"
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from tokentui import folders
from tokentui.billing import FEATURES, Capability, Feature
from tokentui.sources.providers.provider import NOT_OFFERED, Provider
from tokentui.text import clean

MOST_BYTES = 1 << 20
FLOOR_SECONDS = 60
DEFAULT_SECONDS = 600
SCRIPT_SECONDS = 30
"""How long a script may take, where it does not say."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_HEADER = re.compile(r"([A-Za-z0-9-]{1,60}): *([\x20-\x7e]{1,200})")
_LENGTH = re.compile(r"(\d{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NOT_OURS = ("host", "content-length", "transfer-encoding", "connection", "content-type", "accept-encoding")
_EXAMPLE = 'url = "https://api.acme.example/v1"'
_PAGE = 'dashboard_url = "https://acme.example/usage"'
_ASKED = ("url", "header", "key_help", *FEATURES)
_RUN = ("command", "timeout", "environment", "provides")
_BOTH = ("title", "interval", "dashboard_url")
_NO = Capability("no", "providers.toml does not say where it stands")


class Wrong(Exception):
    """Something in the file is wrong: where, why, and what would be right."""

    def __init__(self, where: str, reason: str, example: str) -> None:
        super().__init__(f"{where} {reason}; such as: {example}")


class Written(NamedTuple):
    """What the file says, and what is wrong with it."""

    rows: tuple[Provider, ...] = ()
    problems: tuple[str, ...] = ()


class WrittenProvider(Provider):
    """A provider of the file; what answers for it was made with it."""

    __slots__ = ()

    def load(self) -> ModuleType:
        """Return what answers for it."""
        return _modules[self.name]


_modules: dict[str, ModuleType] = {}
_known: dict[str, tuple[tuple[int, int, int], Written]] = {}
"""By path: the file's mark, and what it said."""


def written(environ: Mapping[str, str], taken: frozenset[str]) -> Written:
    """Return what providers.toml says; `taken` are the names of services it must not use. Never raises."""
    path = os.path.join(folders.config(environ), "providers.toml")
    try:
        info = os.stat(path)
    except OSError:
        return Written()
    mark = (info.st_mtime_ns, info.st_size, info.st_ino)
    if path not in _known or _known[path][0] != mark:
        _known[path] = (mark, _read(path, taken))
    return _known[path][1]


def _read(path: str, taken: frozenset[str]) -> Written:
    try:
        text = _text(path)
        import tomllib

        blocks = tomllib.loads(text)
    except OSError as error:
        return Written((), (f"{path}: cannot be read: {error.strerror or error}",))
    except (ValueError, RecursionError) as error:  # of TOML names line and column; no UTF-8 is one, too
        reason = clean(str(error), 200)
        return Written((), (f"{path}: this is not TOML: {reason}; such as: [acme] {_EXAMPLE}",))
    rows, problems = [], []
    for name, block in blocks.items():
        try:
            rows.append(_row(name, block, taken))
        except Wrong as wrong:
            problems.append(clean(f"{path}{_line(text, name)}: {wrong}", 500))
    return Written(tuple(rows), tuple(problems))


def _text(path: str) -> str:
    # O_NONBLOCK: a named pipe in the file's place must not hang anybody.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise OSError("it is not a regular file")
        if info.st_uid not in (0, os.getuid()):
            raise OSError("it belongs to somebody else, and it can name programs to run")
        if info.st_mode & stat.S_IWOTH:
            raise OSError("everybody may write it, and it can name programs to run; chmod o-w mends that")
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise OSError("it is larger than 1 MiB")
    return raw.decode("utf-8-sig")


def _line(text: str, name: str) -> str:
    """Return `, line N` of a block; nothing where it is written in another way."""
    found = re.search(rf"^[ \t]*\[+[ \t]*\"?{re.escape(name)}\"?[ \t]*[\].]", text, re.MULTILINE)
    return f", line {text.count(chr(10), 0, found.start()) + 1}" if found else ""


# ---------------------------------------------------------------------- one block


def _row(name: str, block: object, taken: frozenset[str]) -> Provider:
    where = f"[{clean(name, 60)}]"
    if not _NAME.fullmatch(name):
        raise Wrong(where, "is no name of a service: small letters, digits and -", "[acme]")
    if name in taken:
        raise Wrong(where, "is the name of a service that is there already", f"[my-{name}]")
    if not isinstance(block, dict):
        raise Wrong(where, "is no block", f"[{name}] {_EXAMPLE}")
    runs = "command" in block
    _only(block, where, (*_BOTH, *(_RUN if runs else _ASKED)))
    title = text_of(block, where, "title", 'title = "Acme AI"') or name
    interval = length(block, where, "interval", DEFAULT_SECONDS)
    if interval < FLOOR_SECONDS:
        raise Wrong(f"{where} interval", "is below a minute", 'interval = "10m"')
    dashboard = text_of(block, where, "dashboard_url", _PAGE) or None
    if dashboard and not dashboard.startswith("https://"):
        raise Wrong(f"{where} dashboard_url", "is no https address", _PAGE)
    module, offers, url, key_help = (_script if runs else _asked)(name, title, block, where)
    module.__doc__ = f"{title}, as providers.toml has it."
    _modules[name] = module
    capabilities: dict[Feature, Capability] = {
        feature: Capability("local" if runs else "yes", "set up in providers.toml", interval)
        if feature in offers else _NO
        for feature in FEATURES
    }  # fmt: skip
    notes, module_name = ("Its figures are read as providers.toml says.",), f"providers.toml:{name}"
    sessions = Capability("local", "the requests it prints") if runs else NOT_OFFERED
    row = (name, title, module_name, url, dashboard, key_help, capabilities)
    return WrittenProvider(*row, sessions=sessions, notes=notes, reach_days=0 if runs else 366)


def _asked(
    name: str, title: str, block: Mapping[str, Any], where: str
) -> tuple[ModuleType, tuple[Feature, ...], str, str]:
    from tokentui.sources.providers.custom_fields import questions_of

    url = text_of(block, where, "url", _EXAMPLE)
    if not url:
        raise Wrong(where, "names neither a url to ask nor a command to run", _EXAMPLE)
    _check_url(url, where)
    header = _header(block, where)
    questions = questions_of(block, where)
    if not questions:
        example = f'[{name}.balance] path = "credits" amount = "data.balance"'
        raise Wrong(where, f"asks for nothing ({', '.join(FEATURES)})", example)
    help_text = text_of(block, where, "key_help", 'key_help = "a key from acme.example/keys"')
    key_help = (help_text or f"a key of {title}") if header else ""

    from tokentui.sources.providers.custom import Asked

    asked = Asked(title, header, questions)
    module = ModuleType(f"tokentui.sources.providers.written.{name}")
    fetches = {feature: asked.fetch(feature) for feature in questions}
    module.__dict__.update(authorize=asked.authorize, test=asked.test, FETCHES=fetches)
    return module, tuple(questions), url.rstrip("/"), key_help


def _script(
    name: str, title: str, block: Mapping[str, Any], where: str
) -> tuple[ModuleType, tuple[Feature, ...], str, str]:
    del title
    command = list(texts(block, where, "command", 'command = ["/home/me/bin/usage", "--json"]'))
    if not command or not command[0].startswith("/"):
        example = 'command = ["/home/me/bin/usage", "--json"]'
        raise Wrong(f"{where} command", "does not begin with the whole path of a program", example)
    provides = tuple(texts(block, where, "provides", 'provides = ["balance"]'))
    if unknown := [each for each in provides if each not in FEATURES]:
        reason = f"knows no {clean(unknown[0], 40)}"
        raise Wrong(f"{where} provides", reason, 'provides = ["cost", "balance"]')
    keep = tuple(texts(block, where, "environment", 'environment = ["ACME_PROFILE"]'))
    seconds = length(block, where, "timeout", SCRIPT_SECONDS)
    if not 1 <= seconds <= 300:
        raise Wrong(f"{where} timeout", "is not between a second and five minutes", 'timeout = "30s"')

    from tokentui.sources.providers.script import Script

    script = Script(command, float(seconds), keep)
    module = ModuleType(f"tokentui.sources.providers.written.{name}")
    # Requests and limits come with every run; the others where the script says that it has them.
    offers = tuple(each for each in FEATURES if each in provides or each == "limits")
    fetches = {feature: getattr(script, feature) for feature in offers}
    module.__dict__.update(test=script.test, FETCHES=fetches)
    return module, offers, "", ""


def _check_url(url: str, where: str) -> None:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        local = parts.hostname in ("localhost", "127.0.0.1", "::1")
        good = bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and local))
        good = good and not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        good = False
    if not good:
        raise Wrong(f"{where} url", "is no https address (http only of this machine, no query)", _EXAMPLE)


def _header(block: Mapping[str, Any], where: str) -> tuple[str, str] | None:
    example = 'header = "Authorization: Bearer {key}"'
    written = text_of(block, where, "header", example)
    if not written:
        return None
    found = _HEADER.fullmatch(written)
    if found is None or found[2].count("{key}") != 1:
        raise Wrong(f"{where} header", "is no header with {key} in it", example)
    if found[1].lower() in _NOT_OURS:
        raise Wrong(f"{where} header", f"cannot be {found[1]}", example)
    return found[1], found[2]


# ---------------------------------------------------------------------- single values


def _only(block: Mapping[str, Any], where: str, known: tuple[str, ...]) -> None:
    if unknown := [key for key in block if key not in known]:
        raise Wrong(f"{where} {clean(unknown[0], 40)}", f"is not known (known: {', '.join(known)})", _EXAMPLE)


def text_of(block: Mapping[str, Any], where: str, key: str, example: str) -> str:
    """Return a text of a block; empty where there is none. Raises Wrong."""
    value = block.get(key, "")
    if not isinstance(value, str) or value != clean(value, 300):
        raise Wrong(f"{where} {key}", "is no text that can be shown", example)
    return value


def texts(block: Mapping[str, Any], where: str, key: str, example: str) -> Iterator[str]:
    """Yield the texts of a list in a block. Raises Wrong."""
    value = block.get(key, [])
    if not isinstance(value, list) or len(value) > 100:
        raise Wrong(f"{where} {key}", "is no list of texts", example)
    for each in value:
        if not isinstance(each, str) or "\0" in each or len(each) > 4_000:
            raise Wrong(f"{where} {key}", "is no list of texts", example)
        yield each


def length(block: Mapping[str, Any], where: str, key: str, default: int) -> int:
    """Return a span of time in seconds, written as `10m` or as seconds. Raises Wrong."""
    value = block.get(key, default)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
        return value
    found = _LENGTH.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Wrong(f"{where} {key}", "is no span of time", f'{key} = "10m"')
    return int(found[1]) * _SECONDS[found[2]]

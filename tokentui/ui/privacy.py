"""Privacy: stand-ins for names, dots for costs. For a screen that is shared, filmed or photographed.

Data is veiled where it enters the screens: snapshots by the program, answers of the database by
`VeiledFeed`. So a pane cannot forget it, and what it exports or copies is veiled as well. Costs are
hidden by `ui.figures`, and by the driver for whoever writes one without it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual._context import active_app

from tokentui.store.snapshot import Billing, Driver, Drivers, Usage
from tokentui.store.usage_table import UsageQuery, UsageTable, Where, literal
from tokentui.text import shown_currency

if TYPE_CHECKING:
    from tokentui.engine.health import Health
    from tokentui.store import Reader
    from tokentui.store.snapshot import ImportProgress, Snapshot
    from tokentui.ui.feed import Feed, Found
    from tokentui.usage import UsageRecord

T = TypeVar("T")

HIDDEN = "•••"
"""What stands where a cost would."""

KINDS = {
    "account": "account", "project": "project", "branch": "branch", "session": "session", "user": "user",
    "machine": "machine", "conversation_id": "session", "parent_conversation_id": "session",
    "session_title": "session",
    "path": "path", "roots": "path", "looked": "path", "cwd": "path",
}  # fmt: skip
"""Fields and dimensions that hold names -> the word of their stand-ins."""

_PROSE = {"errors", "notices", "reason", "integrity", "sqlite_note", "said", "title_of_session"}
"""Fields that hold sentences, in which a path may stand."""

_TOLD = {"error", "hint", "notes"}
"""Fields of sentences about a provider, in which the host of an account of one's own may stand."""

_HOST = re.compile(r"\b(?:(?:[\w-]+\.)+[a-z]{2,}|\d+(?:\.\d+){3}|localhost)\b(?::\d+)?")
_REST = re.compile(r"\d+ more")
_PATH = re.compile(r"(?<![\w.])(?:~|\.{0,2})/(?!\s).*?(?=: |, |; | \(|[\"'”’)]|$)")

_CODES = "USD|EUR|GBP|CHF|JPY|AUD|CAD|CNY|SEK|NOK|DKK|PLN|CZK|HUF|INR|BRL|KRW"


@cache
def _amount(sign: str) -> re.Pattern[str]:
    """A number with a currency before or after it, as any pane may write one."""
    digits = r"\d[\d.,\u202f\xa0]*[kMB]?"
    before = rf"(?:{re.escape(sign)}|[$€£¥₩₹]|\b(?:{_CODES})|\b[A-Z]{{1,2}}\$) ?-?{digits}~?"
    return re.compile(rf"{before}|\b{digits} ?(?:[€£¥₩₹]|(?:{_CODES})\b)~?")


def hidden() -> bool:
    """Whether the program whose screen is being drawn hides names and costs."""
    return bool(getattr(active_app.get(None), "veiled", False))


def shown(kind: str, name: str) -> str:
    """Return a name as a screen may draw it: its stand-in while names are hidden, else itself.

    For panes that must know the real one, because they act on it. `kind`: `account`, `project` …
    """
    return active_app.get().veil.name(kind, name) if hidden() else name  # type: ignore[attr-defined]


def masked(text: str) -> str:
    """Return text, or a frame of it, with dots for every amount of money, as wide as before."""
    pattern = _amount(shown_currency().sign)
    return pattern.sub(lambda amount: HIDDEN[: len(amount[0])].ljust(len(amount[0])), text)


def prose(sentence: str) -> str:
    """Return a sentence without the paths in it."""
    return _PATH.sub("(path hidden)", sentence)


def hostless(sentence: str) -> str:
    """Return a sentence without the paths and hosts in it."""
    return _HOST.sub("(host hidden)", prose(sentence))


class Veil:
    """Gives each name a stand-in, `project 1`, and takes it back in what is asked. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: dict[tuple[str, str], str] = {}
        self._real: dict[str, str] = {}

    def name(self, kind: str, real: str) -> str:
        """Return the stand-in of a name; the same one each time. No name stays none."""
        if not real or real in self._real:
            return real
        if kind == "account" and "/" in real:  # `codex/work`, as a table of usage has it
            service, _, account = real.partition("/")
            shown = f"{service}/{self.name(kind, account)}"
            self._real[shown] = real
            return shown
        with self._lock:
            shown = self._shown.get((kind, real), "")
            if not shown:
                number = sum(known == kind for known, _ in self._shown) + 1
                shown = self._shown[kind, real] = f"{kind} {number}"
                self._real[shown] = real
            return shown

    def real(self, shown: str) -> str:
        """Return the name that a stand-in stands for; any other name is itself."""
        return self._real.get(shown, shown)

    def snapshot(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot without names."""
        return self.over(snapshot)

    def table(self, table: UsageTable, group_by: tuple[str, ...]) -> UsageTable:
        """Return a table whose groups have no names."""
        kinds = [KINDS.get(dimension) for dimension in group_by]
        if not any(kinds):
            return table
        groups = tuple((self._key(key, kinds), usage) for key, usage in table.groups)
        return replace(table, groups=groups, titles=())

    def query(self, query: UsageQuery) -> UsageQuery:
        """Return a question that was put together from stand-ins as the database understands it."""
        return replace(query, where=tuple(self._asked(where) for where in query.where))

    def over(self, value: T) -> T:
        """Return any data of ours without names: frozen data, tuples, lists and tables of it."""
        return cast("T", self._over(value, ""))

    def _key(self, key: tuple[str, ...], kinds: list[str | None]) -> tuple[str, ...]:
        pairs = zip(key, kinds, strict=True)
        return tuple(self.name(kind, part) if kind else part for part, kind in pairs)

    def _over(self, value: Any, field: str) -> Any:
        if isinstance(value, str):
            if kind := KINDS.get(field):
                return self.name(kind, value)
            if field in _TOLD:
                return hostless(value)
            return prose(value) if field in _PROSE else value
        if value is None or isinstance(value, (int, float, bytes, Usage)):
            return value
        if isinstance(value, Drivers):
            return replace(
                value, projects=self._drivers("project", value.projects),
                sessions=self._drivers("session", value.sessions),
            )  # fmt: skip
        if isinstance(value, Billing):
            value = replace(value, label=self.name("account", value.label))
        if isinstance(value, Where):
            return self._told(value)
        if type(value).__name__ == "UsageRecord":
            return self._record(value)
        if isinstance(value, tuple):
            parts = getattr(value, "_fields", None) or [field] * len(value)
            veiled = [self._over(part, name) for name, part in zip(parts, value, strict=True)]
            return type(value)(*veiled) if hasattr(value, "_fields") else tuple(veiled)
        if isinstance(value, list):
            return [self._over(part, field) for part in value]
        if isinstance(value, dict):
            return {key: self._over(part, str(key)) for key, part in value.items()}
        return self._fields_over(value)

    def _fields_over(self, value: Any) -> Any:
        names = (
            [each.name for each in fields(value) if each.init]
            if is_dataclass(value) and not isinstance(value, type)
            else list(getattr(value, "__struct_fields__", ()))
        )
        new = {name: self._over(getattr(value, name), name) for name in names}
        if all(new[name] is getattr(value, name) for name in names):
            return value
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **new)
        return type(value)(**new)

    def _drivers(self, kind: str, drivers: tuple[Driver, ...]) -> tuple[Driver, ...]:
        return tuple(self._driver(kind, driver) for driver in drivers)

    def _driver(self, kind: str, driver: Driver) -> Driver:
        if driver.key is None and _REST.fullmatch(driver.label):
            return driver
        if driver.key == "":  # of no project; a session without an id is called by its project
            return driver if kind != "session" else replace(driver, label=self.name(kind, driver.label))
        shown = self.name(kind, driver.key or driver.label)
        return replace(driver, label=shown, key=None if driver.key is None else shown)

    def _record(self, record: UsageRecord) -> UsageRecord:
        from msgspec import structs  # loaded by whoever has read a record; 20 ms that the first paint spares

        from tokentui.usage import renamed

        own = renamed(record.price, lambda name: self.name("account", name))
        return record if own == record.price else structs.replace(record, price=own)

    def _asked(self, where: Where) -> Where:
        """Return a condition with the real names."""
        if where.field not in KINDS:
            return where
        real = [self._real.get(str(value)) for value in where.values]
        values = tuple(
            value if name is None else literal(name) if where.op == "glob" else name
            for value, name in zip(where.values, real, strict=True)
        )
        return replace(where, values=cast("tuple[str, ...]", values))

    def _told(self, where: Where) -> Where:
        """Return a condition with stand-ins; a pattern is no name."""
        if (kind := KINDS.get(where.field)) is None:
            return where
        glob = where.op == "glob"
        texts = [str(value) for value in where.values]
        known = [re.sub(r"\\(.)", r"\1", text) if glob else text for text in texts]
        wild = [glob and re.search(r"(?<!\\)[*?]", text) is not None for text in texts]
        pairs = zip(known, wild, strict=True)
        return replace(where, values=tuple(HIDDEN if star else self.name(kind, text) for text, star in pairs))


class VeiledReader:
    """Answers as a `store.Reader` does, without names, and understands stand-ins in what it is asked."""

    def __init__(self, reader: Reader, veil: Veil) -> None:
        self._reader, self._veil = reader, veil

    def usage(self, query: UsageQuery) -> UsageTable:
        """Return the usage that a query asks for."""
        return self._veil.table(self._reader.usage(self._veil.query(query)), query.group_by)

    def values(self, field: str, prefix: str = "", limit: int = 20) -> tuple[str, ...]:
        """Return the values of a text field that begin with a prefix: of names, their stand-ins."""
        if (kind := KINDS.get(field)) is None:
            return self._reader.values(field, prefix, limit)
        shown = (self._veil.name(kind, value) for value in self._reader.values(field, "", 1_000))
        return tuple(name for name in shown if name.startswith(prefix))[:limit]

    def __getattr__(self, name: str) -> Any:
        """Return any other question of the reader, veiled the same way."""
        found = getattr(self._reader, name)
        if not callable(found):
            return found

        def asked(*values: Any, **named: Any) -> Any:
            def real(value: Any) -> Any:
                known = self._veil.query(value) if isinstance(value, UsageQuery) else value
                return self._veil.real(value) if isinstance(value, str) else known

            answer = found(*map(real, values), **{key: real(value) for key, value in named.items()})
            return self._veil.over(answer)

        return asked


class VeiledFeed:
    """A feed whose answers have no names while `on()` says so; snapshots pass as they are."""

    def __init__(self, feed: Feed, veil: Veil, on: Callable[[], bool]) -> None:
        self._feed, self._veil, self._on = feed, veil, on

    def start(
        self, listener: Callable[[Snapshot], None], progress: Callable[[ImportProgress | None], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Start the feed; the program veils its snapshots, since it must be able to show them again."""
        self._feed.start(listener, progress, failed)

    def stop(self, timeout: float) -> None:
        """End the feed."""
        self._feed.stop(timeout)

    def refresh(self) -> None:
        """Ask for a pass over all sources."""
        self._feed.refresh()

    def found(self) -> tuple[Found, ...]:
        """Return what is known of each source."""
        return self._veil.over(self._feed.found()) if self._on() else self._feed.found()

    def doing(self) -> str:
        """Return what the first snapshot waits for."""
        return prose(self._feed.doing()) if self._on() else self._feed.doing()

    def ask(
        self, topic: str, question: Callable[[Reader], T], listener: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Have a question asked of the database, with stand-ins for names."""
        if not self._on():
            self._feed.ask(topic, question, listener, failed)
            return

        def veiled(reader: Reader) -> T:
            return self._veil.over(question(cast("Reader", VeiledReader(reader, self._veil))))

        self._feed.ask(topic, veiled, listener, lambda reason: failed(prose(reason)))

    def ask_health(self, listener: Callable[[Health], None], failed: Callable[[str], None]) -> None:
        """Ask how well sources are read."""
        if not self._on():
            self._feed.ask_health(listener, failed)
            return
        veil = self._veil
        self._feed.ask_health(lambda found: listener(veil.over(found)), lambda reason: failed(prose(reason)))

    def __getattr__(self, name: str) -> Any:
        """Return what else this feed can do; data that comes back at once is veiled."""
        found = getattr(self._feed, name)
        if not callable(found):
            return self._veil.over(found) if self._on() else found
        return lambda *values, **named: (
            self._veil.over(found(*values, **named)) if self._on() else found(*values, **named)
        )

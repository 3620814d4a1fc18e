"""The small tables that records refer to by number: accounts, models, projects, sessions, contexts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import astuple

from tokentui.store import compiled
from tokentui.store.rows import int64
from tokentui.usage import UsageContext, record_key

if TYPE_CHECKING:
    from tokentui.store.rows_compiled import Stored

_CONTEXTS_KEPT = 50_000
"""Contexts held in memory (15 MB); a year of heavy use has about as many."""

_WEAKNESS = ("exact", "floor", "session_total", "estimate")
"""Qualities, the weakest last."""

_CONTEXT_QUERY = """
    SELECT c.id, c.account_id, c.project_id,
        s.name, a.name, e.conversation_id, c.parent_conversation_id, p.path, c.branch,
        c.user, c.machine, c.tool_version, c.operation_name, c.quality, c.provenance
    FROM json_each(?) AS wanted CROSS JOIN usage_contexts AS c ON {column} = wanted.value
        JOIN accounts AS a ON a.id = c.account_id JOIN services AS s ON s.id = a.service_id
        JOIN sessions AS e ON e.id = c.session_id JOIN projects AS p ON p.id = c.project_id
"""


def storable(text: str) -> str:
    """Return text that SQLite takes: a lone surrogate becomes `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def session_key(service: str, conversation_id: str) -> int:
    """Return the number of a session."""
    return record_key("session", f"{service}:{conversation_id}")


class Dimensions:
    """Finds the number of a name, and makes the row when there is none.

    It remembers what it has seen, so a rolled back transaction needs a new one.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._services: dict[str, int] = dict(connection.execute("SELECT name, id FROM services"))
        self._projects: dict[str, int] = {}
        self._accounts: dict[tuple[str, str], int] = {
            (service, name): number
            for service, name, number in connection.execute(
                "SELECT s.name, a.name, a.id FROM accounts AS a JOIN services AS s ON s.id = a.service_id"
            )
        }
        self._models: dict[tuple[str, str], int] = {}
        self.model_names: dict[int, tuple[str, str]] = {}
        """(provider_name, model) of each model."""
        for number, provider_name, name in connection.execute("SELECT id, provider_name, name FROM models"):
            self._models[provider_name, name] = number
            self.model_names[number] = (provider_name, name)
        self.prices: dict[str, int] = {"": 0, **dict(connection.execute("SELECT identity, id FROM prices"))}
        self._contexts: dict[UsageContext, int] = {}
        self._contexts_by_number: dict[int, UsageContext] = {}
        self._facets: dict[int, tuple[int, int]] = {}
        self._weakened: set[tuple[int, str]] = set()
        """Accounts, and qualities of theirs that were noted: no account gets a better one again."""
        self._stored: Stored | None = None
        if compiled.Stored and connection.execute("SELECT 1 FROM usage_records LIMIT 1").fetchone() is None:
            self._stored = compiled.Stored()
            self._version = self._data_version()

    def met(self, keys: Iterable[int]) -> Iterable[int]:
        """Return which requests may be stored already, and take all as stored from now on.

        Where there were none at first that is known, so that most need not be looked for; until another
        connection writes.
        """
        if self._stored is None:
            return keys
        if self._version != self._data_version():
            self._stored = None
            return keys
        return self._stored.met(keys)

    def _data_version(self) -> int:
        """Return what changes when another connection has written."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def account(self, service: str, name: str) -> int:
        """Return the number of an account."""
        service, name = storable(service), storable(name)
        known = self._accounts.get((service, name))
        if known is None:
            if service not in self._services:
                self._services[service] = self._insert("services", name=service)
            service_id = self._services[service]
            known = self._insert("accounts", service_id=service_id, name=name)
            self._accounts[service, name] = known
        return known

    def model(self, provider_name: str, name: str) -> int:
        """Return the number of a model."""
        known = self._models.get((provider_name, name))
        if known is None:
            provider_name, name = storable(provider_name), storable(name)
            known = self._models.get((provider_name, name))
        if known is None:
            known = self._insert("models", provider_name=provider_name, name=name)
            self._models[provider_name, name] = known
            self.model_names[known] = (provider_name, name)
        return known

    def price(self, identity: str) -> int:
        """Return the number of a price; 0 for none."""
        known = self.prices.get(identity)
        if known is None:
            known = self.prices[identity] = self._insert("prices", identity=identity)
        return known

    def contexts(self, batches: Iterable[tuple[list[UsageContext], int]]) -> list[list[int]]:
        """Return the numbers of the contexts of each (contexts, mtime_ns of their file)."""
        batches = [(list(map(_storable_context, contexts)), int64(mtime)) for contexts, mtime in batches]
        if len(self._contexts) > _CONTEXTS_KEPT:
            self._forget_contexts()
        sessions = self._sessions(batches)
        missing = sessions.keys() - self._contexts.keys()
        if missing:
            self._read_contexts("c.session_id", {sessions[context] for context in missing})
            for context in sorted(missing - self._contexts.keys(), key=tuple_of):
                self._make_context(context, sessions[context])
        return [[self._contexts[context] for context in contexts] for contexts, _ in batches]

    def facets(self, numbers: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Return (account, project) of contexts, all that are known and at least the wanted ones."""
        unknown = {number for number in numbers if number not in self._facets}
        if unknown:
            self._read_contexts("c.id", unknown)
        return self._facets

    def elder(self, one: int, other: int) -> int:
        """Return which of two contexts made a request that both hold with the same time.

        A resumed or forked session repeats the requests of the one it came from, times included; the
        session whose file is older made them. Then the smaller id, so that the order of reading does
        not matter.
        """
        self.facets((one, other))
        contexts = self._contexts_by_number[one], self._contexts_by_number[other]
        keys = [session_key(context.service, context.conversation_id) for context in contexts]
        born = [0, 0] if keys[0] == keys[1] else [self._born(key) for key in keys]
        ranked = [
            (oldest, context.conversation_id, tuple_of(context))
            for oldest, context in zip(born, contexts, strict=True)
        ]
        return one if ranked[0] <= ranked[1] else other

    def _born(self, session_id: int) -> int:
        row = self._connection.execute("SELECT born FROM sessions WHERE id = ?", (session_id,)).fetchone()
        return int(row[0])

    def _sessions(self, batches: list[tuple[list[UsageContext], int]]) -> dict[UsageContext, int]:
        """Note the sessions of contexts, and how old they are at least; return their numbers."""
        sessions: dict[UsageContext, int] = {}
        rows: dict[int, tuple[int, int, str, int]] = {}
        for contexts, mtime in batches:
            for context in contexts:
                key = sessions.get(context)
                if key is None:
                    key = sessions[context] = session_key(context.service, context.conversation_id)
                if key not in rows or rows[key][3] > mtime:
                    self.account(context.service, context.account)
                    service_id = self._services[context.service]
                    rows[key] = (key, service_id, context.conversation_id, mtime)
        self._connection.executemany(
            "INSERT INTO sessions (id, service_id, conversation_id, born) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET born = excluded.born WHERE excluded.born < born",
            [rows[key] for key in sorted(rows)],
        )
        return sessions

    def _make_context(self, context: UsageContext, session: int) -> None:
        account = self.account(context.service, context.account)
        project = self._project(context.project)
        number = self._insert(
            "usage_contexts",
            account_id=account,
            session_id=session,
            project_id=project,
            parent_conversation_id=context.parent_conversation_id,
            branch=context.branch,
            user=context.user,
            machine=context.machine,
            tool_version=context.tool_version,
            operation_name=context.operation_name,
            quality=context.quality,
            provenance=context.provenance,
        )
        self._remember(number, account, project, context)
        stronger = _WEAKNESS[: _WEAKNESS.index(context.quality)]
        if stronger and (account, context.quality) not in self._weakened:
            self._weakened.add((account, context.quality))
            self._connection.execute(
                "UPDATE accounts SET quality = ?"
                " WHERE id = ? AND quality IN (SELECT value FROM json_each(?))",
                (context.quality, account, json.dumps(stronger)),
            )

    def _project(self, path: str) -> int:
        known = self._projects.get(path)
        if known is None:
            row = self._connection.execute("SELECT id FROM projects WHERE path = ?", (path,)).fetchone()
            known = self._projects[path] = row[0] if row else self._insert("projects", path=path)
        return known

    def _read_contexts(self, column: str, values: Iterable[int]) -> None:
        wanted = json.dumps(list(values))
        for number, account, project, *fields in self._connection.execute(
            _CONTEXT_QUERY.format(column=column), (wanted,)
        ):
            self._remember(number, account, project, UsageContext(*fields))

    def _remember(self, number: int, account: int, project: int, context: UsageContext) -> None:
        self._contexts[context] = number
        self._contexts_by_number[number] = context
        self._facets[number] = (account, project)

    def _forget_contexts(self) -> None:
        self._contexts.clear()
        self._contexts_by_number.clear()
        self._facets.clear()

    def _insert(self, table: str, **values: object) -> int:
        try:
            cursor = self._connection.execute(_insertion(table, *values), tuple(values.values()))
        except sqlite3.IntegrityError:  # another connection was faster: an account that was just set up
            same = " AND ".join(f"{name} IS ?" for name in values)
            query = f"SELECT id FROM {table} WHERE {same}"
            row = self._connection.execute(query, tuple(values.values())).fetchone()
            if row is None:
                raise
            return int(row[0])
        return int(cursor.lastrowid or 0)


@cache
def _insertion(table: str, *names: str) -> str:
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def tuple_of(context: UsageContext) -> tuple[str, ...]:
    """Return a context's fields, for comparing."""
    return (
        context.service, context.account, context.conversation_id, context.parent_conversation_id,
        context.project, context.branch, context.user, context.machine, context.tool_version,
        context.operation_name, context.quality, context.provenance,
    )


def _storable_context(context: UsageContext) -> UsageContext:
    fields = astuple(context)
    if "".join(fields).isascii():
        return context
    return UsageContext(*map(storable, fields))  # type: ignore[arg-type]  # quality, provenance are ASCII

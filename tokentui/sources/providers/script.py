"""A source of the user's own: a program that prints JSON lines, run when it is due.

Each line is an object with `"v": 1` and a `kind`:

    {"v":1,"kind":"request","id":"r-17","time":"2026-11-21T10:00:00Z","provider":"openai","model":"gpt-5",
     "uncached_input_tokens":1200,"cache_read_input_tokens":0,"output_tokens":340,"cost":"0.0123",
     "session":"s1","project":"/home/me/shop","provenance":"manual"}
    {"v":1,"kind":"limit","id":"monthly","used_percent":41.5,"window_minutes":43200,
     "resets_at":"2026-12-01T00:00:00Z","name":"monthly budget"}
    {"v":1,"kind":"balance","amount":"12.50","currency":"USD","name":"credits"}
    {"v":1,"kind":"bucket","day":"2026-11-21","model":"gpt-5","requests":12,
     "uncached_input_tokens":1200,"output_tokens":340,"cost":"1.25","currency":"USD"}

Requests go the way of the logs (`sources.logs.script_lines`): each counts once by its `id`, a line that
cannot be read is told in Health. The others are what an account's provider says of it. Money is in whole
units of its currency, times are ISO 8601 or Unix seconds.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tokentui.billing import Account, Balance, Bucket, Covered, Feature, Fetched, KeyReport
from tokentui.sources import programs
from tokentui.sources.logs import script_lines, script_parser
from tokentui.sources.logs.script_parser import BadRecord
from tokentui.sources.providers.errors import Refused, Unavailable
from tokentui.sources.providers.provider import Span
from tokentui.usage import LimitReading, epoch_microseconds

if TYPE_CHECKING:
    from tokentui.sources.providers.http import Client

MOST_OUTPUT = 4 << 20
"""Bytes: some 20,000 requests."""
SHARED_SECONDS = 20.0
"""Several questions within this time are answered by one run."""
_DAY = 86_400_000_000
_COUNTS = script_parser.COUNTS[:5]


@dataclass(frozen=True, slots=True)
class Said:
    """What one run of a script said."""

    requests: int
    bad_lines: int
    first_bad: str
    limits: tuple[LimitReading, ...]
    balances: tuple[Balance, ...]
    buckets: tuple[Bucket, ...]


class Script:
    """One script of the user's: how it is run, and what it said last."""

    def __init__(self, command: Sequence[str], seconds: float, keep: Sequence[str]) -> None:
        """A run may take `seconds`; `keep` names variables that it gets besides the usual ones."""
        self._command, self._seconds, self._keep = tuple(command), seconds, tuple(keep)
        self._last: dict[str, tuple[float, Said]] = {}

    async def test(self, client: Client, account: Account) -> KeyReport:
        """Run it and say what it printed; nothing is stored."""
        output = await self._output()
        said = understood(output, account, client.now)
        return KeyReport(f"it printed {_counted(said)}", _features(said), _bad_lines(said))

    async def limits(self, client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG002
        """Run it: its requests go to the spool, its limits are the answer."""
        said = await self._run(client, account)
        notes = (f"its last run printed {_counted(said)}", *_bad_lines(said))
        return Fetched(limits=said.limits, notes=notes)

    async def balance(self, client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG002
        """Return the balances of the same run."""
        return Fetched(balances=(await self._run(client, account)).balances)

    async def cost(self, client: Client, account: Account, span: Span) -> Fetched:
        """Return the buckets that name money, of the same run."""
        return self._buckets(await self._run(client, account), "cost", span)

    async def history(self, client: Client, account: Account, span: Span) -> Fetched:
        """Return the buckets, as use, of the same run."""
        return self._buckets(await self._run(client, account), "history", span)

    def _buckets(self, said: Said, feature: Feature, span: Span) -> Fetched:
        found = tuple(
            bucket
            for bucket in said.buckets
            if bucket.feature == feature and span.start <= bucket.start < span.end
        )
        days = dict.fromkeys((bucket.start, bucket.end) for bucket in found)
        # A script need not print all days: what it says nothing of stays as it is.
        return Fetched(found, tuple(Covered(feature, start, end) for start, end in days))

    async def _run(self, client: Client, account: Account) -> Said:
        at, said = self._last.get(account.key, (float("-inf"), None))
        if said is None or time.monotonic() - at > SHARED_SECONDS:
            output = await self._output()
            said = understood(output, account, client.now)
            try:
                keep(output, account, os.environ)
            except OSError as error:
                raise Unavailable(f"what it printed cannot be kept: {error.strerror}") from None
            self._last[account.key] = (time.monotonic(), said)
        return said

    async def _output(self) -> bytes:
        environ = programs.environment(os.environ, self._keep)

        def run(stop: threading.Event) -> bytes:
            return programs.output_of(self._command, environ, self._seconds, MOST_OUTPUT, stop)

        try:
            return await programs.in_thread(run)
        except programs.ProgramProblem as problem:
            hint = f"its command stands in providers.toml; it gets {self._seconds:.0f} seconds"
            kind = Refused if "no program" in str(problem) else Unavailable
            raise kind(f"the script failed: {problem}", hint) from None


def keep(output: bytes, account: Account, environ: Mapping[str, str]) -> None:
    """Put what a script printed where it is read like a log; nothing changes when it is the same.

    Raises OSError.
    """
    folder = script_lines.folder(environ)
    path = os.path.join(folder, script_lines.file_name(account.service, account.name))
    with suppress(OSError), open(path, "rb") as file:
        if file.read(len(output) + 1) == output:
            return
    os.makedirs(folder, mode=0o700, exist_ok=True)
    fresh = f"{path}.{secrets.token_hex(4)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(output)
        os.replace(fresh, path)
    except OSError:
        with suppress(OSError):
            os.unlink(fresh)
        raise


def understood(output: bytes, account: Account, now: int) -> Said:
    """Return what a run said; a line that cannot be read costs itself only."""
    requests, bad, first = 0, 0, ""
    limits: list[LimitReading] = []
    balances: list[Balance] = []
    buckets: list[Bucket] = []
    for number, line in _lines(output):
        try:
            said = script_parser.understood(line)
            match said["kind"]:
                case "request":
                    script_parser.request(said, account.service, account.name)
                    requests += 1
                case "limit":
                    limits.append(_limit(said, account, now))
                case "balance":
                    balances.append(_balance(said))
                case _:
                    buckets += _bucket(said)
        except BadRecord as error:
            bad, first = bad + 1, first or f"line {number}, {error}"
    return Said(requests, bad, first, tuple(limits), tuple(balances), tuple(buckets))


def _lines(output: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(output.split(b"\n"), 1):
        if line.strip():
            yield number, line


def _limit(said: Mapping[str, Any], account: Account, now: int) -> LimitReading:
    used = script_parser.money(said, "used_percent") / 10**9
    if not 0 <= used <= 1_000:
        raise BadRecord("`used_percent` is no share")
    resets = None if said.get("resets_at") is None else script_parser.moment(said, "resets_at")
    return LimitReading(
        account.service, account.name, script_parser.text(said, "id", 80, needed=True),
        min(script_parser.count(said, "window_minutes"), 5_256_000), used, resets,
        now if said.get("time") is None else script_parser.moment(said, "time"),
        script_parser.text(said, "plan", 40), script_parser.text(said, "name", 80), origin="script",
    )  # fmt: skip


def _balance(said: Mapping[str, Any]) -> Balance:
    granted = None if said.get("granted") is None else script_parser.money(said, "granted")
    name = script_parser.text(said, "name", 40) or "balance"
    return Balance(script_parser.money(said, "amount"), currency(said), name, granted)


def _bucket(said: Mapping[str, Any]) -> list[Bucket]:
    """Return what a day's line says: its use, and its cost where it names one."""
    try:
        day = date.fromisoformat(script_parser.text(said, "day", 10, needed=True))
    except ValueError:
        raise BadRecord("`day` is no date such as 2026-11-21") from None
    start = epoch_microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
    cost = None if said.get("cost") is None else script_parser.money(said, "cost")
    model, operation = script_parser.text(said, "model"), script_parser.text(said, "operation", 60)
    counts = {name: script_parser.count(said, name) for name in _COUNTS}
    requests = None if said.get("requests") is None else script_parser.count(said, "requests")
    found = []
    if any(counts.values()) or requests is not None:
        used = Bucket("history", start, start + _DAY, model, operation, request_count=requests)
        found.append(replace(used, **counts))
    if cost is not None:
        spent = Bucket("cost", start, start + _DAY, model, operation, cost=cost, currency=currency(said))
        found.append(spent)
    if not found:
        raise BadRecord("the bucket has neither use nor cost")
    return found


def currency(said: Mapping[str, Any]) -> str:
    """Return the currency of a line, USD where it names none. Raises BadRecord."""
    found = script_parser.text(said, "currency", 10) or "USD"
    if not (len(found) == 3 and found.isascii() and found.isupper()):
        raise BadRecord("`currency` is none such as USD")
    return found


def _counted(said: Said) -> str:
    counts = (
        (said.requests, "request"), (len(said.limits), "limit"), (len(said.balances), "balance"),
        (len(said.buckets), "bucket"),
    )  # fmt: skip
    words = (f"{count:,} {word}{'' if count == 1 else 's'}" for count, word in counts if count)
    return ", ".join(words) or "nothing"


def _bad_lines(said: Said) -> tuple[str, ...]:
    if said.bad_lines < 2:
        return (f"a line cannot be read: {said.first_bad}",) if said.bad_lines else ()
    return (f"{said.bad_lines:,} lines cannot be read, the first: {said.first_bad}",)


def _features(said: Said) -> tuple[Feature, ...]:
    found: list[Feature] = []
    if any(bucket.feature == "history" for bucket in said.buckets):
        found.append("history")
    if any(bucket.feature == "cost" for bucket in said.buckets):
        found.append("cost")
    if said.limits:
        found.append("limits")
    if said.balances:
        found.append("balance")
    return tuple(found)

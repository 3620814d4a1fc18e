"""The price data that ships with tokentui: genai-prices, compiled to what a token count needs.

`import genai_prices` takes 390 ms and 35 MB (pydantic, httpx); this file is read in a few
milliseconds. It is JSON, one model a line, so that a change of prices can be read in a diff:

    {"format": 1, "version": "0.2.3", "providers": {"anthropic": {"makes": "*claude", "fallbacks": [],
    "models": [["claude-opus-4-8", ["^claude-opus-4-8"], [["", {"in": "5", "out": "25"}]], []]]}}}

Rows of a model are tried last to first; the first whose condition holds is in force (genai-prices'
`ModelInfo.get_prices`). A condition is empty, a UTC date it starts on (`2026-07-30`), or a daily UTC
window (`00:30-16:30`). A rate is in US dollars per million tokens; a list is a rate with long-context
tiers: `["3", 200000, "6"]` means 6 for every token of a request whose prompt has more than 200,000.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

FORMAT = 1
"""Version of the layout; a file of another format is not used."""

DISTRIBUTION = "genai_prices"
"""How the folder of the installed release begins."""

MAX_BYTES = 8 << 20
"""A price file is a quarter of a megabyte; a larger one is some other file."""

Clause = str | list[Any]
"""How a name is recognised: `=`, `^`, `*`, `$`, `~` and a text for equal to, starts with, contains, ends
with, found by a regular expression; `=` alone for equal to the model's id; a list of clauses of which one
must hold, or, after `"&"`, all."""

Rate = str | list[str | int]
Rates = dict[str, Rate]
"""By component: `in`, `out`, `read`, `write`, `write_5m`, `write_1h` and `reasoning` per million tokens,
`search` (of the web) and `request` per thousand."""


_DAYS = re.compile(rb'\["(\d{4}-\d\d-\d\d)",')
"""The condition of a row that begins on a day."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What a model costs while a condition holds."""

    condition: str
    rates: Rates


class Variant(msgspec.Struct, frozen=True, array_like=True):
    """Rates that replace those of the row for requests of one service tier."""

    tier: str
    condition: str
    rates: Rates


class Model(msgspec.Struct, frozen=True, array_like=True):
    """A model of a provider, the names it goes by, and what it costs."""

    id: str
    match: Clause
    rows: list[Row]
    variants: list[Variant] = []


class Provider(msgspec.Struct, frozen=True):
    """A provider and its models, in the order in which names are tried."""

    models: list[Model]
    makes: Clause = []
    """Names of the models this provider makes itself; empty when the data does not say."""
    fallbacks: list[str] = []
    """Providers whose models it sells under their names."""


class Snapshot(msgspec.Struct, frozen=True):
    """All prices known at one release of genai-prices. A provider is decoded when it is asked for."""

    format: int
    version: str
    """The release of genai-prices."""
    providers: dict[str, msgspec.Raw]

    def provider(self, name: str) -> Provider | None:
        """Return a provider by genai-prices' name; None when there is none."""
        raw = self.providers.get(name)
        return None if raw is None else msgspec.json.decode(raw, type=Provider)

    def newest_change(self, today: str) -> str:
        """Return the newest day up to `today` (`2026-09-10`) that a dated price begins on; empty for none."""
        days = (day.decode() for raw in self.providers.values() for day in _DAYS.findall(bytes(raw)))
        return max((day for day in days if day <= today), default="")


def shipped() -> Snapshot:
    """Return the price data that came with this tokentui."""
    return msgspec.json.decode(Path(__file__).with_name("prices.json").read_bytes(), type=Snapshot)


def newest(cache: Path | None) -> Snapshot:
    """Return the price data in the file `cache` when it is newer than what was shipped, else that.

    A cache file that is missing, damaged or of another format is passed over.
    """
    own = shipped()
    other = cached(cache) if cache else None
    return other if other and release(other.version) > release(own.version) else own


def cached(path: Path) -> Snapshot | None:
    """Return the price data in a file of the user's cache; None when it cannot be used."""
    try:
        # O_NONBLOCK: a named pipe in the file's place must not hang the start.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode) or about.st_size > MAX_BYTES:
                return None
            found = msgspec.json.decode(file.read(), type=Snapshot)
        if found.format != FORMAT:
            return None
        for name in found.providers:  # 2 ms, once per start; a damaged provider must not surface later
            found.provider(name)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return found


def release(version: str) -> tuple[int, ...]:
    """Return `0.2.3` as numbers that can be compared; what follows the digits does not count."""
    numbers: list[int] = []
    for part in version.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)


def stale(cache: Path) -> bool:
    """Tell whether a genai-prices is installed that is newer than the shipped and the cached data.

    Lists directories only: nothing is imported.
    """
    installed = installed_version()
    if not installed:
        return False
    return release(installed) > release(newest(cache).version)


def installed_version(folders: list[str] | None = None) -> str:
    """Return the release of genai-prices that an import would find; empty when there is none."""
    for folder in sys.path if folders is None else folders:
        with suppress(OSError), os.scandir(folder or ".") as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(DISTRIBUTION + "-") and name.endswith(".dist-info"):
                    return name[len(DISTRIBUTION) + 1 : -len(".dist-info")]
    return ""

"""Providers and log readers that other packages add by entry points.

    [project.entry-points."tokentui.providers"]
    acme = "tokentui_acme:PROVIDER"              # a tokentui.sources.providers.Provider

    [project.entry-points."tokentui.log_readers"]
    acme-cli = "tokentui_acme.logs:SOURCE"       # a tokentui.sources.Source

`importlib.metadata` takes 100 ms to find out that there are none. So the folders of installed packages
are looked through first for an `entry_points.txt` with our names in it, which takes 2 ms. A package that
fails is told (`problems`), and takes nothing away from the others.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tokentui.sources import SOURCES, SPOOLS, Source
from tokentui.text import clean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from tokentui.sources.providers.provider import Provider

GROUPS = ("tokentui.providers", "tokentui.log_readers")
MOST_BYTES = 1 << 20
"""Of an `entry_points.txt`; the longest real one has some 20 KB."""

_NEEDED = ("PARSER_VERSION", "roots", "wanted", "read")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Added(NamedTuple):
    """What other packages add, and what is wrong with some of them."""

    log_readers: tuple[Source, ...] = ()
    problems: tuple[str, ...] = ()


class AddedProviders(NamedTuple):
    """The same for providers."""

    providers: tuple[Provider, ...] = ()
    problems: tuple[str, ...] = ()


def log_readers() -> tuple[Source, ...]:
    """Return the log readers of other packages, loaded at the first call. Never raises."""
    return _added_readers().log_readers


def providers() -> tuple[Provider, ...]:
    """Return the providers of other packages, loaded at the first call. Never raises."""
    return _added_providers().providers


def problems() -> tuple[str, ...]:
    """Return a sentence for each entry point that cannot be used."""
    return (*_added_readers().problems, *_added_providers().problems)


def any_added() -> bool:
    """Whether any other package adds something."""
    return bool(_names())


def forget() -> None:
    """Look anew at the next call: packages were installed meanwhile."""
    for each in (_names, _added_readers, _added_providers):
        each.cache_clear()


@cache
def _added_readers() -> Added:
    found: list[Source] = []
    told: list[str] = []
    taken = {each.name for each in (*SOURCES, *SPOOLS)}
    for point in _points("tokentui.log_readers"):
        try:
            source = point.load()
            if not isinstance(source, Source):
                raise TypeError("it is no tokentui.sources.Source")
            _check_name(source.name, taken)
            module = source.load()
            if missing := [each for each in _NEEDED if not hasattr(module, each)]:
                raise TypeError(f"its module has no {', '.join(missing)}")
        except (Exception, SystemExit) as fault:
            told.append(_told(point, fault))
        else:
            taken.add(source.name)
            found.append(source)
    return Added(tuple(found), tuple(told))


@cache
def _added_providers() -> AddedProviders:
    points = _points("tokentui.providers")
    if not points:
        return AddedProviders()
    from tokentui.billing import FEATURES
    from tokentui.sources.providers.provider import Provider
    from tokentui.sources.providers.rows import PROVIDERS

    found: list[Provider] = []
    told: list[str] = []
    taken = {each.name for each in PROVIDERS}
    for point in points:
        try:
            row = point.load()
            if not isinstance(row, Provider):
                raise TypeError("it is no tokentui.sources.providers.Provider")
            _check_name(row.name, taken)
            if missing := [each for each in FEATURES if each not in row.capabilities]:
                raise TypeError(f"its capabilities do not say {', '.join(missing)}")
            module = row.load()
            if lacking := [each for each in ("test", "FETCHES") if not hasattr(module, each)]:
                raise TypeError(f"its module has no {', '.join(lacking)}")
        except (Exception, SystemExit) as fault:
            told.append(_told(point, fault))
        else:
            taken.add(row.name)
            found.append(row)
    return AddedProviders(tuple(found), tuple(told))


def _check_name(name: str, taken: set[str]) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError("its name is not of small letters, digits and -")
    if name in taken:
        raise ValueError(f"there is a {name} already")


def _told(point: EntryPoint, fault: BaseException) -> str:
    import logging  # 2 ms, for what hardly ever happens

    log = logging.getLogger("tokentui.sources")
    log.warning("%s of the group %s cannot be used", point.name, point.group, exc_info=fault)
    package = point.dist.name if point.dist else "a package"
    reason = f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
    where = f"{package}, entry point {point.name} of {point.group}"
    return clean(f"{where}, cannot be used: {reason}; upgrade or remove the package", 400)


def _points(group: str) -> list[EntryPoint]:
    if group not in _names():
        return []
    from importlib.metadata import entry_points

    try:
        return sorted(entry_points(group=group), key=lambda point: (point.name, point.value))
    except Exception:  # the metadata of some package cannot be read
        import logging

        log = logging.getLogger("tokentui.sources")
        log.exception("the entry points of installed packages cannot be read")
        return []


@cache
def _names() -> frozenset[str]:
    """Return which of our groups any installed package names."""
    found: set[str] = set()
    for path in _lists():
        try:
            with open(path, "rb") as file:
                words = file.read(MOST_BYTES).decode("utf-8", "replace")
        except OSError:
            continue
        found.update(group for group in GROUPS if f"[{group}]" in words)
    return frozenset(found)


def _lists() -> Iterator[str]:
    """Yield where the entry points of installed packages may stand."""
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:  # no such folder, or an archive
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                yield os.path.join(folder, name, "entry_points.txt")

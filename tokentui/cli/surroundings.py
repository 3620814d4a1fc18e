"""What every command starts from: the paths, the settings, the time zone and today."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import date, tzinfo
from typing import TYPE_CHECKING

from tokentui import config, periods, text
from tokentui import sources as registry
from tokentui.cli import Misuse
from tokentui.frozen import dataclass

if TYPE_CHECKING:
    from tokentui.engine.filters import Filter


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the files are, what the user set, and what day it is there."""

    paths: config.Paths
    settings: config.Settings
    zone_name: str
    zone: tzinfo
    now: int
    """UTC epoch microseconds."""
    environ: Mapping[str, str]

    @property
    def today(self) -> date:
        """The day it is in the zone."""
        return periods.day_of(self.now, self.zone)


def look_around(tz: str | None = None) -> Surroundings:
    """Read the settings; `tz` overrides the zone in them. Unknown settings are told on stderr."""
    paths = config.paths(os.environ)
    settings = config.load(paths.config_file)
    if warnings := [*settings.warnings, *unknown_sources(settings)]:
        from tokentui.cli.failures import note

        for warning in warnings:
            note(f"{paths.config_file}: {warning}")
    name = tz or settings.time_zone or periods.local_zone_name(os.environ)
    try:
        zone = periods.zone(name)
    except periods.PeriodError as error:
        raise misused(error) from None
    here = Surroundings(paths, settings, name, zone, time.time_ns() // 1000, os.environ)
    _show_money(here)
    return here


def _show_money(here: Surroundings) -> None:
    """Let amounts be shown in the currency of the settings, at the newest rate."""
    text.show_money_in(text.DOLLARS)
    if here.settings.currency != "USD":
        from tokentui.cli.failures import note
        from tokentui.pricing import exchange  # 20 ms that dollars need not spend

        if problem := exchange.show_money_in(here.settings.currency, here.today):
            note(problem)


def unknown_sources(settings: config.Settings) -> list[str]:
    """Return a sentence for each name in the settings that is no source's."""
    if not settings.sources_off and not settings.extra_roots:
        return []
    known = [source.name for source in registry.tools()]
    own = [spool.name for spool in registry.SPOOLS]
    return [
        f"{setting} names no source: {config.shown(name)} (known: {', '.join(known)})"
        for setting, names in (("sources_off", settings.sources_off), ("extra_roots", settings.extra_roots))
        for name in names
        if name not in known and name not in own
    ]


def misused(error: periods.PeriodError) -> Misuse:
    """Return a wrong date, range or zone as a person sees it, with an example that is right."""
    return Misuse(str(error), hint=f"such as: {error.hint}")


def filter_of(here: Surroundings, text: str) -> Filter:
    """Return what a filter asks for; raises Misuse, which points at what cannot be understood."""
    from tokentui.engine.filters import FilterError, parse  # 3 ms: the dashboard starts without it

    try:
        return parse(text, here.today, here.settings.week_start)
    except FilterError as error:
        raise Misuse(str(error), hint=error.hint) from None

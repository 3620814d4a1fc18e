"""A generated history of a heavy developer, as the real log files of three tools, for a first look.

Everything follows from the seed and the moment: the same two give the same bytes. Nothing is read,
and nothing is written outside the home directory that the caller names.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tokentui.demo_titles import title

PROJECTS = {
    "shop": (9, ("feat/cart", "feat/checkout", "main")),
    "api-gateway": (6, ("main", "fix/timeouts")),
    "docs-site": (4, ("main", "redesign")),
    "infra": (3, ("main", "feat/dns")),
    "notes": (2, ("main",)),
    "dotfiles": (1, ("main",)),
}
"""Name -> (how much of the work is done there, the branches it is done on)."""

WEEKDAYS = (0.95, 1.15, 1.2, 1.05, 0.8, 0.0, 0.0)
"""How busy Monday to Sunday are; one is a plain day."""

HOURS = {8: 2, 9: 7, 10: 9, 11: 8, 12: 2, 13: 5, 14: 9, 15: 9, 16: 8, 17: 5, 20: 1, 21: 2, 22: 1}
"""Local hour -> how likely a session starts in it."""

SPIKE_DAYS_AGO = 12
"""The day of a large migration (the working day next to it), and what it multiplies."""
SPIKE = 2.6
HOLIDAY_WEEKS_AGO = 7

MODEL_CHANGE_DAYS_AGO = 55
MODELS = {
    "claude": (("claude-opus-4-7", "claude-sonnet-4-6"), ("claude-opus-4-8", "claude-sonnet-4-6")),
    "codex": (("gpt-5.4", "gpt-5.4-mini"), ("gpt-5.5", "gpt-5.4-mini")),
    "gemini": (("gemini-2.5-pro", "gemini-2.5-flash"), ("gemini-3.1-pro-preview", "gemini-3-flash-preview")),
}
"""Tool -> (large, small) model before and after the change."""

AGENT_MODEL = "claude-haiku-4-5-20251001"
FIVE_HOURS = (5 * 3_600, 93.3, 4_700)
WEEK = (7 * 86_400, 49.0, 2 * 86_400 + 7 * 3_600)
"""Codex limits: length in seconds, percent used now, seconds until the reset."""


class Session(NamedTuple):
    """One sitting with one tool: who, where, and when each request was made."""

    tool: str
    project: str
    branch: str
    model: str
    times: list[int]
    """UTC epoch milliseconds, ascending."""
    rnd: Random


def write_history(home: Path, seed: int, now: datetime, days: int = 120) -> None:
    """Fill `home` with projects and with the logs of `days` days of work that end at `now` (aware).

    Raises OSError when `home` cannot be written, ValueError when `now` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("the moment needs a time zone")
    for name in PROJECTS:
        (home / name / ".git").mkdir(parents=True, exist_ok=True)
        (home / name / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        marker = home / ".gemini" / "tmp" / name / ".project_root"
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(str(home / name))
    slugs = {str(home / name): name for name in PROJECTS}
    (home / ".gemini" / "projects.json").write_text(json.dumps({"projects": slugs}))
    (home / ".codex" / "session_index.jsonl").unlink(missing_ok=True)
    writers = {"claude": _claude, "codex": _codex, "gemini": _gemini}
    for session in _sessions(seed, now, days):
        if session.times:
            writers[session.tool](home, session, now)


def _sessions(seed: int, now: datetime, days: int) -> Iterator[Session]:
    """Plan every sitting, day by day; the last ones are still going on at `now`."""
    until = _milliseconds(now)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for ago in range(days - 1, -1, -1):
        day = now.date() - timedelta(days=ago)
        rnd = Random(f"{seed}:{day}")
        midnight = _milliseconds(today.replace(year=day.year, month=day.month, day=day.day))
        for _ in range(round(9 * _busy(day, now.date(), rnd))):
            tool = rnd.choices(("claude", "codex", "gemini"), (11, 6, 3))[0]
            hour = rnd.choices(tuple(HOURS), tuple(HOURS.values()))[0]
            start = midnight + int((hour + rnd.random()) * 3_600_000)
            times = _times(rnd, start, rnd.randint(6, 34))
            yield _session(tool, ago, [time for time in times if time <= until], rnd)
    rnd = Random(f"{seed}:live")
    for tool, calls, quiet in (("gemini", 9, 1_500), ("codex", 24, 190), ("claude", 31, 20)):
        times = _times(rnd, 0, calls)
        end = max(until - quiet * 1_000, min(_milliseconds(today), until))
        yield _session(tool, 0, [time + end - times[-1] for time in times], rnd)


def _busy(day: date, today: date, rnd: Random) -> float:
    """Return how busy a day is; one is a plain working day."""
    ago = (today - day).days
    busy = WEEKDAYS[day.weekday()] * rnd.uniform(0.75, 1.25)
    if rnd.random() < 0.03:
        busy = 0.0
    if not busy and rnd.random() < 0.25:
        busy = 0.2
    if day == _working_day(today - timedelta(days=SPIKE_DAYS_AGO)):
        return SPIKE
    if day.isocalendar()[:2] == (today - timedelta(weeks=HOLIDAY_WEEKS_AGO)).isocalendar()[:2]:
        return 0.0
    return max(busy, 0.2) if ago < 7 else busy


def _session(tool: str, ago: int, times: list[int], rnd: Random) -> Session:
    weights = [weight for weight, _ in PROJECTS.values()]
    project = rnd.choices(tuple(PROJECTS), weights)[0]
    large, small = MODELS[tool][ago < MODEL_CHANGE_DAYS_AGO]
    model = large if rnd.random() < 0.7 else small
    return Session(tool, project, rnd.choice(PROJECTS[project][1]), model, times, rnd)


def _times(rnd: Random, start: int, calls: int) -> list[int]:
    """Return when the requests of a sitting are made: bursts of work, then a person reads."""
    times = []
    for _ in range(calls):
        start += 3_000 + int(rnd.expovariate(1 / 22_000))
        if rnd.random() < 0.15:
            start += rnd.randint(60_000, 420_000)
        times.append(start)
    return times


def _claude(home: Path, session: Session, _: datetime) -> None:
    folder = home / ".claude" / "projects" / _slug(home / session.project)
    name = _uuid(session.rnd)
    asked = {"type": "user", "message": {"role": "user", "content": "…"}}
    head = _claude_head(home, session, name, session.times[0] - 2_000, "")
    lines = [_json(head | asked), *_claude_lines(home, session, name, session.model, session.times, "")]
    if called := title(session.project, name):
        lines.append(_json({"type": "ai-title", "aiTitle": called, "sessionId": name}))
    _write(folder / f"{name}.jsonl", lines, session.times[-1])
    agent, times = f"{session.rnd.getrandbits(32):08x}", [time + 1_500 for time in session.times[2:12]]
    if times and session.rnd.random() < 0.3:
        lines = _claude_lines(home, session, name, AGENT_MODEL, times, agent)
        _write(folder / name / "subagents" / f"agent-{agent}.jsonl", lines, times[-1])


def _claude_head(home: Path, session: Session, name: str, time: int, agent: str) -> dict[str, Any]:
    return ({"agentId": agent} if agent else {}) | {
        "parentUuid": None, "isSidechain": bool(agent), "userType": "external", "version": "2.3.41",
        "cwd": str(home / session.project), "gitBranch": session.branch, "sessionId": name,
        "uuid": _uuid(session.rnd), "timestamp": _iso(time),
    }


def _claude_lines(
    home: Path, session: Session, name: str, model: str, times: list[int], agent: str
) -> list[str]:
    """Write each request as one or two lines; the last of them has the final output."""
    rnd = session.rnd
    lines = []
    context, cached = rnd.randint(40_000, 90_000), 0
    for time in times:
        output = int(rnd.lognormvariate(6.4, 1.0)) + 8
        fresh = context - cached
        hour = 0 if agent else fresh
        usage: dict[str, object] = {
            "input_tokens": rnd.randint(3, 9), "cache_creation_input_tokens": fresh,
            "cache_read_input_tokens": cached, "service_tier": "standard",
            "cache_creation": {"ephemeral_5m_input_tokens": fresh - hour, "ephemeral_1h_input_tokens": hour},
        }
        message: dict[str, object] = {
            "id": f"msg_01{rnd.getrandbits(96):024x}", "type": "message", "role": "assistant", "model": model,
            "content": [{"type": "text", "text": "…"}], "stop_reason": None,
        }
        request = {"type": "assistant", "requestId": f"req_011{rnd.getrandbits(88):022x}"}
        for shown in (1, output) if rnd.random() < 0.5 else (output,):
            body = {"message": message | {"usage": usage | {"output_tokens": shown}}}
            lines.append(_json(_claude_head(home, session, name, time, agent) | request | body))
        cached, context = context, context + output + int(rnd.lognormvariate(8.0, 0.9))
        if context > 160_000:
            context, cached = 30_000, 12_000
    return lines


def _codex(home: Path, session: Session, now: datetime) -> None:
    rnd = session.rnd
    name, start, cwd = _uuid(rnd), session.times[0] - 3_000, str(home / session.project)
    meta = {
        "id": name, "timestamp": _iso(start), "cwd": cwd, "originator": "codex_cli_rs", "source": "cli",
        "cli_version": "0.152.0", "model_provider": "openai", "git": {"branch": session.branch},
    }
    lines = [
        _codex_line(start, "session_meta", meta),
        _codex_line(start + 400, "turn_context", {"cwd": cwd, "model": session.model, "effort": "high"}),
    ]
    total = [0, 0, 0, 0]
    context, cached = rnd.randint(30_000, 90_000), 0
    for time in session.times:
        output = int(rnd.lognormvariate(6.7, 0.9)) + 10
        last = [context, min(cached, context) // 128 * 128, output, int(output * rnd.uniform(0.2, 0.7))]
        total = [before + more for before, more in zip(total, last, strict=True)]
        info = {"total_token_usage": _codex_usage(total), "last_token_usage": _codex_usage(last)}
        limits = {
            "limit_id": "codex", "plan_type": "pro", "credits": None,
            "primary": _window(FIVE_HOURS, time, now), "secondary": _window(WEEK, time, now),
        }
        lines.append(
            _codex_line(time, "event_msg", {"type": "token_count", "info": info, "rate_limits": limits})
        )
        cached, context = context, context + output + int(rnd.lognormvariate(8.2, 0.9))
        if context > 200_000:
            context, cached = 24_000, 9_000
    began = datetime.fromtimestamp(start / 1000, now.tzinfo)  # Codex names its files in local time
    folder = home / ".codex" / "sessions" / f"{began:%Y/%m/%d}"
    _write(folder / f"rollout-{began:%Y-%m-%dT%H-%M-%S}-{name}.jsonl", lines, session.times[-1])
    if called := title(session.project, name):
        index = home / ".codex" / "session_index.jsonl"
        known = index.read_text().splitlines() if index.exists() else []
        entry = _json({"id": name, "thread_name": called, "updated_at": _iso(start)})
        _write(index, [*known, entry], session.times[-1])


def _codex_line(time: int, kind: str, payload: dict[str, Any]) -> str:
    return _json({"timestamp": _iso(time), "type": kind, "payload": payload})


def _codex_usage(counts: list[int]) -> dict[str, int]:
    names = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens")
    return dict(zip(names, counts, strict=True)) | {"total_tokens": counts[0] + counts[2]}


def _window(limit: tuple[int, float, int], time: int, now: datetime) -> dict[str, object]:
    """Return a limit as it stood at `time`: windows follow each other, each fills up evenly."""
    length, used_now, left = limit
    current_end = int(now.timestamp()) + left
    back = max(0, (current_end - 1 - time // 1000) // length)
    begin = current_end - (back + 1) * length
    # The window that is open now has run for `length - left` seconds and stands at `used_now`.
    share = (time / 1000 - begin) / (length if back else length - left)
    peak = 15 + Random(back * length).random() * 50 if back else used_now
    used = round(max(0.0, min(100.0, peak * share)), 1)
    return {"used_percent": used, "window_minutes": length // 60, "resets_at": begin + length}


def _gemini(home: Path, session: Session, _: datetime) -> None:
    rnd = session.rnd
    name, start = _uuid(rnd), session.times[0] - 3_000
    head = {"sessionId": name, "projectHash": session.project, "startTime": _iso(start), "kind": "main"}
    lines = [_json(head)]
    context, cached = rnd.randint(12_000, 40_000), 0
    for time in session.times:
        output, thoughts = int(rnd.lognormvariate(5.6, 0.8)), int(rnd.lognormvariate(5.5, 0.8))
        tokens = {
            "input": context, "output": output, "cached": cached if rnd.random() > 0.1 else 0,
            "thoughts": thoughts, "tool": 0, "total": context + output + thoughts,
        }
        message = {"id": _uuid(rnd), "timestamp": _iso(time), "type": "gemini", "content": "…"}
        lines.append(_json(message | {"model": session.model, "tokens": tokens}))
        cached, context = context, context + output + int(rnd.lognormvariate(8.3, 0.9))
    if called := title(session.project, name):
        lines.append(_json({"$set": {"summary": called}}))
    stamp = _iso(start)[:16].replace(":", "-")
    folder = home / ".gemini" / "tmp" / session.project / "chats"
    _write(folder / f"session-{stamp}-{name[:8]}.jsonl", lines, session.times[-1])


def _write(path: Path, lines: list[str], time: int) -> None:
    """Write a log whose file time is that of its last line, as if it had just been closed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\n".join((*lines, "")).encode())
    os.utime(path, (time / 1000, time / 1000))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _working_day(day: date) -> date:
    """Return the day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def _iso(time: int) -> str:
    """Write UTC epoch milliseconds as the tools do: `2026-11-21T09:30:00.125Z`."""
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _uuid(rnd: Random) -> str:
    digits = f"{rnd.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def _slug(path: Path) -> str:
    """Name a project's folder as Claude Code does: everything but letters and digits is a dash."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in str(path))

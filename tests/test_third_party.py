"""What another package adds by entry points: its figures are there, its faults are told and harm nobody."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.added_package import install
from tests.provider_fixtures import SPAN
from tests.store_batches import NOW
from tokentui import config, sources
from tokentui.billing import Account, Balance
from tokentui.config import Settings
from tokentui.engine.collect import collect_once
from tokentui.sources import providers, third_party
from tokentui.sources.providers.http import Client

README = Path(__file__).parents[1] / "README.md"

READER = '''
import json, pathlib
from tokentui.sources import Source
from tokentui.sources.logs import lines
from tokentui.usage import UsageContext, UsageRecord, record_key

SOURCE = Source("acme-cli", "Acme CLI", "logs", "tokentui_acme_cli", None)
PARSER_VERSION = 1

def roots(home, environ):
    return [pathlib.Path(home) / ".acme"]

def wanted(path):
    return path.endswith(".jsonl")

class Parser:
    def __init__(self, state):
        self.findings = lines.Findings()

    def feed(self, data, offset):
        for line in data[: data.rfind(b"\\n")].split(b"\\n"):
            said = json.loads(line)
            context = self.findings.context(UsageContext("acme-cli", conversation_id=said["session"]))
            key = record_key("acme-cli", said["id"])
            self.findings.add(UsageRecord(
                key, 0, said["time"], context, "openai", "gpt-5", output_tokens=said["out"],
            ))

    def state(self):
        return b""

def read(path, checkpoint, *, siblings=None):
    return lines.read(path, checkpoint, source="acme-cli", parser_version=PARSER_VERSION, parser=Parser)
'''
CLI_PROJECT = """
[project]
name = "tokentui-acme-cli"
version = "1.0"
[project.entry-points."tokentui.log_readers"]
acme-cli = "tokentui_acme_cli:SOURCE"
broken = "tokentui_acme_broken:SOURCE"
[project.entry-points."tokentui.providers"]
broken = "tokentui_acme_broken:PROVIDER"
taken = "tokentui_acme_taken:PROVIDER"
text = "tokentui_acme_taken:TEXT"
"""


Add = Callable[[str, dict[str, str]], Path]
TAKEN = "from tokentui.sources.providers.rows import PROVIDERS\nPROVIDER = PROVIDERS[0]\nTEXT = 'x'\n"
BROKEN = "raise RuntimeError('no \\x1b[31mluck')\n"
MODULES = {"tokentui_acme_cli": READER, "tokentui_acme_broken": BROKEN, "tokentui_acme_taken": TAKEN}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Add:
    """Installs a package, each once: pip takes two seconds."""
    known: dict[str, Path] = {}

    def once(project: str, modules: dict[str, str]) -> Path:
        if project not in known:
            known[project] = install(tmp_path_factory.mktemp("package"), project, modules)
        return known[project]

    return once


@pytest.fixture
def added(installed: Add, monkeypatch: pytest.MonkeyPatch) -> Iterator[Add]:
    """Installs a package and lets this process find it."""

    def add(project: str, modules: dict[str, str]) -> Path:
        target = installed(project, modules)
        monkeypatch.syspath_prepend(str(target))
        third_party.forget()
        return target

    yield add
    monkeypatch.undo()
    third_party.forget()


def blocks(language: str) -> list[str]:
    """The code of README's section about packages."""
    section = README.read_text().partition("### A provider in a package of its own")[2].partition("\n#")[0]
    return [textwrap.dedent(found) for found in re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)]


async def test_the_provider_of_the_readme_is_installed_and_shows_its_balance(
    added: Add,
) -> None:
    (project,), (module,) = blocks("toml"), blocks("python")
    assert len([line for line in module.splitlines() if line.strip()]) <= 22
    added(project, {"tokentui_acme": module})
    assert providers.problems() == ()
    row = providers.rows()["acme"]
    assert providers.find("Acme AI") is row

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer test-key"
        return httpx.Response(200, json={"/v1/credits": {"balance": "12.5"}}.get(request.url.path, {}))

    client = Client.for_test(answer, row, Account("acme"), now=NOW)
    assert (await row.load().test(client, client.account)).summary
    found = await row.load().FETCHES["balance"](client, client.account, SPAN)
    assert found.balances == (Balance(12_500_000_000),)


def test_the_command_line_knows_an_installed_provider(added: Add) -> None:
    (project,), (module,) = blocks("toml"), blocks("python")
    target = added(project, {"tokentui_acme": module})
    root = str(Path(sources.__file__).parents[2])
    environ = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{target}"}
    command = [sys.executable, "-m", "tokentui", "providers", "acme", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=True)
    (found,) = json.loads(done.stdout)["providers"]
    assert (found["title"], found["capabilities"]["balance"]["offer"]) == ("Acme AI", "yes")


def test_a_log_reader_reads_its_tool_and_a_broken_package_takes_nothing_away(
    added: Add, home: Path
) -> None:
    added(CLI_PROJECT, MODULES)
    (home / ".acme").mkdir()
    entry = {"id": "1", "session": "s", "time": NOW, "out": 1000}
    (home / ".acme" / "log.jsonl").write_text(json.dumps(entry) + "\n")
    collected = collect_once(config.paths(os.environ), Settings())
    assert collected.total_tokens == 1000
    assert collected.total_cost
    assert {each.name for each in sources.tools()} == {"claude-code", "codex", "gemini-cli", "acme-cli"}
    told = sorted(providers.problems())
    assert len(told) == 4
    assert all(each.startswith("tokentui-acme-cli, entry point ") for each in told)
    assert "broken of tokentui.log_readers, cannot be used: RuntimeError: no" in told[0]
    assert not any("\x1b" in each for each in told)
    assert any("there is a openai-api already" in each for each in told)
    assert any("it is no tokentui.sources.providers.Provider" in each for each in told)
    assert len(providers.rows()) == len(providers.PROVIDERS)


def test_doctor_tells_what_cannot_be_used(added: Add, home: Path) -> None:
    target = added(CLI_PROJECT, MODULES)
    (home / ".config/tokentui").mkdir(parents=True)
    (home / ".config/tokentui/providers.toml").write_text("[acme]\n")
    root = str(Path(sources.__file__).parents[2])
    environ = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{target}"}
    command = [sys.executable, "-m", "tokentui", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert "entry point broken of tokentui.log_readers, cannot be used: RuntimeError: no" in done.stdout
    assert "[acme] names neither a url to ask nor a command to run" in done.stdout
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, env=environ, check=False)
    assert len(json.loads(done.stdout)["added"]["problems"]) == 5


def test_without_such_a_package_the_slow_way_is_not_taken() -> None:
    program = (
        "import sys\nfrom tokentui import sources\nfrom tokentui.sources import providers\n"
        "sources.everything(); providers.rows(); providers.problems()\n"
        "print('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

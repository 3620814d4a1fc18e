"""Where an account's key comes from, as it is written in the settings, and in which order it is sought.

A text such as `env:OPENAI_ADMIN_KEY`, `command:pass show openai`, `file:~/.keys/openai`,
`systemd:openai` or `vault:openai`. All of them are read here and nowhere else. A text that is none of
these is never quoted in an error: it is most likely the key itself.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from tokentui.secrets.errors import BadReference
from tokentui.secrets.secret import looks_like_key

Given = ParamSpec("Given")
Returned = TypeVar("Returned")

SHELL_WORDS = frozenset({"|", "||", "&&", "&", ";", ">", ">>", "<", "<<", "2>&1"})
"""Words that only a shell understands; a command's arguments are passed on as they are."""

OFFERED = {
    "ANTHROPIC_ADMIN_KEY": "anthropic",
    "OPENAI_ADMIN_KEY": "openai",
    "OPENROUTER_API_KEY": "openrouter",
    "GITHUB_TOKEN": "github-copilot",
    "XAI_MANAGEMENT_KEY": "xai",
    "DEEPSEEK_API_KEY": "deepseek",
    "MOONSHOT_API_KEY": "moonshot",
    "ZAI_API_KEY": "zai",
    "MINIMAX_API_KEY": "minimax",
    "MISTRAL_API_KEY": "mistral",
    "CURSOR_ADMIN_API_KEY": "cursor",
    "LITELLM_API_KEY": "litellm",
    "GROQ_API_KEY": "groq",
    "PERPLEXITY_API_KEY": "perplexity",
}
"""Well-known variables and the service each belongs to: offered when an account is added, never taken."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_EXAMPLE = "such as: env:OPENAI_ADMIN_KEY, command:pass show openai, file:~/.keys/openai or vault:openai"


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """An environment variable that is named."""

    variable: str

    def __str__(self) -> str:
        return f"env:{self.variable}"


@dataclass(frozen=True, slots=True)
class FromCommand:
    """The first line that a command prints; started without a shell."""

    argv: tuple[str, ...]
    keep: tuple[str, ...] = ()
    """Variables it gets although they look like secrets, such as `OP_SERVICE_ACCOUNT_TOKEN`."""

    def __str__(self) -> str:
        return f"command:{shlex.join(self.argv)}"


@dataclass(frozen=True, slots=True)
class FromFile:
    """The first line of a file that only its owner can read."""

    path: str

    def __str__(self) -> str:
        return f"file:{self.path}"


@dataclass(frozen=True, slots=True)
class FromCredential:
    """A file in `$CREDENTIALS_DIRECTORY`, where systemd puts what `LoadCredential=` names."""

    name: str

    def __str__(self) -> str:
        return f"systemd:{self.name}"


@dataclass(frozen=True, slots=True)
class FromVault:
    """A key in the vault."""

    name: str

    def __str__(self) -> str:
        return f"vault:{self.name}"


Reference = FromEnvironment | FromCommand | FromFile | FromCredential | FromVault


def _without_frames(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Raise its `BadReference` without the frames below: what was refused may be a key, and is in them."""

    @wraps(function)
    def call(*given: Given.args, **named: Given.kwargs) -> Returned:
        try:
            return function(*given, **named)
        except BadReference as error:
            problem = error.with_traceback(None)
        given = named = ()  # type: ignore[assignment]
        raise problem

    return call


@_without_frames
def parse(text: str) -> Reference:
    """Return the place that a reference names. Raises `BadReference`."""
    scheme, colon, rest = text.strip().partition(":")
    rest = rest.strip()
    match scheme if colon else "":
        case "env":
            return FromEnvironment(variable(rest))
        case "command":
            return _command(rest)
        case "file":
            return FromFile(_path(rest))
        case "systemd":
            return FromCredential(name(rest))
        case "vault":
            return FromVault(name(rest))
    if looks_like_key(text):
        raise BadReference("a key itself does not belong here", f"name where it is kept, {_EXAMPLE}")
    raise BadReference("where the key comes from is not understood (the text is not shown)", _EXAMPLE)


@_without_frames
def choose(account: str, settings: Mapping[str, object], environ: Mapping[str, str]) -> Reference:
    """Return where the key of an account comes from: the first of these that is configured.

    `api_key_command`, `api_key_env`, `TOKENTUI_KEY_<ACCOUNT>`, a systemd credential of the account's
    name, `api_key_file`, `api_key` (a reference), and else the vault. What is configured and fails is
    an error of the account; the next one is never tried instead. Raises `BadReference`.
    """
    if "api_key_command" in settings:
        kept = settings.get("api_key_command_env", ())
        return command(settings["api_key_command"], kept)
    if "api_key_env" in settings:
        return FromEnvironment(variable(_text(settings["api_key_env"], "api_key_env")))
    own = "TOKENTUI_KEY_" + re.sub(r"[^A-Z0-9]", "_", account.upper())
    if environ.get(own):
        return FromEnvironment(own)
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    if folder and _NAME.fullmatch(account) and os.path.lexists(os.path.join(folder, account)):
        return FromCredential(account)
    if "api_key_file" in settings:
        return FromFile(_path(_text(settings["api_key_file"], "api_key_file")))
    if "api_key" in settings:
        return parse(_text(settings["api_key"], "api_key"))
    return FromVault(name(account))


@_without_frames
def command(argv: object, keep: object = ()) -> FromCommand:
    """Return a command given as a list of words. Raises `BadReference`, which quotes none of them."""
    example = 'such as: api_key_command = ["op", "read", "op://private/openai/key"]'
    if not isinstance(argv, list | tuple) or not all(isinstance(word, str) for word in argv):
        raise BadReference("a key's command must be a list of texts", example)
    if not argv or not argv[0].strip():
        raise BadReference("a key's command must name a program", example)
    if any("\0" in word for word in argv):
        raise BadReference("a key's command holds a NUL character", example)
    if "/" in argv[0] and not argv[0].startswith(("/", "~/")):
        raise BadReference("the program of a key's command must be a full path, or a name in PATH", example)
    if any(looks_like_key(word) for word in argv):
        hint = "everybody on this machine can see the arguments of a running program"
        raise BadReference("a key's command must not hold a key in its arguments", hint)
    if not isinstance(keep, list | tuple):
        raise BadReference("api_key_command_env must be a list of names", 'such as: ["PASS_TOKEN"]')
    return FromCommand(tuple(argv), tuple(variable(_text(each, "api_key_command_env")) for each in keep))


def offered(environ: Mapping[str, str]) -> Sequence[FromEnvironment]:
    """Return the well-known variables that are set here, for the user to say yes or no to."""
    return [FromEnvironment(variable) for variable in OFFERED if environ.get(variable, "").strip()]


def name(text: str) -> str:
    """Return a name as the vault takes it. Raises `BadReference`."""
    if not _NAME.fullmatch(text) or looks_like_key(text):
        example = "letters, digits and . _ @ + - only, at most 64, such as: openai-work"
        raise BadReference("this is no name for a key (it is not shown)", example)
    return text


def variable(text: str) -> str:
    """Return the name of an environment variable. Raises `BadReference`."""
    if not _VARIABLE.fullmatch(text) or looks_like_key(text):
        example = "such as: env:OPENAI_ADMIN_KEY"
        raise BadReference("this is no name of an environment variable (it is not shown)", example)
    return text


def _command(text: str) -> FromCommand:
    try:
        argv = shlex.split(text)
    except ValueError:
        argv = []
    if not argv:
        raise BadReference("a quotation mark is left open, or there is no command", _EXAMPLE)
    if SHELL_WORDS & set(argv):
        raise BadReference("a key's command runs without a shell: | > ; && do nothing there",
                           "put them into a script, and name that")  # fmt: skip
    return command(argv)


def _path(text: str) -> str:
    if "\0" in text or not text.startswith(("/", "~/")):
        raise BadReference("a key's file must be a full path (not shown)", "such as: file:~/.keys/openai")
    return text


def _text(value: object, setting: str) -> str:
    if not isinstance(value, str):
        raise BadReference(f"{setting} must be a text in quotes", _EXAMPLE)
    return value.strip()

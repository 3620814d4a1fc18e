"""OpenAPI documents made from the facts noted beside this file, and what they say of a question.

The notation of a shape, where it is not a JSON Schema (`{"schema": …}`):

    "integer", "integer 1-31", "number", "string", "boolean", "object"   a type; `?` after it: or null
    "a|b|c", "=a"                                                        one of these words, this word
    ["string"], {"name": "string", "name!": "string"}                    a list; fields, `!`: always there
    "*page"                                                              a shape with a name
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

Facts = dict[str, Any]

SERVICES = ("github-copilot", "ollama", "openai-api", "openrouter")
_TYPES = ("integer", "number", "string", "boolean", "object")


@cache
def facts(service: str) -> Facts:
    """Return what is noted of a service's document."""
    found: Facts = json.loads(Path(__file__).with_name(f"{service}.json").read_text())
    return found


@cache
def document(services: tuple[str, ...] = SERVICES) -> Facts:
    """Return one OpenAPI document of several services; their addresses do not collide."""
    paths = {
        noted["base"] + path: {"get": _operation(noted, said)}
        for noted in map(facts, services)
        for path, said in noted["paths"].items()
    }
    for path, said in paths.items():
        said["get"]["parameters"] += [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"\{(\w+)\}", path)
        ]
    return {
        "openapi": "3.1.0",
        "info": {"title": "What tokentui asks", "version": "1"},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }


def place(service: str, path: str) -> str:
    """Return an address as the document of a service has it. Raises LookupError where it has none."""
    for pattern in document((service,))["paths"]:
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(pattern)), path):
            return str(pattern)
    raise LookupError(f"the document of {service} has no {path}")


def operation(service: str, path: str) -> Facts:
    """Return what the document of a service says of an address. Raises LookupError where it has none."""
    found: Facts = document((service,))["paths"][place(service, path)]["get"]
    return found


def answer(said: Facts, status: int = 200) -> Facts:
    """Return the schema of an operation's answers with a status."""
    found: Facts = said["responses"][str(status)]["content"]["application/json"]["schema"]
    return found


def wrong_in(query: list[tuple[str, str]], said: Facts) -> list[str]:
    """Return what an operation does not allow in a question."""
    known = {each["name"]: each for each in said["parameters"] if each["in"] == "query"}
    asked = {_plain(name, said) for name, _ in query}
    told = [f"{name} is missing" for name, each in known.items() if each["required"] and name not in asked]
    for name, value in query:
        if _plain(name, said) not in known:
            told.append(f"{name} is not known")
            continue
        schema = known[_plain(name, said)]["schema"]
        item = schema.get("items", schema)
        sent = int(value) if item.get("type") == "integer" and re.fullmatch("-?[0-9]+", value) else value
        if item.get("type") == "boolean":
            sent = {"true": True, "false": False}.get(value, value)
        if not jsonschema.Draft202012Validator(item).is_valid(sent):
            told.append(f"{name}={value} is not allowed")
    return told


def _plain(name: str, said: Facts) -> str:
    """Return a parameter's name in the document: programs put `[]` after that of a list."""
    return name.removesuffix(said["x-lists"]) if said["x-lists"] else name


def _operation(noted: Facts, said: Facts) -> Facts:
    named = {**noted.get("shapes", {}), "error": noted.get("error"), "row": said.get("row")}
    shapes = {"200": said["answer"], **{str(status): "*error" for status in said.get("errors", ())}}
    return {
        "x-lists": noted.get("lists", ""),
        "security": [] if noted["key"] == "none" else [{"key": []}],
        "parameters": [
            {
                "name": name.removesuffix("!"),
                "in": "query",
                "required": name.endswith("!"),
                "schema": _schema(shape, named),
            }
            for name, shape in said.get("asked", {}).items()
        ],
        "responses": {
            status: {
                "description": status,
                "content": {"application/json": {"schema": _schema(shape, named)}},
            }
            for status, shape in shapes.items()
        },
    }


def _schema(shape: Any, named: Facts) -> Facts:
    """Return a shape as JSON Schema."""
    if isinstance(shape, str):
        return _schema(named[shape[1:]], named) if shape.startswith("*") else _word(shape)
    if isinstance(shape, list):
        return {"type": "array", "items": _schema(shape[0], named)}
    if set(shape) == {"schema"}:
        return dict(shape["schema"])
    fields = {**named[shape["*"][1:]], **shape} if "*" in shape else dict(shape)
    fields.pop("*", None)
    return {
        "type": "object",
        "properties": {name.removesuffix("!"): _schema(each, named) for name, each in fields.items()},
        "required": [name.removesuffix("!") for name in fields if name.endswith("!")],
    }


def _word(word: str) -> Facts:
    """Return a type, or a choice of words, as JSON Schema."""
    kind, may_be_null = word.removesuffix("?"), word.endswith("?")
    kind, _, span = kind.partition(" ")
    found: Facts = {"type": [kind, "null"] if may_be_null else kind}
    if span:
        found["minimum"], found["maximum"] = map(int, span.split("-"))
    if kind in _TYPES:
        return found
    if not kind.startswith("=") and "|" not in kind:
        raise ValueError(f"{word} is no type")
    words: list[str | None] = [*kind.removeprefix("=").split("|")]
    return {"enum": [*words, None] if may_be_null else words}

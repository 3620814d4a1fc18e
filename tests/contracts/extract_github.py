"""Write the contract of GitHub from GitHub's own OpenAPI document, as `@octokit/openapi` holds it.

    npm install @octokit/openapi
    python tests/contracts/extract_github.py node_modules/@octokit/openapi/generated/api.github.com.deref.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PATHS = (
    "/organizations/{org}/settings/billing/ai_credit/usage",
    "/organizations/{org}/settings/billing/premium_request/usage",
    "/users/{username}/settings/billing/ai_credit/usage",
    "/users/{username}/settings/billing/premium_request/usage",
    "/orgs/{org}/copilot/billing",
    "/user",
)
KEPT = ("type", "properties", "required", "items", "enum", "oneOf", "anyOf", "allOf", "nullable", "const")


def contract(document: dict[str, Any]) -> dict[str, Any]:
    """Return what a document says of our addresses."""
    return {
        "document": f"{document['info']['title']}, @octokit/openapi {document['info']['version']}",
        "licence": "MIT",
        "read_from": "the document itself, by tests/contracts/extract_github.py",
        "base": "",
        "paths": {_pattern(path): _of(document["paths"][path]["get"]) for path in PATHS},
    }


def _pattern(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def _of(said: dict[str, Any]) -> dict[str, Any]:
    asked = [each for each in said.get("parameters", ()) if each["in"] == "query"]
    response = said["responses"]["200"]["content"]["application/json"]["schema"]
    return {
        "query": {
            "required": [each["name"] for each in asked if each.get("required")],
            # What travels in a query is text.
            "known": {
                each["name"]: {"type": "string", "pattern": "^[0-9]+$"}
                if each["schema"].get("type") == "integer"
                else {"type": "string"}
                for each in asked
            },
        },
        "response": _schema(response),
    }


def _schema(schema: Any) -> Any:
    """Return a schema without its prose; `nullable` of OpenAPI 3.0 as JSON Schema says it."""
    if isinstance(schema, list):
        return [_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for name, value in schema.items():
        if name == "properties":
            kept[name] = {key: _schema(each) for key, each in value.items()}
        elif name in KEPT and name != "nullable":
            kept[name] = _schema(value)
    if schema.get("nullable") and isinstance(kept.get("type"), str):
        kept["type"] = [kept["type"], "null"]
        if "enum" in kept:
            kept["enum"] = [*kept["enum"], None]
    return kept


if __name__ == "__main__":
    found = contract(json.loads(Path(sys.argv[1]).read_text()))
    Path(__file__).with_name("github-copilot.json").write_text(json.dumps(found, indent=1) + "\n")

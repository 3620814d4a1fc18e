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
        "key": "bearer",
        "error": {"schema": _schema(_answer(document["paths"]["/user"]["get"], "403"))},
        "paths": {path: _of(document["paths"][path]["get"]) for path in PATHS},
    }


def _of(said: dict[str, Any]) -> dict[str, Any]:
    asked = [each for each in said.get("parameters", ()) if each["in"] == "query"]
    return {
        "asked": {each["name"] + "!" * bool(each.get("required")): each["schema"]["type"] for each in asked},
        "answer": {"schema": _schema(_answer(said, "200"))},
        "errors": [int(status) for status in said["responses"] if status in ("400", "401", "403", "404")],
    }


def _answer(said: dict[str, Any], status: str) -> Any:
    return said["responses"][status]["content"]["application/json"]["schema"]


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

"""Pages that are made of descriptions: the API's, the streams', and the command line's."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "minLength": "{} characters or more",
    "maxLength": "up to {} characters",
    "minItems": "{} or more",
    "maxItems": "up to {}",
    "pattern": "like `{}`",
    "default": "without it `{}`",
}


def rest(api: Document) -> Iterator[tuple[str, str]]:
    """Gives a page for each subject of the API, and one of all bodies: file name and Markdown."""
    for tag in api["tags"]:
        parts = [
            _operation(method, path, operation, api)
            for path, item in api["paths"].items()
            for method, operation in item.items()
            if method in _METHODS and tag["name"] in operation["tags"]
        ]
        title = tag["name"][0].upper() + tag["name"][1:]
        text = f"# {title}\n\n{_text(tag['description'])}\n\n" + "\n".join(parts)
        yield f"rest/{tag['name'].replace(' ', '-')}.md", text
    subjects = "\n".join(
        f"- [{tag['name']}](rest/{tag['name'].replace(' ', '-')}.md): {_text(tag['description'])}"
        for tag in api["tags"]
    )
    yield (
        "index.md",
        (
            f"# Operations\n\n{_text(api['info']['description'])}\n\n"
            "Made of [openapi.json](../openapi.json), from which a client can be made too; "
            f"[Using the API](../api.md) tells what they have in common.\n\n{subjects}\n\n"
            "Where an answer names problems, its body is a [Problem](shapes.md#problem).\n"
        ),
    )
    shapes = _shapes(api["components"]["schemas"])
    yield "shapes.md", f"# Bodies of requests and answers\n\n{shapes}"


def messages(streams: Document) -> Iterator[tuple[str, str]]:
    """Gives the page of what streams say and take."""
    parts = [
        "# Messages of streams",
        "Made of [asyncapi.json](../asyncapi.json); [Streams](../streams.md) tells how they go.",
        _text(streams["info"]["description"]),
    ]
    schemas = dict(streams["components"]["schemas"])
    for name, message in streams["components"]["messages"].items():
        told = message.get("summary") or message.get("description") or ""
        shape = schemas.pop(message["payload"]["$ref"].rpartition("/")[2])
        parts += [f"## {name}", _text(told), _fields(shape)]
    parts.append("## Shapes\n\n" + _shapes(schemas, level=3))
    yield "stream-messages.md", "\n\n".join(parts) + "\n"


def command_line() -> str:
    """Gives the page of all commands, as typer tells them."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "typer", "tradepost.entrypoints.cli"),
            *("utils", "docs", "--name", "tradepost", "--title", "The command line"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _operation(method: str, path: str, operation: Document, api: Document) -> str:
    security = operation.get("security", [])
    scopes = [scope for one in security for named in one.values() for scope in named]
    facts = [f"`{method.upper()} {path}`"]
    if security:
        words = f" of the scope `{'`, `'.join(scopes)}`" if scopes else ""
        facts.append(f"with a token{words}" + (", or without" if {} in security else ""))
    if (cost := operation.get("x-rate-limit-cost")) is not None:
        facts.append(f"{cost} {'unit' if cost == 1 else 'units'} of the limits")
    if operation.get("x-moves-money"):
        facts.append("touches coins, offers or trades")
    parts = [f"## {operation['summary']}", ", ".join(facts) + "."]
    parts += [_text(operation.get("description", ""))]
    rows = [_parameter(_resolved(one, api)) for one in operation.get("parameters", [])]
    if rows:
        parts.append("| Parameter | In | Form | Meaning |\n|---|---|---|---|\n" + "\n".join(rows))
    if "requestBody" in operation:
        parts.append(f"**Body:** {_content(operation['requestBody'])}.")
    answers = [
        _answer(status, _resolved(answer, api)) for status, answer in operation["responses"].items()
    ]
    parts.append("| Answer | Body | Problems |\n|---|---|---|\n" + "\n".join(sorted(answers)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _parameter(one: Document) -> str:
    name = one["schema"].get("title", one["name"]) if one["in"] == "header" else one["name"]
    needed = ", required" if one.get("required") else ""
    return (
        f"| `{name}` | {one['in']}{needed} | {_form(one['schema'], '../')} |"
        f" {_cell(one.get('description', ''))} |"
    )


def _answer(status: str, answer: Document) -> str:
    names = [
        name
        for kind, content in answer.get("content", {}).items()
        if kind == "application/problem+json"
        for name in content.get("examples", {})
    ]
    told = ", ".join(f"[`{name}`](../../problems/{name}.md)" for name in names)
    body = "" if names else _content(answer) or "none"
    return f"| {status} | {body} | {told} |"


def _content(holder: Document) -> str:
    kinds = holder.get("content", {})
    return ", or ".join(
        _kind(content["schema"], "../") + ("" if kind == "application/json" else f" as `{kind}`")
        if "schema" in content
        else f"`{kind}`"
        for kind, content in kinds.items()
    )


def _shapes(schemas: Document, level: int = 2) -> str:
    parts = []
    for name in sorted(schemas):
        schema = schemas[name]
        parts += [f"{'#' * level} {name}", _text(schema.get("description", "")), _fields(schema)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _fields(schema: Document) -> str:
    if not (properties := schema.get("properties")):
        form = _form(schema)
        return f"{form[:1].upper()}{form[1:]}."
    required = schema.get("required", [])
    rows = [
        f"| `{field}` | {_form(one)} | {'yes' if field in required else ''} |"
        f" {_cell(one.get('description', ''))} |"
        for field, one in properties.items()
    ]
    return "| Field | Form | Always | Meaning |\n|---|---|---|---|\n" + "\n".join(rows)


def _form(schema: Document, up: str = "") -> str:
    """A schema in words: what it is, and between which bounds."""
    bounds = [
        words.format(_plain(schema[name]))
        for name, words in _BOUNDS.items()
        if name in schema and schema[name] not in (None, "", [], {})
    ]
    return _cell(", ".join([_kind(schema, up), *bounds]))


def _kind(schema: Document, up: str = "") -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        page = f"{up}shapes.md" if up else ""
        return f"[{name}]({page}#{name.lower()})"
    if "const" in schema:
        return f"`{_plain(schema['const'])}`"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{_plain(value)}`" for value in schema["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_form(one, up) for one in schema[several]))
    if schema.get("type") == "array":
        return f"list of {_form(schema.get('items', {}), up)}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_form(schema['additionalProperties'], up)}"
    kind = schema.get("type", "anything")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{words} ({schema['format']})" if "format" in schema else words


def _resolved(one: Document, api: Document) -> Document:
    if "$ref" not in one:
        return one
    found: Any = api
    for part in one["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    resolved: Document = found
    return resolved


def _plain(value: object) -> str:
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("\\|", "|").replace("|", "\\|")


def _text(text: str) -> str:
    """Text of a description: `<name>` in it is no HTML."""
    return text.strip().replace("<", "\\<")

"""Every route, from the API's own schema (OpenAPI 3.1)."""

import tempfile
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from docs.reference.markdown import code, table
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.http.app import create_app
from mediaport.entrypoints.settings import Settings

INTRODUCTION = """\
# HTTP

JSON in and out, names in `snake_case`, times in UTC. Every route but those marked _public_ wants
`Authorization: Bearer TOKEN`. A server shows the same at `/docs`, to be tried, and as OpenAPI 3.1
at `/openapi.json`. Errors are [problems](problems.md).

"""
Json = Mapping[str, Any]


def page() -> str:
    """The page."""
    with tempfile.TemporaryDirectory() as folder:
        container = Container(settings=Settings(data_dir=folder))
        schema: Json = create_app(container).openapi_schema.to_schema()
    return INTRODUCTION + "\n".join([*_routes(schema["paths"]), *_objects(schema["components"])])


def _routes(paths: Json) -> Iterator[str]:
    for path, methods in paths.items():
        for method, route in methods.items():
            yield f"## {method.upper()} {path}\n"
            public = "" if route.get("security") else " _Public._"
            yield f"{route['summary']}.{public} {route.get('description', '')}\n"
            if rows := [*_taken(route)]:
                yield table(("takes", "type", "meaning"), rows)
            yield table(("answers", "with"), _answers(route["responses"]))


def _taken(route: Json) -> Iterator[tuple[str, str, str]]:
    for parameter in route.get("parameters", ()):
        schema = parameter["schema"]
        yield code(parameter["name"]), _type(schema), parameter.get("description", "")
    for content in route.get("requestBody", {}).get("content", {}).values():
        yield "body", _type(content["schema"]), ""


def _answers(responses: Json) -> Iterator[tuple[str, str]]:
    """Those with a body of their own; then the statuses of problems, together."""
    problems = []
    for status, response in responses.items():
        contents = response.get("content", {})
        if "application/problem+json" in contents:
            problems.append(status)
            continue
        bodies = (_type(content.get("schema", {})) for content in contents.values())
        yield status, ", ".join(bodies) or response["description"]
    if problems:
        yield ", ".join(problems), "[Problem](#problem)"


def _objects(components: Json) -> Iterator[str]:
    yield "## Objects\n"
    for title, schema in components["schemas"].items():
        yield f"### {title}\n"
        yield f"{schema.get('description', '')}\n"
        if "enum" in schema:
            yield f"One of {', '.join(map(code, schema['enum']))}.\n"
        elif fields := schema.get("properties"):
            needed = schema.get("required", ())
            rows = ((_field(name, needed), _type(it), _notes(it)) for name, it in fields.items())
            yield table(("field", "type", "meaning"), rows)


def _field(name: str, needed: Collection[str]) -> str:
    return code(name) if name in needed else f"{code(name)} (optional)"


def _type(schema: Json) -> str:
    """A type in words, with a link where it is an object of ours."""
    match schema:
        case {"$ref": reference}:
            name = reference.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"oneOf": several} | {"anyOf": several}:
            return " or ".join(map(_type, several))
        case {"const": value} | {"enum": [value]}:
            return code(value)
        case {"type": "array", "items": items}:
            return f"array of {_type(items)}"
        case {"additionalProperties": dict() as values}:
            return f"object of {_type(values)}"
    return str(schema.get("format") or schema.get("type", "anything"))


def _notes(schema: Json) -> str:
    """What it means, and what fits."""
    said = [schema["description"]] if "description" in schema else []
    for name, words in (
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minLength", "characters, at least"),
        ("maxLength", "characters, at most"),
    ):
        if name in schema:
            said.append(f"{words} {int(schema[name])}")
    return "; ".join(said)

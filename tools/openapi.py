"""Azure's OpenAPI 2.0 files as JSON Schemas: which operation a call is, what it may hold."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # comes without types

Node = dict[str, Any]
REQUEST, RESPONSE = "request", "response"
PLAIN = ("type", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems")


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a specification and the file it stands in."""

    file: Path
    node: Node


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: where in the body, of what kind, and the name or message it is about."""

    where: str
    kind: str
    about: str

    def __str__(self) -> str:
        return f"{self.where or '(body)'}: {self.kind} {self.about}"


@dataclass(slots=True)
class Shape:
    """An object's properties with those of its parents."""

    properties: dict[str, Place] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    free: bool = False


class Specs:
    """All specifications below a folder."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[Path, Node] = {}
        self._schemas: dict[str, Node] = {}
        self._children: dict[Path, dict[str, list[str]]] = {}
        self._folder = folder

    @cached_property
    def _operations(self) -> list[tuple[str, re.Pattern[str], Path, Node]]:
        found = []
        for file in sorted(self._folder.rglob("*.json")):
            if "examples" in file.parts or "common-types" in file.parts:
                continue
            document = self._load(file)
            version = document.get("info", {}).get("version", "")
            for path, node in document.get("paths", {}).items():
                parts = re.split(r"\{[^}]+\}", path)
                pattern = "[^/]+".join(re.escape(part) for part in parts)
                found.append((version, re.compile(pattern, re.IGNORECASE), file, node))
        return found

    def operation(self, method: str, path: str, version: str) -> Place | None:
        """Return the operation of a call; None where no file knows the path at this version."""
        for known, pattern, file, node in self._operations:
            if known == version and pattern.fullmatch(path) and method.lower() in node:
                return Place(file, node[method.lower()])
        return None

    def knows_path(self, method: str, path: str) -> list[str]:
        """Return the versions at which some file knows the path."""
        return [
            known
            for known, pattern, _, node in self._operations
            if pattern.fullmatch(path) and method.lower() in node
        ]

    def request_errors(self, operation: Place, body: object) -> list[Finding]:
        """Return what is wrong with a request body."""
        for parameter in operation.node.get("parameters", []):
            place = self._resolve(Place(operation.file, parameter))
            if place.node.get("in") == "body":
                if body is None:
                    lacking = [Finding("", "required", "body")]
                    return lacking if place.node.get("required") else []
                return self._errors(Place(place.file, place.node["schema"]), body, REQUEST)
        return [] if body in (None, {}) else [Finding("", "unexpected", "body")]

    def response_errors(self, operation: Place, status: int, body: object) -> list[Finding]:
        """Return what is wrong with an answer."""
        answers = operation.node["responses"]
        answer = answers.get(str(status)) or (answers.get("default") if status >= 400 else None)
        if answer is None and status >= 400:
            return _error_shape(body)
        if answer is None:
            return [Finding("", "status", str(status))]
        place = self._resolve(Place(operation.file, answer))
        if "schema" not in place.node:
            return [] if body in (None, "") else [Finding("", "unexpected", "body")]
        return self._errors(Place(place.file, place.node["schema"]), body, RESPONSE)

    def _errors(self, place: Place, value: object, side: str) -> list[Finding]:
        schema = {**self._schema(place, side), "$defs": self._schemas}
        found = Draft202012Validator(schema).iter_errors(without_nulls(value))
        return [finding for error in found for finding in _findings(error)]

    # From OpenAPI to JSON Schema

    def _load(self, file: Path) -> Node:
        if file not in self._files:
            # the snapshot lacks some common files of a version; another version's stands in
            there = file if file.exists() else sorted(self._folder.rglob(file.name))[-1]
            self._files[file] = json.loads(there.read_text(encoding="utf-8-sig"))
        return self._files[file]

    def _resolve(self, place: Place) -> Place:
        while "$ref" in place.node:
            target, _, pointer = place.node["$ref"].partition("#")
            file = (place.file.parent / target).resolve() if target else place.file
            node: Any = self._load(file)
            for part in pointer.strip("/").split("/"):
                node = node[part]
            place = Place(file, node)
        return place

    def _schema(self, place: Place, side: str) -> Node:
        """Return the schema of a node; named definitions become references: they may nest."""
        if "$ref" in place.node:
            name = place.node["$ref"].rsplit("/", 1)[-1]
            resolved = self._resolve(place)
            key = f"{side}-{resolved.file.parent.name}-{resolved.file.stem}-{name}"
            if key not in self._schemas:
                self._schemas[key] = {}  # against endless descent
                self._schemas[key] = self._converted(resolved, name, side)
            return {"$ref": f"#/$defs/{key}"}
        return self._converted(place, "", side)

    def _converted(self, place: Place, name: str, side: str) -> Node:
        node = place.node
        if node.get("type") == "array":
            return {"type": "array", "items": self._schema(Place(place.file, node["items"]), side)}
        if "discriminator" in node:
            return self._one_of_children(place, name, side)
        if node.get("type") in (None, "object") or "properties" in node or "allOf" in node:
            return self._object(place, side)
        plain = {key: node[key] for key in PLAIN if key in node}
        if node.get("type") == "string" and "enum" in plain:  # ARM compares without regard to case
            words = "|".join(re.escape(word) for word in plain.pop("enum"))
            plain["pattern"] = f"(?i)^({words})$"
        return plain

    def _object(self, place: Place, side: str) -> Node:
        shape = self._shape(place)
        result: Node = {"type": "object"}
        extra = place.node.get("additionalProperties")
        if isinstance(extra, dict):
            result["additionalProperties"] = self._schema(Place(place.file, extra), side)
        if not shape.properties:
            return result if place.node.get("type") == "object" else {}
        result["properties"] = {k: self._schema(v, side) for k, v in shape.properties.items()}
        kept = {
            key
            for key in shape.required
            if side == RESPONSE or not shape.properties[key].node.get("readOnly")
        }
        result["required"] = sorted(kept & set(shape.properties))
        if not shape.free:
            result["additionalProperties"] = False
        return result

    def _shape(self, place: Place) -> Shape:
        shape = Shape()
        for parent in place.node.get("allOf", []):
            above = self._shape(self._resolve(Place(place.file, parent)))
            shape.properties.update(above.properties)
            shape.required |= above.required
            shape.free |= above.free
        own = place.node.get("properties", {})
        shape.properties.update({key: Place(place.file, node) for key, node in own.items()})
        shape.required |= set(place.node.get("required", []))
        shape.free |= bool(place.node.get("additionalProperties"))
        return shape

    def _one_of_children(self, place: Place, name: str, side: str) -> Node:
        key = place.node["discriminator"]
        known = {}
        for child in self._descendants(place.file, name):
            definition = self._load(place.file)["definitions"][child]
            value = definition.get("x-ms-discriminator-value")
            if value:
                known[value] = self._schema(
                    Place(place.file, {"$ref": f"#/definitions/{child}"}), side
                )
        if not known:
            return self._object(place, side)
        chosen = [
            {"if": {"properties": {key: {"const": value}}}, "then": schema}
            for value, schema in known.items()
        ]
        return {
            "type": "object",
            "required": [key],
            "properties": {key: {"enum": sorted(known)}},
            "allOf": chosen,
        }

    def _descendants(self, file: Path, name: str) -> list[str]:
        if file not in self._children:
            below: dict[str, list[str]] = {}
            self._children[file] = below
            for child, definition in self._load(file).get("definitions", {}).items():
                for parent in definition.get("allOf", []):
                    below.setdefault(parent.get("$ref", "").rsplit("/", 1)[-1], []).append(child)
        direct = self._children[file].get(name, [])
        return direct + [deeper for child in direct for deeper in self._descendants(file, child)]


def without_nulls(value: object) -> object:
    """Leave out what is null: ARM writes nulls where its files know no property."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def _error_shape(body: object) -> list[Finding]:
    """Return what is wrong with an error that only ARM's general rules describe."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return [Finding("", "required", "error")]
    names = [name for name in ("code", "message") if not isinstance(error.get(name), str)]
    return [Finding("error", "required", name) for name in names]


def _findings(error: Any) -> list[Finding]:
    """Return one finding for each name that is too many or missing, else one with the message."""
    where = "/".join("*" if isinstance(part, int) else str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        return [
            Finding(where, "unknown name", name) for name in error.instance if name not in known
        ]
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return [Finding(where, "missing name", name) for name in missing]
    return [Finding(where, str(error.validator), error.message[:200])]

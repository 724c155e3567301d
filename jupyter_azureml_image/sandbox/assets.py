"""Versioned assets of the workspace: environments, models, code and data share one set of rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .arm import Document, Refusal, body_of, ml_error, properties_of, system_data
from .names import ARM, ML, Names
from .store import Store
from .web import Request, Response, Route, json_response, route

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
EMPTY: tuple[object, ...] = (None, "", {}, [])


@dataclass(frozen=True, slots=True)
class AssetKind:
    """One sort of asset: path segment, word for messages, what cannot change, what the service
    fills in."""

    segment: str
    word: str
    content: tuple[str, ...]
    fill: Callable[[Document], Document]


class Assets:
    """Containers and versions of one kind of asset."""

    def __init__(self, kind: AssetKind, names: Names, store: Store) -> None:
        self._kind = kind
        self._names = names
        self._store = store
        self._type = f"{ML}/workspaces/{kind.segment}"

    def routes(self) -> list[Route]:
        """Return the routes of this kind."""
        base = f"{self._names.workspace_id}/{self._kind.segment}"
        return [
            route("GET", base, self._list),
            route("GET", base + "/{name}", self._get),
            route("PUT", base + "/{name}", self._put),
            route("DELETE", base + "/{name}", self._delete),
            route("GET", base + "/{name}/versions", self._list_versions),
            route("GET", base + "/{name}/versions/{version}", self._get_version),
            route("PUT", base + "/{name}/versions/{version}", self._put_version),
            route("DELETE", base + "/{name}/versions/{version}", self._delete_version),
        ]

    @property
    def kind(self) -> str:
        """The path segment, such as `environments`."""
        return self._kind.segment

    def version(self, name: str, version: str) -> Document | None:
        """Return one version, or None."""
        return self._store.get(f"{self._id(name)}/versions/{version}")

    def _id(self, name: str) -> str:
        return f"{self._names.workspace_id}/{self._kind.segment}/{name}"

    def _missing(self, name: str, version: str = "") -> Response:
        word = self._kind.word
        message = f"No {word} exists for name: {name}, version: {version}, label: "
        return ml_error(404, "UserError", message, "NotFoundError")

    def _misnamed(self, name: str) -> Response:
        message = (
            f"The {self._kind.word} name '{name}' is not valid: letters, digits, - "
            f"and _ only, at most 255."
        )
        return ml_error(400, "UserError", message, "BadArgument")

    def _list(self, request: Request) -> Response:
        found = self._store.children(self._names.workspace_id, self._kind.segment)
        return _page([self._container(item) for item in found], request)

    def _get(self, request: Request) -> Response:
        found = self._store.get(self._id(request.params["name"]))
        return (
            json_response(200, self._container(found))
            if found
            else self._missing(request.params["name"])
        )

    def _put(self, request: Request) -> Response:
        name = request.params["name"]
        if not NAME.fullmatch(name):
            return self._misnamed(name)
        with self._store.together():
            before = self._store.get(self._id(name))
            self._keep_container(name, properties_of(body_of(request)), before)
            after = self._store.get(self._id(name)) or {}
        return json_response(200 if before else 201, self._container(after))

    def _delete(self, request: Request) -> Response:
        found = self._store.get(self._id(request.params["name"]))
        self._store.delete(self._id(request.params["name"]))
        return Response(200 if found else 204)

    def _keep_container(self, name: str, given: Document, before: Document | None) -> None:
        kept = properties_of(before or {})
        properties = {
            "description": "",
            "tags": {},
            "properties": {},
            "isArchived": False,
            **kept,
            **given,
        }
        document = {
            "id": self._id(name),
            "name": name,
            "type": self._type,
            "properties": properties,
        }
        self._store.put(
            self._id(name), self._kind.segment, {**document, "systemData": system_data(before)}
        )

    def _container(self, document: Document) -> Document:
        versions = [item["name"] for item in self._versions(document["name"])]
        numbers = [int(version) for version in versions if version.isdecimal()]
        latest = versions[-1] if versions else None
        properties = {
            **document["properties"],
            "latestVersion": latest,
            "nextVersion": str(max(numbers) + 1) if numbers else "1",
        }
        return {**document, "properties": properties}

    def _versions(self, name: str) -> list[Document]:
        return self._store.children(self._id(name), f"{self._kind.segment}/versions")

    def _list_versions(self, request: Request) -> Response:
        name = request.params["name"]
        if "hash" in request.query:
            return json_response(200, {"value": self._with_hash(request.query["hash"])})
        if self._store.get(self._id(name)) is None:
            return self._missing(name)
        found = self._versions(name)
        if "desc" in request.query.get("$orderBy", request.query.get("$orderby", "")).lower():
            found.reverse()
        return _page(found, request)

    def _with_hash(self, content_hash: str) -> list[Document]:
        """Return the versions of any name with this content: code is looked for before an
        upload."""
        found = self._store.every(f"{self._kind.segment}/versions")
        return [
            item
            for item in found
            if (properties_of(properties_of(item)).get("hash_sha256") or "") == content_hash
        ]

    def _get_version(self, request: Request) -> Response:
        name, version = request.params["name"], request.params["version"]
        found = self.version(name, version)
        return json_response(200, found) if found else self._missing(name, version)

    def _delete_version(self, request: Request) -> Response:
        name, version = request.params["name"], request.params["version"]
        found = self.version(name, version)
        self._store.delete(f"{self._id(name)}/versions/{version}")
        return Response(200 if found else 204)

    def _put_version(self, request: Request) -> Response:
        name, version = request.params["name"], request.params["version"]
        given = properties_of(body_of(request))
        if not NAME.fullmatch(name):
            return self._misnamed(name)
        with self._store.together():
            before = self.version(name, version)
            if before and self._changed(properties_of(before), given):
                word = self._kind.word.capitalize()
                message = (
                    f"{word} {name} with version {version} is already registered and "
                    f"cannot be changed."
                )
                return ml_error(409, "UserError", message)
            document = self._document(name, version, given, before)
            if self._store.get(self._id(name)) is None:
                self._keep_container(name, {}, None)
            self._store.put(document["id"], f"{self._kind.segment}/versions", document)
        location = {"Location": f"https://{ARM}{document['id']}?{request.raw_query}"}
        return json_response(200, document) if before else json_response(201, document, location)

    def _changed(self, before: Document, given: Document) -> bool:
        """Say whether content would change; archiving may leave content out, as the SDK does."""
        filled = self._kind.fill(given)
        archiving = bool(given.get("isArchived")) != bool(before.get("isArchived"))
        for key in self._kind.content:
            old, new = before.get(key), filled.get(key)
            same = old == new or (old in EMPTY and new in EMPTY)
            if not same and not (archiving and new in EMPTY):
                return True
        return False

    def _document(
        self, name: str, version: str, given: Document, before: Document | None
    ) -> Document:
        sent = {key: value for key, value in given.items() if value is not None}
        kept = {
            key: value
            for key, value in properties_of(before or {}).items()
            if key in self._kind.content
        }
        base: Document = {
            "description": "",
            "tags": {},
            "properties": {},
            "isArchived": False,
            "isAnonymous": False,
        }
        properties = {**base, **kept, **self._kind.fill(sent)}
        for map_of_text in ("tags", "properties"):  # whatever was sent
            sent_map = properties[map_of_text]
            properties[map_of_text] = {key: str(value) for key, value in sent_map.items()}
        return {
            "id": f"{self._id(name)}/versions/{version}",
            "name": version,
            "type": f"{self._type}/versions",
            "properties": properties,
            "systemData": system_data(before),
        }


def _page(found: list[Document], request: Request) -> Response:
    view = request.query.get("listViewType", "ActiveOnly").lower()
    wanted = {"activeonly": (False,), "archivedonly": (True,)}.get(view, (True, False))
    shown = [item for item in found if bool(properties_of(item).get("isArchived")) in wanted]
    top = request.query.get("$top", "")
    return json_response(200, {"value": shown[: int(top)] if top.isdecimal() else shown})


def fill_environment(given: Document) -> Document:
    """Add what Azure ML fills in for an environment; YAML goes in as condaFile and JSON text comes
    out."""
    filled = {**given, "environmentType": "UserCreated", "osType": given.get("osType") or "Linux"}
    conda = given.get("condaFile")
    if conda:
        filled["condaFile"] = _conda_as_json(conda)
    build = given.get("build")
    if build:
        filled.setdefault("condaFile", "")
        filled["build"] = {"dockerfilePath": "Dockerfile", **build}
    return filled


def _conda_as_json(text: str) -> str:
    import json

    import yaml  # type: ignore[import-untyped]  # has no types of its own; comes with azure-ai-ml

    try:
        return json.dumps(yaml.safe_load(text), indent=2, default=str)  # YAML knows dates
    except (yaml.YAMLError, TypeError) as broken:
        message = f"The value of condaFile is no YAML that a conda environment could be: {broken}"
        raise Refusal(ml_error(400, "UserError", message, "BadArgument")) from broken


ENVIRONMENTS = AssetKind(
    "environments",
    "environment",
    ("image", "build", "condaFile", "inferenceConfig", "osType"),
    fill_environment,
)
MODELS = AssetKind(
    "models",
    "model",
    ("modelUri", "modelType", "flavors"),
    lambda p: {"modelType": "custom_model", "flavors": {}, **p},
)
CODES = AssetKind("codes", "code", ("codeUri",), lambda p: p)
DATA = AssetKind("data", "data", ("dataUri", "dataType"), lambda p: p)

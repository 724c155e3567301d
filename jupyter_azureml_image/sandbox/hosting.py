"""Running a deployment as Azure ML does: image from the registry, code and model mounted, probes on
its routes."""

from __future__ import annotations

import http.client
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .arm import Document
from .assets import Assets
from .blob import Blobs
from .engine import LABEL, Engine, Running, Wanted, folder_archive
from .failure import SandboxError
from .names import BLOB_SUFFIX, Names
from .operations import OperationFailed

APP = "/var/azureml-app"
MODELS = f"{APP}/azureml-models"
PORT = 5001
GUIDE = (
    "Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-resourcenotready"
)
POLL_SECONDS = 0.2
LOG_LINES = 5000


@dataclass(frozen=True, slots=True)
class Route:
    """Where the container answers: port and path."""

    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where code, models, environments and the bytes behind them are found."""

    environments: Assets
    models: Assets
    codes: Assets
    blobs: Blobs


class Hosting:
    """Starts, finds and removes the containers of deployments."""

    def __init__(self, names: Names, engine: Engine, shelf: Shelf, sandbox: str) -> None:
        self._names = names
        self._engine = engine
        self._shelf = shelf
        self._sandbox = sandbox
        self._last_words: dict[str, str] = {}
        self.login_server: Callable[[], str] = lambda: ""
        self.credentials: Callable[[], tuple[str, str]] = lambda: ("", "")

    def lacking(self, properties: Document) -> str:
        """Return the sentence about an asset that the deployment names and that does not exist,
        else ''."""
        code = (properties.get("codeConfiguration") or {}).get("codeId")
        named = (
            (self._shelf.environments, properties.get("environmentId"), "environment"),
            (self._shelf.models, properties.get("model"), "model"),
            (self._shelf.codes, code, "code"),
        )
        for shelf, reference, word in named:
            if reference and _asset(shelf, reference) is None:
                return f"No {word} exists for {reference}."
        if not properties.get("environmentId"):
            return "An environment is required: the sandbox deploys no MLflow model without one."
        return ""

    def start(self, deployment: Document) -> str:
        """Start the container and wait until it serves; return its name. Raises
        `OperationFailed`."""
        wanted = self._wanted(deployment)
        self._last_words.pop(deployment["id"], None)
        try:
            self._pull(wanted.image)
            self._engine.run(wanted)
        except SandboxError as broken:
            raise OperationFailed(
                "BadArgument", f"Unable to download or start user image {wanted.image}: {broken}"
            ) from broken
        try:
            self._await(deployment, wanted.name)
        except OperationFailed:
            self._last_words[deployment["id"]] = self._engine.logs(wanted.name, LOG_LINES)
            self._engine.remove(wanted.name)
            raise
        return wanted.name

    def ensure(self, deployment: Document) -> str:
        """Return the name of the running container of a deployment, starting one where there is
        none."""
        name = str(deployment.get("_container") or "")
        try:
            found = self._engine.look(name) if name else None
        except SandboxError as broken:
            raise OperationFailed("InternalServerError", str(broken)) from broken
        return name if found and found.alive else self.start(deployment)

    def last_words(self, deployment: Document) -> str:
        """Return the log of the container that just failed."""
        return self._last_words.pop(deployment["id"], "")

    def log(self, deployment: Document, tail: int) -> str:
        """Return the last lines of a running container."""
        name = deployment.get("_container")
        return self._engine.logs(name, tail) if name else ""

    def stop(self, deployment: Document) -> None:
        """Remove the container of a deployment."""
        if deployment.get("_container"):
            self.remove(deployment["_container"])

    def remove(self, name: str) -> None:
        """Remove a container by name."""
        self._engine.remove(name)

    def running(self, deployment: Document) -> Running | None:
        """Return what is known of a deployment's container."""
        name = deployment.get("_container")
        return self._engine.look(name) if name else None

    def scoring(self, deployment: Document) -> Route:
        """Return where the container answers scoring requests."""
        return self._route(deployment, "scoringRoute", "/score")

    # How the container is made

    def _wanted(self, deployment: Document) -> Wanted:
        properties = deployment["properties"]
        environment = _asset(self._shelf.environments, properties["environmentId"]) or {
            "properties": {}
        }
        image = environment["properties"].get("image")
        if not image:
            raise OperationFailed(
                "ImageBuildFailure", "The environment has no image, and the sandbox built none."
            )
        code, variables = self._code(properties)
        model, model_variables = self._model(properties)
        given = {str(k): str(v) for k, v in (properties.get("environmentVariables") or {}).items()}
        kinds = ("livenessRoute", "readinessRoute", "scoringRoute")
        ports = sorted({self._route(deployment, kind, "/").port for kind in kinds})
        label = f"{deployment['_endpoint']}-{deployment['name']}".lower()
        return Wanted(
            name=f"azureml-sandbox-{self._sandbox}-{label}-{secrets.token_hex(3)}",
            image=image,
            labels={LABEL: self._sandbox, f"{LABEL}.deployment": deployment["id"]},
            environment={**given, **variables, **model_variables},
            ports=tuple(ports),
            archives=tuple(archive for archive in (code, model) if archive),
        )

    def _code(self, properties: Document) -> tuple[bytes, dict[str, str]]:
        settings = properties.get("codeConfiguration") or {}
        asset = _asset(self._shelf.codes, settings.get("codeId") or "")
        if asset is None:
            return b"", {}
        prefix = self._blob_prefix(asset["properties"]["codeUri"])
        folder = f"{APP}/{prefix.rsplit('/', 1)[-1]}"
        variables = {
            "AML_APP_ROOT": folder,
            "AZUREML_ENTRY_SCRIPT": str(settings.get("scoringScript") or ""),
        }
        return folder_archive(folder, self._files(prefix)), variables

    def _model(self, properties: Document) -> tuple[bytes, dict[str, str]]:
        reference = properties.get("model") or ""
        asset = _asset(self._shelf.models, reference)
        if asset is None:
            return b"", {}
        name, version = _name_and_version(reference)
        root = f"{(properties.get('modelMountPath') or MODELS).rstrip('/')}/{name}/{version}"
        prefix = self._blob_prefix(asset["properties"]["modelUri"])
        own_name = prefix.rsplit("/", 1)[-1]
        # the folder or file given as the model keeps its own name below AZUREML_MODEL_DIR
        return folder_archive(f"{root}/{own_name}", self._files(prefix)), {
            "AZUREML_MODEL_DIR": root
        }

    def _files(self, prefix: str) -> Iterator[tuple[str, Path]]:
        single = self._shelf.blobs.file(prefix)
        if single:
            yield "", single
            return
        yield from self._shelf.blobs.below(prefix + "/")

    def _blob_prefix(self, uri: str) -> str:
        names = self._names
        match = re.fullmatch(r"azureml://.*?datastores/[^/]+/paths/(?P<path>.*?)/?", uri)
        if match:
            return f"{names.account}/{names.container}/{match['path']}"
        match = re.fullmatch(
            rf"https://(?P<account>[^./]+){re.escape(BLOB_SUFFIX)}/(?P<path>[^?]*?)/?", uri
        )
        if match:
            return f"{match['account']}/{match['path']}"
        raise OperationFailed(
            "BadArgument", f"The sandbox cannot read {uri}: it is not in the workspace's datastore."
        )

    def _route(self, deployment: Document, kind: str, path: str) -> Route:
        environment = (
            _asset(self._shelf.environments, deployment["properties"]["environmentId"]) or {}
        )
        found = ((environment.get("properties") or {}).get("inferenceConfig") or {}).get(kind) or {}
        return Route(int(found.get("port") or PORT), str(found.get("path") or path))

    def _pull(self, image: str) -> None:
        if image.startswith(f"{self.login_server()}/"):
            self._engine.pull(image, self.credentials())
        else:
            self._engine.need_image(image)

    # Whether it serves

    def _await(self, deployment: Document, name: str) -> None:
        for probe, kind, word in (
            ("livenessProbe", "livenessRoute", "Liveness"),
            ("readinessProbe", "readinessRoute", "Readiness"),
        ):
            settings = deployment["properties"].get(probe) or {}
            self._probe(name, self._route(deployment, kind, "/"), settings, word)

    def _probe(self, name: str, target: Route, settings: Document, word: str) -> None:
        period = seconds(settings.get("period"), 10)
        patience = (
            seconds(settings.get("initialDelay"), 10)
            + int(settings.get("failureThreshold") or 30) * period
        )
        end = time.monotonic() + patience
        while True:
            running = self._engine.look(name)
            if running is None or not running.alive:
                raise OperationFailed(
                    "ResourceNotReady", f"User container has crashed or terminated. {GUIDE}"
                )
            trouble = _get(
                running.ports.get(target.port, 0), target.path, seconds(settings.get("timeout"), 2)
            )
            if not trouble:
                return
            if time.monotonic() > end:
                detail = f"{word} probe failed: {trouble}"
                raise OperationFailed(
                    "ResourceNotReady",
                    f"User container has crashed or terminated: {detail}. {GUIDE}",
                )
            time.sleep(POLL_SECONDS)


def seconds(duration: object, default: float) -> float:
    """Return the seconds of an ISO 8601 duration such as PT10S or PT1M30S."""
    match = re.fullmatch(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?", str(duration or ""))
    if not match or not any(match.groups()):
        return default
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def _get(port: int, path: str, timeout: float) -> str:
    """Return '' where the container answers well, else what a probe would say."""
    if not port:
        return "dial tcp: connection refused"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return "HTTP probe failed with statuscode: 502"
    finally:
        connection.close()
    return "" if 200 <= status < 400 else f"HTTP probe failed with statuscode: {status}"


def _name_and_version(reference: str) -> tuple[str, str]:
    match = re.search(r"/(?P<name>[^/]+)/versions/(?P<version>[^/]+)/?$", reference)
    if match is None:
        match = re.fullmatch(r"(?:azureml:)?(?P<name>[^/:]+):(?P<version>[^/:]+)", reference)
    return (match["name"], match["version"]) if match else ("", "")


def _asset(shelf: Assets, reference: str) -> Document | None:
    return shelf.version(*_name_and_version(reference)) if reference else None

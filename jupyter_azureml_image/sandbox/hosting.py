"""Running a deployment as Azure ML does: its image, code and model mounted, probes on its
routes."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from .arm import Document
from .engine import LABEL, Engine, Running, Wanted, folder_archive
from .failure import SandboxError
from .images import Images
from .operations import OperationFailed
from .probes import Route, await_ready
from .shelf import Shelf, name_and_version

APP = "/var/azureml-app"
MODELS = f"{APP}/azureml-models"
PORT = 5001
LOG_LINES = 5000
PULLED = f"{LABEL}.pulled"
DEPLOYMENT = f"{LABEL}.deployment"


class Hosting:
    """Starts, finds and removes the containers of deployments."""

    def __init__(self, engine: Engine, shelf: Shelf, images: Images, sandbox: str) -> None:
        self._engine = engine
        self._shelf = shelf
        self._images = images
        self._sandbox = sandbox
        self._last_words: dict[str, str] = {}

    def lacking(self, properties: Document) -> str:
        """Return the sentence about an asset that is named and does not exist, else ''."""
        return self._shelf.lacking(properties)

    def launch(self, deployment: Document) -> str:
        """Start the container and return its name; it need not serve yet. Raises
        `OperationFailed`."""
        self._last_words.pop(deployment["id"], None)
        wanted = self._wanted(deployment)
        try:
            self._engine.run(wanted)
        except SandboxError as broken:
            message = f"Unable to start user container of image {wanted.image}: {broken}"
            raise OperationFailed("BadArgument", message) from broken
        return wanted.name

    def await_serving(self, deployment: Document, name: str) -> None:
        """Wait until a launched container serves; one that does not is removed. Raises
        `OperationFailed`."""
        try:
            await_ready(self._engine, name, deployment, self._route)
        except OperationFailed:
            self._last_words[deployment["id"]] = self._engine.logs(name, LOG_LINES)
            self.remove(name)
            raise

    def alive(self, deployment: Document) -> bool:
        """Say whether a deployment's container runs. Raises `OperationFailed`."""
        try:
            found = self.running(deployment)
        except SandboxError as broken:
            raise OperationFailed("InternalServerError", str(broken)) from broken
        return found is not None and found.alive

    def last_words(self, deployment: Document) -> str:
        """Return the log of the container that just failed."""
        return self._last_words.pop(deployment["id"], "")

    def log(self, deployment: Document, tail: int) -> str:
        """Return the last lines of a running container."""
        name = deployment.get("_container")
        return self._engine.logs(name, tail) if name else ""

    def stop(self, deployment: Document) -> None:
        """Remove the containers of a deployment: the one that serves, and one on its way up."""
        for name in (deployment.get("_container"), deployment.get("_starting")):
            if name:
                self.remove(name)

    def remove(self, name: str) -> None:
        """Remove a container by name, and its image where nothing else needs that."""
        remove_container(self._engine, name)

    def running(self, deployment: Document) -> Running | None:
        """Return what is known of a deployment's container."""
        name = deployment.get("_container")
        return self._engine.look(name) if name else None

    def scoring(self, deployment: Document) -> Route:
        """Return where the container answers scoring requests."""
        return self._route(deployment, "scoringRoute")

    # How the container is made

    def _wanted(self, deployment: Document) -> Wanted:
        properties = deployment["properties"]
        image, pulled = self._images.fetch(self._shelf.environment(deployment))
        code, variables = self._code(properties)
        model, model_variables = self._model(properties)
        given = {str(k): str(v) for k, v in (properties.get("environmentVariables") or {}).items()}
        kinds = ("livenessRoute", "readinessRoute", "scoringRoute")
        label = f"{deployment['_endpoint']}-{deployment['name']}".lower()
        labels = {LABEL: self._sandbox, DEPLOYMENT: deployment["id"]}
        if pulled:
            labels[PULLED] = image
        return Wanted(
            name=f"azureml-sandbox-{self._sandbox}-{label}-{secrets.token_hex(3)}",
            image=image,
            labels=labels,
            environment={**given, **variables, **model_variables},
            ports=tuple(sorted({self._route(deployment, kind).port for kind in kinds})),
            archives=tuple(archive for archive in (code, model) if archive),
        )

    def _code(self, properties: Document) -> tuple[bytes, dict[str, str]]:
        settings = properties.get("codeConfiguration") or {}
        asset = self._shelf.find("codes", settings.get("codeId"))
        if asset is None:
            return b"", {}
        uri = asset["properties"]["codeUri"]
        folder = f"{APP}/{self._shelf.own_name(uri)}"
        script = str(settings.get("scoringScript") or "")
        variables = {"AML_APP_ROOT": folder, "AZUREML_ENTRY_SCRIPT": script}
        return folder_archive(folder, self._shelf.files(uri)), variables

    def _model(self, properties: Document) -> tuple[bytes, dict[str, str]]:
        reference = str(properties.get("model") or "")
        asset = self._shelf.find("models", reference)
        if asset is None:
            return b"", {}
        name, version = name_and_version(reference)
        root = f"{(properties.get('modelMountPath') or MODELS).rstrip('/')}/{name}/{version}"
        uri = asset["properties"]["modelUri"]
        # the folder or file given as the model keeps its own name below AZUREML_MODEL_DIR
        archive = folder_archive(f"{root}/{self._shelf.own_name(uri)}", self._shelf.files(uri))
        return archive, {"AZUREML_MODEL_DIR": root}

    def _route(self, deployment: Document, kind: str) -> Route:
        environment = self._shelf.environment(deployment)
        found = (environment["properties"].get("inferenceConfig") or {}).get(kind) or {}
        usual = "/score" if kind == "scoringRoute" else "/"
        return Route(int(found.get("port") or PORT), str(found.get("path") or usual))


def remove_container(engine: Engine, name: str) -> None:
    """Remove a container, and its image where it came only for it."""
    found = engine.look(name)
    engine.remove(name)
    pulled = found.labels.get(PULLED) if found else None
    if pulled:
        engine.forget_image(pulled)


def sweep(engine: Engine, sandbox: str) -> None:
    """Remove all containers of a sandbox; without an engine there are none."""
    _sweep(engine, lambda: engine.ours(sandbox))


def sweep_deployments(engine: Engine, sandbox: str, keep: set[str]) -> None:
    """Remove a sandbox's containers of deployments except those named: what a killed one left."""
    _sweep(engine, lambda: sorted(set(engine.ours(sandbox, DEPLOYMENT)) - keep))


def _sweep(engine: Engine, listed: Callable[[], list[str]]) -> None:
    try:
        found = listed()
    except SandboxError:
        return
    for name in found:
        remove_container(engine, name)

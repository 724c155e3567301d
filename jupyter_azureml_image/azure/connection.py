"""The connected workspace: found, signed in, and kept for this process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .. import state
from ..errors import BadUsage, BuilderUnavailable, ImageError, NotConnected
from ..events import Emit
from ..paths import from_home, is_folder
from ..plan.registration import RegisteredEnvironment, Registration, WorkspaceFacts
from . import config_file, environments, identity, offline, workspaces
from .arm import Arm, Tell
from .config_file import WorkspaceName
from .identity import Credential, CredentialKind
from .push import ImageEngine, Shipment, push
from .registry import Registry
from .translate import translated

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import Environment

NO_WORKSPACE = (
    "Connect one with %azureml_image workspace (config.json, or --subscription -g -w), or try it "
    "offline with %azureml_image workspace --sandbox."
)

EngineSource = Callable[[], ImageEngine]
"""Gives the engine that holds the images."""


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """Which workspace, and as whom. Without a name, `file` or `sandbox`, a `config.json` in or
    above `folder` (default: the working directory) is taken, as azure-ai-ml does.

    `port_file` is where the sandbox tells its addresses (default: in the state folder).
    """

    file: str | None = None
    subscription_id: str | None = None
    resource_group: str | None = None
    workspace: str | None = None
    sandbox: bool = False
    credential: CredentialKind = "auto"
    folder: str | None = None
    port_file: str | None = None


class Connection:
    """A connected workspace; implements `plan.registration.Workspace`."""

    def __init__(self, arm: Arm, facts: WorkspaceFacts, *, source: str | None = None) -> None:
        self.arm = arm
        self.source = source
        """The configuration file that named the workspace, None where it was named by hand."""
        self.engine: EngineSource = _no_engine
        """Where pushed images come from; set by whoever connects for a build."""
        self._facts = facts
        self._lock = threading.Lock()
        self._ml_client: MLClient | None = None
        self._lent: Mapping[str, str] | None = None

    @property
    def facts(self) -> WorkspaceFacts:
        """Who and where; read once when the workspace was connected."""
        return self._facts

    @property
    def name(self) -> WorkspaceName:
        """The workspace's place in Azure."""
        facts = self._facts
        return WorkspaceName(facts.subscription_id, facts.resource_group, facts.name, self.source)

    @property
    def ml_client(self) -> MLClient:
        """azure-ai-ml's client of the workspace, made when first asked for, telemetry off."""
        with self._lock:
            if self._ml_client is None:
                self._ml_client = self._client()
            return self._ml_client

    def _client(self) -> MLClient:
        with translated("loading azure-ai-ml"):
            from azure.ai.ml import MLClient

            # In a notebook the SDK would else instrument every HTTP call of the kernel.
            return MLClient(
                self.arm.credential,
                self._facts.subscription_id,
                self._facts.resource_group,
                self._facts.name,
                enable_telemetry=False,
                show_progress=False,
            )

    def warm(self) -> None:
        """Import azure-ai-ml in the background: it takes seconds, and a build takes longer."""
        if self._ml_client is None:
            threading.Thread(target=self._warm, name="azure-warm", daemon=True).start()

    def _warm(self) -> None:
        # Whatever is wrong is said where the client is needed.
        with contextlib.suppress(ImageError):
            self.ml_client  # noqa: B018  # made for its import

    def login_server(self, registry: str | None = None) -> str:
        """The registry to push to: the workspace's own, or the one named (NAME, login server or
        ARM id). Raises AzureError where there is none, BadUsage."""
        if registry is None:
            return workspaces.own_login_server(self._facts)
        return workspaces.login_server(self.arm, self._facts, registry)

    def registry(self, login_server: str) -> Registry:
        """The registry behind a login server, as the signed-in caller."""
        return Registry(login_server, self.arm)

    def push(self, image: str, login_server: str, repository: str, emit: Emit) -> str:
        """Push the engine's image; the manifest's digest. Raises RegistryError, AzureError."""
        shipment = Shipment(image, repository, standins=self._facts.sandbox)
        return push(self.engine(), self.registry(login_server), shipment, emit)

    def has_image(self, login_server: str, repository: str, digest: str) -> bool:
        """Whether the registry still holds that manifest."""
        return self.registry(login_server).digest(repository, digest) is not None

    def find_environment(self, name: str, version: str) -> RegisteredEnvironment | None:
        """The registered version, or None."""
        return environments.find(self, name, version)

    def register(self, registration: Registration) -> RegisteredEnvironment:
        """Register it, or give the same content back; raises VersionTaken."""
        return environments.register(self, registration)

    def free_version(self, name: str, version: str) -> str:
        """The next version after `version` that the workspace does not hold yet."""
        return environments.next_free(version, environments.versions(self, name))

    def environment(self, registered: RegisteredEnvironment) -> Environment:
        """The registered version as azure-ai-ml's own entity."""
        with translated(f"reading environment {registered.name}:{registered.version}"):
            return self.ml_client.environments.get(registered.name, registered.version)

    def attach_registry(self, registry_id: str) -> WorkspaceFacts:
        """Give the workspace the registry with that ARM id; the new facts. May break rerunning
        of earlier jobs, so it is only ever done on request."""
        workspaces.attach_registry(self, registry_id)
        self._facts = workspaces.facts(self.arm, self.name, self._facts)
        return self._facts

    def close(self) -> None:
        """Give this process its proxy and certificate settings back."""
        if self._lent is not None:
            offline.give_back(self._lent)
            self._lent = None


_current: Connection | None = None


def current() -> Connection | None:
    """The workspace this process is connected to, or None."""
    return _current


def required() -> Connection:
    """The connected workspace; raises NotConnected naming the ways to connect."""
    if _current is None:
        raise NotConnected("No Azure ML workspace is connected.", hint=NO_WORKSPACE)
    return _current


def disconnect() -> None:
    """Forget the connected workspace; the sandbox's settings are taken back."""
    global _current  # noqa: PLW0603  # one workspace per process is the meaning
    if _current is not None:
        _current.close()
        _current = None


def connect(options: ConnectOptions | None = None, *, tell: Tell | None = None) -> Connection:
    """Connect this process to a workspace, in place of the one it had.

    `tell` is given sentences while Azure makes us wait. Raises BadSettings, SignedOut,
    Forbidden, AzureError or SandboxError; the earlier connection then stays gone.
    """
    global _current  # noqa: PLW0603  # as above
    options = options or ConnectOptions()
    disconnect()
    _current = _offline(options, tell) if options.sandbox else _online(options, tell)
    return _current


def named_by_config(folder: str | None = None) -> WorkspaceName | None:
    """The one workspace that configuration files in or above `folder` name; None where there
    is none, or more than one."""
    found = config_file.search(Path(folder) if folder else Path.cwd())
    return found[0] if len(found) == 1 else None


def _online(options: ConnectOptions, tell: Tell | None) -> Connection:
    name = _wanted(options)
    credential = identity.credential(options.credential)
    arm = Arm(credential, tell=tell)
    token = _token(arm)
    known = WorkspaceFacts("", "", "", signed_in_as=identity.who(token))
    return Connection(arm, workspaces.facts(arm, name, known), source=name.source)


def _offline(options: ConnectOptions, tell: Tell | None) -> Connection:
    place = Path(options.port_file) if options.port_file else default_port_file()
    door = offline.open_door(place)
    lent = offline.lend(door)
    try:
        credential: Credential = identity.StaticToken(door.token)
        arm = Arm(credential, tell=tell)
        known = WorkspaceFacts("", "", "", signed_in_as="the sandbox", sandbox=True)
        connection = Connection(arm, workspaces.facts(arm, door.name, known))
    except BaseException:
        offline.give_back(lent)
        raise
    connection._lent = lent
    return connection


def _wanted(options: ConnectOptions) -> WorkspaceName:
    named = (options.subscription_id, options.resource_group, options.workspace)
    if all(named):
        return WorkspaceName(str(named[0]), str(named[1]), str(named[2]))
    place = from_home(options.file or options.folder or Path.cwd())
    if not any(named):
        return config_file.read(place)
    # A config.json fills in what was not said, as in `MLClient.from_config(…, workspace_name=…)`.
    found = config_file.search(place) if is_folder(place) else (config_file.read(place),)
    if not found:
        missing = [
            flag
            for flag, value in zip(("--subscription", "-g", "-w"), named, strict=True)
            if not value
        ]
        raise BadUsage(
            f"{' and '.join(missing)} must be given too, or a config.json must name the rest."
        )
    given = {
        field: value
        for field, value in zip(
            ("subscription_id", "resource_group", "workspace"), named, strict=True
        )
        if value
    }
    return replace(found[0], **given)


def _token(arm: Arm) -> str:
    with translated("signing in"):
        return str(arm.credential.get_token(arm.scope).token)


def _no_engine() -> ImageEngine:
    raise BuilderUnavailable(
        "There is no container engine to push from.", hint="Build in the cloud: --build acr."
    )


def default_port_file() -> Path:
    """Where this user's sandbox tells its addresses."""
    return state.folder() / "sandbox.json"

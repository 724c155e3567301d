"""What is registered in a workspace, and where images are pushed: records and ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Protocol

from ..events import Emit
from ..records import dataclass
from .request import Routes


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """A connected workspace. `login_server` None: the workspace has no registry yet.

    `signed_in_as` is the name in the token (user, application or managed identity).
    """

    subscription_id: str
    resource_group: str
    name: str
    location: str = ""
    registry_id: str | None = None
    login_server: str | None = None
    signed_in_as: str = ""
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class ContextPlace:
    """A build context in the workspace's own store, from which Azure ML builds the image when
    it is first used. `uri` ends in `/`; `dockerfile` is relative to it."""

    uri: str
    dockerfile: str

    @classmethod
    def of(cls, reference: str) -> ContextPlace:
        """The place that the reference of an uploaded, unbuilt image names."""
        uri, _, dockerfile = reference.rpartition("/")
        return cls(f"{uri}/", dockerfile)


@dataclass(frozen=True, slots=True)
class Registration:
    """An environment to register. `image` ends in `@sha256:...`; `routes` None: no server.

    With `context` Azure ML builds the image itself, and `image` is empty.
    """

    name: str
    version: str
    image: str
    routes: Routes | None
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    context: ContextPlace | None = None


@dataclass(frozen=True, slots=True)
class RegisteredEnvironment:
    """An environment version as the workspace holds it; `id` is its ARM id. `routes` None: it
    has no server, or routes that are not of our form."""

    name: str
    version: str
    id: str
    image: str | None
    tags: Mapping[str, str] = field(default_factory=dict)
    routes: Routes | None = None


class Workspace(Protocol):
    """What the pipeline asks of Azure ML and its registry; raises AzureError, RegistryError."""

    @property
    def facts(self) -> WorkspaceFacts:
        """Who and where; read once when the workspace was connected."""

    def push(self, image: str, login_server: str, repository: str, emit: Emit) -> str:
        """Push the engine's image `image` to `login_server/repository` (tag = the image's
        version) and give the manifest digest the registry took (`sha256:...`)."""

    def has_image(self, login_server: str, repository: str, digest: str) -> bool:
        """Whether the registry still holds that manifest."""

    def login_server(self, registry: str) -> str:
        """The login server of a registry given by name or by login server."""

    def free_version(self, name: str, version: str) -> str:
        """The next version after `version` that the workspace does not hold yet."""

    def warm(self) -> object:
        """Begin, in the background, what registering will need (imports, tokens)."""

    def find_environment(self, name: str, version: str) -> RegisteredEnvironment | None:
        """The registered version, or None."""

    def environment(self, registered: RegisteredEnvironment) -> Any:
        """azure-ai-ml's own `Environment` of a registered version, for any SDK call."""

    def register(self, registration: Registration) -> RegisteredEnvironment:
        """Register it; the same content again gives the same version back. Raises
        VersionTaken, naming the next free version, where it holds something else."""

"""The Docker Engine: found as the docker command line finds it, asked through docker-py."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import BuilderUnavailable, Cancelled, RegistryError
from ..events import Emit
from ..explain.explain import explain
from . import doorstep, leaving, transfers
from .client import open_client
from .doorstep import Greeting
from .locate import Place, locate, read_config, without_missing_helpers
from .messages import decoded, plain, refusal
from .reference import Reference
from .transfers import Bytes

if TYPE_CHECKING:
    from ..dockerfile.facts import BaseFacts

RUN_LABEL = "azureml-image.run"
"""Label of every image and container a run makes; its value is the run id."""

Auth = Mapping[str, str]
"""`username` and `password` for one registry; kept in memory only."""

SignIn = Callable[[str], "Auth | None"]
"""Gives the credentials for a registry's host name, None where it has none."""


class Engine:
    """One engine that answers. Safe to use from several threads; `close` when done."""

    def __init__(self, client: Any, place: Place, greeting: Greeting | None = None) -> None:
        self.client = client
        self.place = place
        self.sign_in: SignIn | None = None
        """Credentials for registries that the docker configuration knows nothing of."""
        told = greeting or Greeting.of_version(client.version())
        self.podman = told.podman
        self.version = told.version
        self.os = told.os

    @classmethod
    def connect(cls, environ: Mapping[str, str] | None = None) -> Engine:
        """The engine the docker command line would use.

        Raises BuilderUnavailable: `engine-missing`, `engine-stopped`, `engine-refused`
        (permission), `engine-tls`, `engine-unreachable`, `engine-context`, `engine-ssh`,
        `engine-windows` (it runs Windows containers), `docker-config`.
        """
        place = locate(os.environ if environ is None else environ)
        greeting = doorstep.knock(place)
        client = open_client(place, greeting.api if greeting else "auto")
        engine = cls(client, place, greeting)
        if engine.os != "linux":
            engine.close()
            raise BuilderUnavailable(
                f"The Docker Engine at {place.host} runs {engine.os} containers.",
                hint="Switch Docker Desktop to Linux containers.",
                code="engine-windows",
            )
        return engine

    def close(self) -> None:
        """Close its connections, once the containers that leave it are gone."""
        leaving.all_gone()
        self.client.close()

    @property
    def title(self) -> str:
        """How a sentence names it."""
        return f"{'Podman' if self.podman else 'Docker Engine'} {self.version}"

    @property
    def release(self) -> tuple[int, int]:
        """The first two numbers of its version, 0 where it has none."""
        first, _, rest = self.version.partition(".")
        second = rest.partition(".")[0]
        return int(first) if first.isdigit() else 0, int(second) if second.isdigit() else 0

    @property
    def on_this_machine(self) -> bool:
        """Whether it is reached over a local socket, so that its ports are ours."""
        return self.place.host.startswith(("unix://", "npipe://"))

    @contextmanager
    def asked_to(self, do: str) -> Iterator[None]:
        """Turn docker-py's and the connection's errors into sentences: "... refused to <do>"."""
        import docker.errors
        import requests.exceptions

        try:
            yield
        except docker.errors.APIError as error:
            told = explain([_words(error)], where="build")
            raise BuilderUnavailable(
                f"{self.title} refused to {do}: {_words(error)}",
                hint=told.hint if told else None,
                code=told.code if told else "engine-error",
            ) from error
        except (requests.exceptions.RequestException, docker.errors.DockerException) as error:
            raise doorstep.reason(self.place, error) from error

    # -- images ----------------------------------------------------------------------------

    def inspect(self, reference: str) -> dict[str, Any] | None:
        """What the engine knows of an image, None where it does not hold it."""
        import docker.errors

        with self.asked_to(f"inspect '{reference}'"):
            try:
                found: dict[str, Any] = self.client.inspect_image(reference)
            except docker.errors.ImageNotFound:
                return None
            return found

    def history(self, image: str) -> list[dict[str, Any]]:
        """How an image was made, the newest first; empty where it is not held."""
        import docker.errors

        with self.asked_to(f"read how '{image}' was made"):
            try:
                return list(self.client.history(image))
            except docker.errors.ImageNotFound:
                return []

    def tag(self, image: str, reference: str) -> None:
        """Give `image` the further name `reference`."""
        name, _, tag = reference.rpartition(":")
        with self.asked_to(f"name the image '{reference}'"):
            self.client.tag(image, name, tag, force=True)

    def remove(self, reference: str) -> None:
        """Remove an image's name, and the image with its last name; a missing one is no error."""
        import docker.errors

        leaving.all_gone()  # no image is removed below a container
        with self.asked_to(f"remove '{reference}'"):
            try:
                self.client.remove_image(reference, force=True)
            except docker.errors.ImageNotFound:
                return

    def images(self, label: str = RUN_LABEL, value: str | None = None) -> list[dict[str, Any]]:
        """The images that carry a label, with `value` where one is given."""
        wanted = label if value is None else f"{label}={value}"
        with self.asked_to("list images"):
            found: list[dict[str, Any]] = self.client.images(filters={"label": wanted})
            return found

    def base_digest(self, reference: str, *, pull: bool = False, auth: Auth | None = None) -> str:
        """The digest that stands for a base image: of the image the engine holds (its
        manifest's, else its id), unless `pull`, else the registry's answer.

        Raises RegistryError: `base-not-found`, `base-unauthorized`, `base-network`.
        """
        wanted = Reference.read(reference)
        if wanted.digest:
            return wanted.digest
        if not pull and (held := self.inspect(reference)):
            for known in held.get("RepoDigests") or ():
                if Reference.read(known).name == wanted.name:
                    return str(known).rpartition("@")[2]
            return str(held["Id"])
        return self.registry_digest(reference, auth)

    def registry_digest(self, reference: str, auth: Auth | None = None) -> str:
        """The digest that the registry gives for `reference`, asked through the engine."""
        import docker.errors
        import requests.exceptions

        try:
            found = self.client.inspect_distribution(reference, self.auth(reference, auth))
        except (docker.errors.APIError, requests.exceptions.RequestException) as error:
            raise _no_base(reference, _words(error)) from error
        return str(found["Descriptor"]["digest"])

    def image_facts(self, reference: str) -> BaseFacts | None:
        """What the image itself tells (user, environment, ports, Python, inference server),
        looked up without running it; None where the engine does not hold it."""
        from .image_facts import read_image

        return read_image(self, reference)

    def image_settings(self, reference: str) -> BaseFacts | None:
        """The same without what only a look into its files tells: `python` and `server` are
        None, unless they were looked up before."""
        from .image_facts import read_settings

        return read_settings(self, reference)

    def image_serves(self, reference: str) -> bool:
        """Whether an image of this engine has the inference server."""
        from .image_facts import has_server

        return has_server(self, reference)

    def holds(self, reference: str, path: str) -> bool:
        """Whether an image of this engine has something at `path`."""
        from .image_facts import looking_into

        with looking_into(self, reference) as files:
            return files.stat(path) is not None

    # -- registries ------------------------------------------------------------------------

    def auth(self, reference: str, given: Auth | None = None) -> dict[str, str]:
        """Credentials for the registry of `reference`: those given, else what the docker
        configuration holds (a helper that is missing or fails counts as nothing), else what
        `sign_in` gives."""
        import docker.auth
        import docker.errors

        if given is not None:
            return dict(given)
        registry = Reference.read(reference).registry
        config = without_missing_helpers(read_config(os.environ))
        try:
            store = docker.auth.load_config(config_dict=config)
            found = store.resolve_authconfig(None if registry == "docker.io" else registry)
        except (docker.errors.DockerException, OSError, ValueError):
            found = None
        if not found and self.sign_in is not None:
            found = self.sign_in(registry)
        return dict(found or {})

    def pull(
        self,
        reference: str,
        emit: Emit,
        *,
        auth: Auth | None = None,
        platform: str | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Pull an image; raises RegistryError (codes as for `base_digest`) or Cancelled."""
        wanted = Reference.read(reference)
        named = reference.partition("@")[0] if wanted.digest else wanted.without_tag(reference)
        asked = {"fromImage": named, "tag": wanted.version, "platform": platform or ""}
        _, error = self._transfer(
            "/images/create", asked, self.auth(reference, auth), Bytes("pull", emit, cancelled)
        )
        if cancelled():
            raise Cancelled(f"The pull of '{reference}' was stopped.")
        if error:
            raise _no_base(reference, error)

    def push(self, reference: str, emit: Emit, auth: Auth | None = None) -> str:
        """Push `registry/repository:tag` and give the digest of the manifest that arrived,
        as the registry confirms it. Raises RegistryError: `push-unauthorized`,
        `push-network`, `push-failed`."""
        import docker.errors
        import requests.exceptions

        chosen = self.auth(reference, auth)
        wanted = Reference.read(reference)
        path = f"/images/{urllib.parse.quote(wanted.without_tag(reference))}/push"
        told, error = self._transfer(path, {"tag": wanted.version}, chosen, Bytes("push", emit))
        if error is not None:
            raise _not_pushed(reference, error)
        try:
            confirmed = self.client.inspect_distribution(reference, chosen)
        except (docker.errors.APIError, requests.exceptions.RequestException) as failure:
            raise _not_pushed(reference, _words(failure)) from failure
        digest = str(confirmed["Descriptor"]["digest"])
        if told is not None and told != digest:
            raise RegistryError(
                f"'{reference}' was pushed as {told}, but its registry now holds {digest}: "
                "somebody else pushed the same name at the same time.",
                hint="Run it again.",
                code="push-overtaken",
            )
        return digest

    def _transfer(
        self, path: str, asked: Mapping[str, str], auth: Auth, progress: Bytes
    ) -> tuple[str | None, str | None]:
        """A pull or push to its end: the digest it told, and its error."""
        import requests.exceptions

        signed = base64.urlsafe_b64encode(json.dumps(dict(auth)).encode()).decode()
        try:
            answer = self.client.post(
                f"{self.client.base_url}/v{self.client.api_version}{path}",
                params={name: value for name, value in asked.items() if value},
                headers={"X-Registry-Auth": signed},
                stream=True,
                timeout=None,
            )
            # Closing the answer early is what stops the engine.
            with contextlib.closing(answer):
                if answer.status_code != 200:
                    return None, refusal(answer)
                return transfers.follow(decoded(answer), progress)
        except requests.exceptions.RequestException as failure:
            return None, str(failure)

    # -- room ------------------------------------------------------------------------------

    def free_disk(self) -> int | None:
        """Bytes free where the engine keeps its images; None where that is not this machine."""
        if not self.on_this_machine:
            return None
        with self.asked_to("tell where it keeps its images"):
            root = self.client.info().get("DockerRootDir")
        try:
            return shutil.disk_usage(str(root)).free
        except OSError:  # an engine inside a virtual machine (Docker Desktop)
            return None


def _words(error: BaseException) -> str:
    """What the engine said, without docker-py's frame."""
    return plain(str(getattr(error, "explanation", None) or error))


def _no_base(reference: str, text: str) -> RegistryError:
    told = explain([text], where="build", instruction=f"FROM {reference}")
    if told is None:
        return RegistryError(f"The base image '{reference}' cannot be had: {text}", code="base")
    return RegistryError(told.sentence, hint=told.hint, code=told.code)


def _not_pushed(reference: str, text: str) -> RegistryError:
    told = explain([text], where="push", instruction=f"push {reference}")
    if told is None:
        return RegistryError(f"'{reference}' could not be pushed: {text}", code="push-failed")
    return RegistryError(f"{told.sentence.rstrip('.')}: {text}", hint=told.hint, code=told.code)

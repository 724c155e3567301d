"""Asking a registry for today's tags and digests (the OCI distribution API, anonymous).

`requests` is imported inside the functions; another client can be handed in. Nothing here
is called unless the user asks for it (`bases --refresh`, a pinned digest on request).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import RegistryError
from .catalog import split_reference

_MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_SECONDS = 15
_AT_ONCE = 8
_UNREACHABLE = "registry-unreachable"
_DATED = re.compile(r"(\d{8})\.v(\d+)")
_BUILD = re.compile(r"\d+")


class Answer(Protocol):
    """What is read of an HTTP answer."""

    status_code: int

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, looked up without regard to case."""

    def json(self) -> Any:
        """The body as JSON."""


class Client(Protocol):
    """The part of `requests.Session` that is used."""

    def request(self, method: str, url: str, **options: Any) -> Answer:
        """Send one request."""


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a repository as the registry lists them; `newest` is the pinned tag that
    holds the same image as `latest`, or the highest one; `digest` that of `newest`."""

    repository: str
    tags: tuple[str, ...]
    newest: str | None = None
    digest: str | None = None


def refresh_all(references: Sequence[str]) -> dict[str, Tags | RegistryError]:
    """Today's tags of many images: of each its tags, or the registry's refusal.

    Raises RegistryError where a registry does not answer at all: the others would not
    either, each after its own wait.
    """
    answers: dict[str, Tags | RegistryError] = {}
    for first in references[:1]:
        answers[first] = _tags_or_refusal(first)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers.update(zip(references[1:], pool.map(_tags_or_refusal, references[1:]), strict=True))
    return answers


def _tags_or_refusal(reference: str) -> Tags | RegistryError:
    try:
        return refresh(reference)
    except RegistryError as error:
        if error.code == _UNREACHABLE:
            raise
        return error


def refresh(reference: str, client: Client | None = None, *, scheme: str | None = None) -> Tags:
    """Today's tags of an image's repository; of a reference with a tag, that tag and its digest.
    Raises RegistryError where there is no answer."""
    registry, repository, tag, _ = split_reference(reference)
    if tag is not None:
        return Tags(repository, (tag,), tag, digest_of(reference, client, scheme=scheme))
    asked = _Asked(client or _session(), _root(registry, scheme), registry)
    tags = asked.tags(repository)
    pinned = sorted((t for t in tags if t != "latest"), key=_age_key, reverse=True)
    wanted = asked.digest(repository, "latest") if "latest" in tags else None
    for tag in pinned[:5]:
        digest = asked.digest(repository, tag)
        if wanted is None or digest == wanted:
            return Tags(repository, tags, tag, digest)
    return Tags(repository, tags, "latest" if wanted else None, wanted)


def digest_of(reference: str, client: Client | None = None, *, scheme: str | None = None) -> str:
    """The manifest digest that a reference stands for today (`sha256:...`)."""
    registry, repository, tag, digest = split_reference(reference)
    if digest:
        return digest
    found = _Asked(client or _session(), _root(registry, scheme), registry).digest(
        repository, tag or "latest"
    )
    if found is None:
        raise RegistryError(
            f"{registry} has no image {repository}:{tag or 'latest'}",
            hint=f"`%azureml_image bases --refresh {repository.rsplit('/', 1)[-1]}` lists tags.",
        )
    return found


def _root(registry: str, scheme: str | None) -> str:
    """Where a registry answers: one on this machine without TLS, as Docker has it."""
    local = registry.partition(":")[0] in ("localhost", "127.0.0.1")
    return f"{scheme or ('http' if local else 'https')}://{registry}"


def _age_key(tag: str) -> tuple[int, int, int, str]:
    if match := _DATED.fullmatch(tag):
        return 2, int(match[1]), int(match[2]), tag
    if _BUILD.fullmatch(tag):
        return 1, int(tag), 0, tag
    return 0, 0, 0, tag


@dataclass(frozen=True, slots=True)
class _Asked:
    client: Client
    root: str
    registry: str

    def tags(self, repository: str) -> tuple[str, ...]:
        """Every page of the tag list, in the registry's order."""
        path: str | None = f"/v2/{repository}/tags/list?n=1000"
        found: list[str] = []
        while path:
            answer = self._ask("GET", path)
            if answer.status_code != 200:
                raise RegistryError(
                    f"{self.registry} does not list {repository} (HTTP {answer.status_code})",
                    hint="Check the name; the catalog without --refresh needs no network.",
                )
            found += answer.json().get("tags") or ()
            path = _next_page(answer.headers.get("Link", ""), self.root)
        return tuple(found)

    def digest(self, repository: str, tag: str) -> str | None:
        """The digest of a tag's manifest; None where the registry has no such tag."""
        answer = self._ask("HEAD", f"/v2/{repository}/manifests/{tag}")
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise RegistryError(
                f"{self.registry} refused {repository}:{tag} (HTTP {answer.status_code})"
            )
        return answer.headers.get("Docker-Content-Digest")

    def _ask(self, method: str, path: str) -> Answer:
        try:
            return self.client.request(
                method, self.root + path, headers={"Accept": _MANIFESTS}, timeout=_SECONDS
            )
        except OSError as error:  # requests' errors are OSErrors
            raise RegistryError(
                f"{self.registry} cannot be reached: {type(error).__name__}",
                hint="The catalog that ships with the package works without a network.",
                code=_UNREACHABLE,
            ) from error


def _next_page(link: str, root: str) -> str | None:
    match = re.search(r"<([^>]+)>;\s*rel=\"?next", link)
    return match[1].removeprefix(root) if match else None


def _session() -> Client:
    import requests

    session: Client = requests.Session()
    return session
